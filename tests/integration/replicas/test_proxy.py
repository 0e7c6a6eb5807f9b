"""HAProxy before the ingress: what clients see when one of the two ends, or when they themselves stall."""

import signal
import socket
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from tests.pictures import drawn_page, encoded, long_page
from tests.service import RunningService, processes

from .conftest import SHORT_TIMEOUT_S

pytestmark = [pytest.mark.timeout(400), pytest.mark.slow]

_PNG = encoded(drawn_page("INVOICE 2041", "TOTAL 13.50"))
_SLOW_PNG = long_page()


def _post(service: RunningService, body: bytes = _PNG, **headers: str) -> httpx.Response:
    with httpx.Client(base_url=service.url, timeout=100, trust_env=False) as client:
        return client.post("/v1/ocr", files={"file": ("page.png", body)}, headers={"X-Request-Timeout": "90"} | headers)


def _answers_again(ask: Callable[[], httpx.Response]) -> list[int]:
    statuses: list[int] = []
    give_up = time.monotonic() + 60
    while not statuses or (statuses[-1] != 200 and time.monotonic() < give_up):
        try:
            statuses.append(ask().status_code)
        except httpx.TransportError:
            statuses.append(0)
        time.sleep(0.2)
    return statuses


def test_ingress_that_ends_costs_its_requests_and_is_replaced(quick_service: RunningService) -> None:
    in_work: list[httpx.Response] = []
    client = threading.Thread(
        target=lambda: in_work.append(_post(quick_service, _SLOW_PNG, **{"X-Request-ID": 'of "the" dead'}))
    )
    (ingress,) = processes(quick_service.pid, "ray::ServeReplica:rayocr:Ingress")
    client.start()
    time.sleep(0.3)
    ingress.send_signal(signal.SIGKILL)
    client.join()
    assert (in_work[0].status_code, in_work[0].json()["code"]) == (500, "replica_crashed")
    assert in_work[0].headers["Content-Type"] == "application/problem+json"
    assert in_work[0].json()["request_id"] == in_work[0].headers["X-Request-ID"] == 'of "the" dead'

    ingress.wait(10)  # until then it may still take a connection, and reset it
    refused = _post(quick_service)
    assert (refused.status_code, refused.json()["code"]) == (503, "overloaded")
    assert refused.headers["Retry-After"] == "5"
    assert refused.json()["request_id"] == refused.headers["X-Request-ID"] != ""

    statuses = _answers_again(lambda: _post(quick_service))
    assert statuses[-1] == 200
    assert set(statuses) <= {503, 200}


@pytest.mark.parametrize("name", ["haproxy", "ray::HAProxyManager"])
def test_haproxy_that_ends_is_replaced(quick_service: RunningService, name: str) -> None:
    (process,) = processes(quick_service.pid, name)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    assert _answers_again(lambda: _post(quick_service))[-1] == 200
    assert len(processes(quick_service.pid, "haproxy")) == 1


def test_answer_before_the_end_of_a_body_is_never_lost(quick_service: RunningService) -> None:
    headers = {"Content-Type": "image/png", "X-Request-Timeout": "0"}
    with httpx.Client(base_url=quick_service.url, timeout=60, trust_env=False) as client:
        statuses = [client.post("/v1/ocr", content=bytes(1_000_000), headers=headers).status_code for _ in range(200)]
    assert set(statuses) == {400}


def test_stalled_upload_is_ended_and_a_long_request_is_not_cut(quick_service: RunningService) -> None:
    url = urlsplit(quick_service.url)
    assert url.port is not None
    with socket.create_connection((str(url.hostname), url.port), timeout=30) as stalled:
        stalled.sendall(
            b"POST /v1/ocr HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: 999\r\n\r\n\x89PNG"
        )
        started = time.monotonic()
        statuses: list[int] = []
        clients = [
            threading.Thread(target=lambda: statuses.append(_post(quick_service, _SLOW_PNG).status_code))
            for _ in range(6)
        ]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        assert time.monotonic() - started > SHORT_TIMEOUT_S  # the last of them waited longer than a client may stall
        assert set(statuses) == {200}
        answer = stalled.recv(65536)
    # The proxy gives it up, or the service, whichever looks first.
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 504 ")), answer
    assert b'"code":"malformed"' in answer


def test_only_this_user_reaches_the_socket_that_commands_haproxy(quick_service: RunningService) -> None:
    (haproxy,) = processes(quick_service.pid, "haproxy")
    command = haproxy.cmdline()
    folder = Path(command[command.index("-f") + 1]).parent.parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
