"""CPU time of threads that another code brought."""

import threading
import time

import pytest

from deployments.net_clock import NetClock


class Worker(threading.Thread):
    """Computes for a while each time it is told to."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.used_s = 0.0
        self._turn, self._done = threading.Semaphore(0), threading.Semaphore(0)
        self.start()

    def run(self) -> None:
        """Compute until 50 ms of CPU time are used, each turn."""
        while True:
            self._turn.acquire()
            end = time.thread_time() + 0.05
            while time.thread_time() < end:
                pass
            self.used_s = time.thread_time()
            self._done.release()

    def work(self) -> None:
        """Take one turn, and wait for its end."""
        self._turn.release()
        self._done.acquire()


def test_only_threads_that_started_inside_count_and_each_second_once() -> None:
    outside = Worker()
    with NetClock() as clock:
        first, second = Worker(), Worker()
    outside.work()
    assert clock.uncounted_s() < 0.01
    first.work()
    second.work()
    second.work()
    assert clock.uncounted_s() == pytest.approx(0.15, abs=0.02)
    assert clock.uncounted_s() < 0.01
    second.work()
    assert clock.uncounted_s() == pytest.approx(0.05, abs=0.01)


def test_time_while_they_start_does_not_count() -> None:
    with NetClock() as clock:
        Worker().work()
    assert clock.uncounted_s() < 0.01
