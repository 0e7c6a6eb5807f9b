"""Measuring a peer on this machine: what the service's measurement is, without HTTP."""

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import psutil

from loadtest.data.accuracy import Unit
from loadtest.data.labels import ResultLine
from loadtest.data.pictures import Picture, PictureSet
from loadtest.measuring.latency import Latency
from loadtest.measuring.meter import Meter
from loadtest.measuring.report import Report, accuracy_of
from loadtest.peers.base import LoadedPeer, PeerReader

__all__ = ["measure_peer"]


def measure_peer(
    peer: LoadedPeer,
    dataset: PictureSet,
    *,
    repeat: int = 1,
    warmup: int = 0,
    max_time_s: float = 3600.0,
    unit: Unit | None = None,
) -> Report:
    """Read a set, `peer.at_once` pictures at a time, and report in the service's shape.

    Args:
        peer: What is measured. Its CPU time and memory are this process's, its children's included.
        dataset: What to read.
        repeat: How often each picture is read.
        warmup: Pictures read before the clock starts.
        max_time_s: Begin no picture after so long.
        unit: What to count for accuracy; None lets the labels decide.
    """
    warmup_failures = 0
    for number in range(warmup):
        failure, _ = _attempt(peer.read, dataset.pictures[number % len(dataset.pictures)])
        warmup_failures += failure is not None

    run = _Run(peer.read, dataset, iter(list(range(len(dataset.pictures))) * repeat), max_time_s)
    with Meter(_with_children if peer.has_children else _this_process) as meter:
        wall_s = run.read_all(peer.at_once)

    requests = len(run.results) + run.errors.total()
    return Report(
        subject=peer.subject,
        dataset=dataset.name,
        pictures=len(dataset.pictures),
        clients=peer.at_once,
        requests=requests,
        answered=len(run.results),
        wall_s=wall_s,
        latency_s=Latency.of(run.latencies_s),
        errors=run.errors,
        warmup_failures=warmup_failures,
        resources=meter.use,
        is_cut_short=run.is_cut_short,
        accuracy=accuracy_of(dataset, run.results, requests, unit),
    )


class _Run:
    """Pictures that some threads take from one row, and what came of them."""

    def __init__(self, read: PeerReader, dataset: PictureSet, order: Iterator[int], max_time_s: float) -> None:
        self.latencies_s: list[float] = []
        self.results: list[tuple[int, Sequence[ResultLine]]] = []
        self.errors: Counter[str] = Counter()
        self.is_cut_short = False
        self._read = read
        self._pictures = dataset.pictures
        self._order = order
        self._max_time_s = max_time_s
        self._lock = threading.Lock()
        self._started_s = 0.0

    def read_all(self, at_once: int) -> float:
        """Read what is in the row; returns the seconds it took."""
        self._started_s = time.perf_counter()
        if at_once == 1:
            self._work()  # in the caller's thread, as the peer's users would
        else:
            with ThreadPoolExecutor(at_once) as threads:
                for worker in [threads.submit(self._work) for _ in range(at_once)]:
                    worker.result()
        return time.perf_counter() - self._started_s

    def _work(self) -> None:
        while (index := self._take()) is not None:
            begun_s = time.perf_counter()
            failure, lines = _attempt(self._read, self._pictures[index])
            latency_s = time.perf_counter() - begun_s
            with self._lock:
                if failure is None:
                    self.latencies_s.append(latency_s)
                    self.results.append((index, lines))
                else:
                    self.errors[failure] += 1

    def _take(self) -> int | None:
        with self._lock:
            index = next(self._order, None)
            if index is not None and time.perf_counter() - self._started_s >= self._max_time_s:
                self.is_cut_short = True
                return None
            return index


def _this_process() -> list[psutil.Process]:
    return [psutil.Process()]


def _with_children() -> list[psutil.Process]:
    own = psutil.Process()
    return [own, *own.children(recursive=True)]


def _attempt(read: PeerReader, picture: Picture) -> tuple[str | None, Sequence[ResultLine]]:
    try:
        return None, read(picture.content)
    except Exception as exc:  # a peer's failure, of whatever type, is a figure of the comparison
        return type(exc).__name__, []
