"""RapidOCR, measured in this process by the same rules as the service.

It runs as its users run it: one call after another, with as many threads as it takes by itself unless told otherwise.
RapidOCR and its runtime are imported only here and only when asked for: they belong into an environment of their own.
"""

import enum
import importlib
import importlib.metadata
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, cast

import psutil

from loadtest.accuracy import Unit
from loadtest.errors import LoadtestError
from loadtest.labels import ResultLine
from loadtest.latency import Latency
from loadtest.meter import Meter
from loadtest.pictures import Picture, PictureSet
from loadtest.report import Report, accuracy_of

__all__ = ["Peer", "PeerReader", "load_peer", "measure_peer"]


class Peer(enum.StrEnum):
    """A peer and the runtime it uses."""

    RAPIDOCR_OPENVINO = "rapidocr-openvino"
    RAPIDOCR_ONNXRUNTIME = "rapidocr-onnxruntime"

    @property
    def runtime(self) -> str:
        """Name of the runtime's distribution, and of RapidOCR's section of settings for it."""
        return self.value.removeprefix("rapidocr-")


PeerReader = Callable[[bytes], Sequence[ResultLine]]
"""Reads one picture file. May raise anything; that is counted as a failure."""


class _RapidOcrOutput(Protocol):
    boxes: Iterable[Iterable[Iterable[float]]] | None
    txts: Iterable[str] | None


class _RapidOcr(Protocol):
    def __call__(self, img_content: bytes) -> _RapidOcrOutput: ...


def load_peer(peer: Peer, threads: int | None = None, is_line_classifier_on: bool = True) -> tuple[str, PeerReader]:
    """Load a peer and its nets.

    Args:
        peer: Which one.
        threads: Threads of its runtime and of OpenCV; None leaves both to their defaults (all cores).
        is_line_classifier_on: Whether it looks for lines upside down, its default.

    Returns:
        Its name with versions, and its reader.

    Raises:
        LoadtestError: It is not installed here.
    """
    try:
        module = importlib.import_module("rapidocr")
        importlib.import_module(peer.runtime)
        versions = [f"{name} {importlib.metadata.version(name)}" for name in ("rapidocr", peer.runtime)]
    except ImportError as exc:
        raise LoadtestError(
            f"{peer.value} is not installed in this environment ({exc}); install rapidocr==3.10.0, {peer.runtime} and "
            "opencv-python-headless into one of its own, and give its interpreter"
        ) from exc
    runtime = module.EngineType(peer.runtime)
    parameters: dict[str, object] = {
        "Global.log_level": "critical",
        "Global.use_cls": is_line_classifier_on,
        **{f"{stage}.engine_type": runtime for stage in ("Det", "Cls", "Rec")},
    }
    if threads is not None:
        option = "inference_num_threads" if peer is Peer.RAPIDOCR_OPENVINO else "intra_op_num_threads"
        parameters[f"EngineConfig.{peer.runtime}.{option}"] = threads
        importlib.import_module("cv2").setNumThreads(threads)
    engine = cast(_RapidOcr, module.RapidOCR(params=parameters))

    def read(content: bytes) -> list[ResultLine]:
        output = engine(content)
        if output.txts is None or output.boxes is None:
            return []  # how it says that it found no text
        return [
            ResultLine(text, [(float(x), float(y)) for x, y in box])
            for text, box in zip(output.txts, output.boxes, strict=True)
        ]

    options = f"threads {threads or 'default'}, line classifier {'on' if is_line_classifier_on else 'off'}"
    return f"{', '.join(versions)} ({options})", read


def measure_peer(
    name: str,
    read: PeerReader,
    dataset: PictureSet,
    *,
    repeat: int = 1,
    warmup: int = 0,
    max_time_s: float = 3600.0,
    unit: Unit | None = None,
) -> Report:
    """Read a set in a loop and report in the service's shape.

    Args:
        name: What is measured.
        read: The peer's reader.
        dataset: What to read.
        repeat: How often each picture is read.
        warmup: Pictures read before the clock starts.
        max_time_s: Begin no picture after so long.
        unit: What to count for accuracy; None lets the labels decide.
    """
    warmup_failures = 0
    for number in range(warmup):
        failure, _ = _attempt(read, dataset.pictures[number % len(dataset.pictures)])
        warmup_failures += failure is not None

    latencies: list[float] = []
    results: list[tuple[int, Sequence[ResultLine]]] = []
    errors: Counter[str] = Counter()
    order = list(range(len(dataset.pictures))) * repeat
    is_cut_short = False
    with Meter(lambda: [psutil.Process()]) as meter:
        started = time.perf_counter()
        for index in order:
            begun = time.perf_counter()
            if begun - started >= max_time_s:
                is_cut_short = True
                break
            failure, lines = _attempt(read, dataset.pictures[index])
            if failure is None:
                latencies.append(time.perf_counter() - begun)
                results.append((index, lines))
            else:
                errors[failure] += 1
        wall_s = time.perf_counter() - started

    requests = len(results) + errors.total()
    return Report(
        subject=name,
        dataset=dataset.name,
        pictures=len(dataset.pictures),
        clients=1,
        requests=requests,
        answered=len(results),
        wall_s=wall_s,
        latency_s=Latency.of(latencies),
        errors=errors,
        warmup_failures=warmup_failures,
        resources=meter.use,
        is_cut_short=is_cut_short,
        accuracy=accuracy_of(dataset, results, requests, unit),
    )


def _attempt(read: PeerReader, picture: Picture) -> tuple[str | None, Sequence[ResultLine]]:
    try:
        return None, read(picture.content)
    except Exception as exc:  # a peer's failure, of whatever type, is a figure of the comparison
        return type(exc).__name__, []
