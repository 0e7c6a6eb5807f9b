"""Keeps unit tests alone: none starts Ray, none reaches another machine.

A breach ends the test by `pytest.fail`, which no `except Exception` of the code under test can swallow.
"""

import ipaddress
import socket
from collections.abc import Callable
from typing import Any, NoReturn

import pytest


def _is_local(host: object) -> bool:
    if not isinstance(host, str) or host in ("", "localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_address(host: object) -> bool:
    try:
        ipaddress.ip_address(str(host))
    except ValueError:
        return False
    return True


@pytest.fixture(autouse=True)
def _no_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_options: object) -> NoReturn:
        pytest.fail("a unit test called ray.init: test the Ray-free class, or move the test to tests/integration")

    monkeypatch.setattr("ray.init", refuse)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(what: object) -> NoReturn:
        pytest.fail(f"a unit test used the network ({what}): move it to tests/integration")

    def guarded(connect: Callable[[socket.socket, Any], Any]) -> Callable[[socket.socket, Any], Any]:
        def checked(self: socket.socket, address: Any) -> Any:
            # Unix sockets have a path here, not a pair.
            if isinstance(address, tuple) and not _is_local(address[0]):
                refuse(f"connection to {address[0]}")
            return connect(self, address)

        return checked

    look_up = socket.getaddrinfo

    def checked_look_up(host: Any, *args: Any, **options: Any) -> Any:
        if not _is_local(host) and not _is_address(host):
            refuse(f"name look-up of {host}")
        return look_up(host, *args, **options)

    monkeypatch.setattr(socket.socket, "connect", guarded(socket.socket.connect))
    monkeypatch.setattr(socket.socket, "connect_ex", guarded(socket.socket.connect_ex))
    monkeypatch.setattr(socket, "getaddrinfo", checked_look_up)
