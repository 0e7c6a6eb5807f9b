import socket

import pytest
import ray


def test_unit_tests_cannot_start_ray() -> None:
    with pytest.raises(pytest.fail.Exception, match=r"called ray\.init"):
        ray.init()


def test_unit_tests_reach_this_machine_alone() -> None:
    for family, address in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):  # never routed
        with socket.socket(family) as connection, pytest.raises(pytest.fail.Exception, match=address):
            connection.connect((address, 9))
    with pytest.raises(pytest.fail.Exception, match=r"rayocr\.invalid"):
        socket.create_connection(("rayocr.invalid", 9))
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()


def test_folder_gives_the_mark(request: pytest.FixtureRequest) -> None:
    assert request.node.get_closest_marker("unit") is not None
    assert request.node.get_closest_marker("integration") is None
