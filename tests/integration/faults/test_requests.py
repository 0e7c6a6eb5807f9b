"""A picture that hangs, crashes or exhausts a replica costs that request alone."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.faults.stages import FAULT_COLORS
from tests.pictures import drawn_page, encoded

pytestmark = pytest.mark.timeout(400)

_GOOD = encoded(drawn_page("INVOICE 2041", "TOTAL 13.50"))


def _poison(fault: str) -> bytes:
    return encoded(drawn_page("POISON", marker=FAULT_COLORS[fault]))


def _post(client: httpx.Client, body: bytes, **headers: str) -> httpx.Response:
    return client.post("/v1/ocr", files={"file": ("page.png", body)}, headers=headers)


def _assert_good(answer: httpx.Response) -> None:
    assert answer.status_code == 200, answer.text
    assert answer.json()["text"] == "INVOICE 2041\nTOTAL 13.50"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        # the process dies: the page is tried alone, and given up when its replica dies again
        ("segfault", 500, "replica_crashed"),
        # the watchdog ends the process after detection.max_work_s
        ("hang", 500, "replica_crashed"),
        # the replica survives
        ("out_of_memory", 500, "internal"),
        ("raise", 500, "internal"),
    ],
)
def test_fault_costs_its_own_request_alone(faulty_client: httpx.Client, fault: str, status: int, code: str) -> None:
    with ThreadPoolExecutor(7) as pool:
        poisoned = pool.submit(_post, faulty_client, _poison(fault), **{"X-Request-ID": f"poison-{fault}"})
        good = [pool.submit(_post, faulty_client, _GOOD) for _ in range(6)]
        for one in good:
            _assert_good(one.result())
    answer = poisoned.result()
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.json()["request_id"] == f"poison-{fault}"
    _assert_good(_post(faulty_client, _GOOD))


@pytest.mark.slow
def test_hang_over_its_deadline_is_504(faulty_client: httpx.Client) -> None:
    started = time.monotonic()
    answer = _post(faulty_client, _poison("hang"), **{"X-Request-Timeout": "1"})
    assert (answer.status_code, answer.json()["code"]) == (504, "deadline")
    assert time.monotonic() - started < 60  # its own answer, not that of a watchdog
    _assert_good(_post(faulty_client, _GOOD))
