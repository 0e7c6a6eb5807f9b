"""CPU time of a net's own threads."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments import net_clock
from deployments.net_clock import NetClock
from models.runtime.thread_names import named_threads, net_threads

NETS = net_threads("map")


class Worker(threading.Thread):
    """Computes for a while each time it is told to."""

    def __init__(self, name: str) -> None:
        super().__init__(daemon=True)
        self._turn, self._done = threading.Semaphore(0), threading.Semaphore(0)
        self._ends = False
        with named_threads(name):
            self.start()

    def run(self) -> None:
        """Compute until 50 ms of CPU time are used, each turn."""
        while True:
            self._turn.acquire()
            if self._ends:
                return
            end = time.thread_time() + 0.05
            while time.thread_time() < end:
                pass
            self._done.release()

    def work(self) -> None:
        """Take one turn, and wait for its end."""
        self._turn.release()
        self._done.acquire()

    def end(self) -> None:
        """Leave no thread behind."""
        self._ends = True
        self._turn.release()
        self.join()


@pytest.fixture(autouse=True)
def read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(net_clock, "_READ_EVERY_S", 0.0)


@pytest.fixture
def workers() -> Iterator[list[Worker]]:
    made = [Worker(NETS), Worker(NETS), Worker(net_threads("argmax"))]
    yield made
    for worker in made:
        worker.end()


def test_only_net_threads_count_and_each_second_once(workers: list[Worker]) -> None:
    first, second, other = workers
    first.work()
    clock = NetClock(NETS)
    assert clock.uncounted_s() < 0.01, "what they used before is no run"
    other.work()
    assert clock.uncounted_s() < 0.01
    first.work()
    second.work()
    second.work()
    assert clock.uncounted_s() == pytest.approx(0.15, abs=0.02)
    assert clock.uncounted_s() < 0.01


def test_threads_that_come_and_go(workers: list[Worker], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(net_clock, "_LOOK_EVERY_S", 0.0)
    clock = NetClock(NETS)
    late = Worker(NETS)
    late.work()
    assert clock.uncounted_s() == pytest.approx(0.05, abs=0.01)
    late.end()
    workers[0].work()
    assert clock.uncounted_s() == pytest.approx(0.05, abs=0.01)


def test_is_read_now_and_then_and_loses_nothing(workers: list[Worker], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(net_clock, "_READ_EVERY_S", 0.2)
    clock = NetClock(NETS)
    assert clock.uncounted_s() < 0.01
    workers[0].work()
    assert clock.uncounted_s() == 0.0
    time.sleep(0.2)
    assert clock.uncounted_s() == pytest.approx(0.05, abs=0.01)


def test_thread_that_ends_between_two_looks_is_no_error() -> None:
    late = Worker(NETS)
    clock = NetClock(NETS)
    late.end()
    assert clock.uncounted_s() < 0.01


def test_starter_keeps_its_own_name() -> None:
    own_name = Path("/proc/thread-self/comm")
    before = own_name.read_text()
    with named_threads("passing"):
        assert own_name.read_text() == "passing\n"
    assert own_name.read_text() == before
