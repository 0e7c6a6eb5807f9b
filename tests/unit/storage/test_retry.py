from collections.abc import Callable

import pytest

from deployments.storage.retry import Deadline, Retry
from models.errors import SourceNotFound, StorageUnavailable


class Clock:
    """Time that passes only in pauses and where the test says so."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.pauses_s: list[float] = []

    def __call__(self) -> float:
        return self.now_s

    def sleep(self, pause_s: float) -> None:
        self.pauses_s.append(pause_s)
        self.now_s += pause_s


def failing(times: int, clock: Clock, attempt_s: float = 0.0) -> Callable[[Deadline], str]:
    calls = 0

    def attempt(deadline: Deadline) -> str:
        nonlocal calls
        calls += 1
        clock.now_s += attempt_s
        if calls <= times:
            raise StorageUnavailable(f"failure {calls}")
        return f"success {calls}"

    return attempt


def build_retry(clock: Clock, *, max_attempts: int = 3, total_timeout_s: float = 60.0) -> Retry:
    return Retry(max_attempts, total_timeout_s, clock, clock.sleep, lambda low, high: high)


def test_success_is_returned_at_once() -> None:
    clock = Clock()
    assert build_retry(clock).call(failing(0, clock)) == "success 1"
    assert clock.pauses_s == []


def test_pauses_grow_up_to_the_longest() -> None:
    clock = Clock()
    assert build_retry(clock, max_attempts=8).call(failing(7, clock)) == "success 8"
    assert clock.pauses_s == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_pauses_stay_at_the_longest_over_very_many_attempts() -> None:
    clock = Clock()
    assert build_retry(clock, max_attempts=10_000, total_timeout_s=1e6).call(failing(5000, clock)) == "success 5001"
    assert clock.pauses_s[-1] == 5.0


def test_last_failure_is_raised() -> None:
    clock = Clock()
    with pytest.raises(StorageUnavailable, match="failure 3"):
        build_retry(clock).call(failing(9, clock))
    assert clock.pauses_s == [0.2, 0.4]


def test_error_that_does_not_pass_is_raised_at_once() -> None:
    clock = Clock()

    def attempt(deadline: Deadline) -> str:
        raise SourceNotFound("gone")

    with pytest.raises(SourceNotFound):
        build_retry(clock).call(attempt)
    assert clock.pauses_s == []


def test_no_attempt_begins_after_the_total_timeout() -> None:
    clock = Clock()
    with pytest.raises(StorageUnavailable, match="failure 2"):
        build_retry(clock, max_attempts=10, total_timeout_s=2.5).call(failing(9, clock, attempt_s=1.0))


def test_deadline_says_which_setting_ended_it() -> None:
    clock = Clock()
    deadline = Deadline(1.0, clock)
    deadline.check("s3://b/k")
    clock.now_s = 1.0
    with pytest.raises(StorageUnavailable, match=r"s3://b/k was not read within 1 s \(storage\.total_timeout_s\)"):
        deadline.check("s3://b/k")
