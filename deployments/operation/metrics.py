"""Prometheus metrics of the stages, through Ray's metrics agent. docs/reference/logs-and-metrics.md lists them.

Ray exports each with the prefix `ray_`.
"""

import asyncio
import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from models.errors import RayocrError

if TYPE_CHECKING:
    from ray.util.metrics import Counter

__all__ = ["NoMetrics", "StageMetrics", "error_code"]

logger = logging.getLogger("ray.serve")

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

_SECONDS = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0]
_BATCH = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0]


def error_code(error: BaseException) -> str:
    """The stable code of an error: its own, or `internal` for an unexpected error.

    `cancelled` stands for work that was dropped since nobody waits for it any more. The stage did not fail then.
    """
    if isinstance(error, asyncio.CancelledError):
        return "cancelled"
    return error.code if isinstance(error, RayocrError) else RayocrError.code


class _Sum:
    """Sums values before it passes them to a counter: that costs 8 us, and a page has hundreds of runs of a net.

    Args:
        counter: Ray's counter.
        tag_key: The tag by which values are summed separately; None if all of them make one sum.
    """

    def __init__(self, counter: "Counter", tag_key: str | None = None) -> None:
        self._counter = counter
        self._tag_key = tag_key
        self._sums: defaultdict[str, float] = defaultdict(float)
        self._lock = threading.Lock()

    def add(self, value: float, tag: str = "") -> None:
        """Add a value to the sum of its tag. Safe to call from any thread."""
        with self._lock:
            self._sums[tag] += value

    def tell(self) -> None:
        """Pass the sums on to the counter."""
        with self._lock:
            sums, self._sums = self._sums, defaultdict(float)
        for tag, value in sums.items():
            if value > 0:  # a coarse clock may not have moved, and Ray refuses to add 0
                self._counter.inc(value, tags={} if self._tag_key is None else {self._tag_key: tag})


class StageMetrics:
    """The metrics of one stage in one replica.

    Args:
        stage: `preprocess`, `detection` or `recognition`; the label `stage` of each metric.
        model: Name of the model bundle whose nets the stage runs, the label `model`; `none` for a stage without nets.
    """

    def __init__(self, stage: str, model: str = "none") -> None:
        from ray.util.metrics import Counter, Histogram  # Ray takes seconds to import, and not everybody has metrics

        tags = {"stage": stage, "model": model}
        keys = tuple(tags)
        self._queue = Histogram(
            "rayocr_stage_queue_seconds",
            "Time from the pipeline's call until a replica of the stage began.",
            boundaries=_SECONDS,
            tag_keys=keys,
        )
        self._work = Histogram(
            "rayocr_stage_work_seconds",
            "Time that a replica of the stage held a page, waiting for its net included.",
            boundaries=_SECONDS,
            tag_keys=keys,
        )
        self._batch = Histogram(
            "rayocr_batch_size",
            "Pages (detection) or lines (recognition) that shared one run of the net.",
            boundaries=_BATCH,
            tag_keys=keys,
        )
        columns = Counter(
            "rayocr_columns_total", "Columns, padding included, that went through the recognizer.", tag_keys=keys
        )
        pixels = Counter("rayocr_pixels_total", "Pixels decoded (preprocess) or run through the net.", tag_keys=keys)
        self._pages = Counter("rayocr_pages_total", "Pages that the stage finished.", tag_keys=keys)
        self._errors = Counter("rayocr_stage_errors_total", "Pages that failed, by code.", tag_keys=(*keys, "code"))
        cpu = Counter(
            "rayocr_work_cpu_seconds_total",
            "CPU seconds of the stage's own work, by step.",
            tag_keys=(*keys, "step"),
        )
        self._stage = stage
        for metric in (self._queue, self._work, self._batch, columns, pixels, self._pages, self._errors, cpu):
            metric.set_default_tags(tags)
        self._columns, self._pixels, self._cpu = _Sum(columns), _Sum(pixels), _Sum(cpu, "step")

    @contextmanager
    def page(self, document: str, number: int, sent_at: float) -> Iterator[None]:
        """Count and log one page: how long it waited, how long the `with` block takes, and whether that fails.

        Serve puts the request's id into the log line.

        Args:
            document: What the page belongs to: the request's id, or that of a job and the document's number in it.
            number: The page's number, counted from 1.
            sent_at: Time of the pipeline's call, in seconds since the epoch.
        """
        queue_s = max(0.0, time.time() - sent_at)
        self._queue.observe(queue_s)
        started = time.perf_counter()
        code = None
        try:
            yield
        except BaseException as exc:
            code = error_code(exc)
            self._errors.inc(tags={"code": code})
            raise
        else:
            self._pages.inc()
        finally:
            work_s = time.perf_counter() - started
            self._work.observe(work_s)
            for counter in (self._columns, self._pixels, self._cpu):
                counter.tell()
            logger.info(
                "%s of page %d %s",
                self._stage,
                number,
                "done" if code is None else f"failed: {code}",
                extra={
                    "stage": self._stage,
                    "document": document,
                    "page": number,
                    "queue_ms": round(queue_s * 1e3, 1),
                    "work_ms": round(work_s * 1e3, 1),
                    "code": code,
                },
            )

    def metered(self, step: str, function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        """Wrap a function so that its CPU time counts as a step of this stage's work, even if it raises.

        It costs 2 us a call.

        Args:
            step: The label `step`; docs/reference/logs-and-metrics.md lists them.
            function: A function that runs to its end on one thread.
        """

        @wraps(function)
        def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
            started_s = time.thread_time()
            try:
                return function(*args, **kwargs)
            finally:
                self._cpu.add(time.thread_time() - started_s, step)

        return run

    def decoded(self, width: int, height: int) -> None:
        """Count the pixels of a decoded page."""
        self._pixels.add(width * height)

    def batch(self, shape: tuple[int, ...]) -> None:
        """Count one run of the net on (N, height, width, 3)."""
        count, height, width = shape[:3]
        self._batch.observe(count)
        self._pixels.add(count * height * width)
        if self._stage == "recognition":
            self._columns.add(count * width)


class NoMetrics(StageMetrics):
    """Counts and logs nothing, for stages that work in a process without Ray."""

    def __init__(self) -> None: ...

    @contextmanager
    def page(self, document: str, number: int, sent_at: float) -> Iterator[None]:  # noqa: D102
        yield

    def metered(self, step: str, function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:  # noqa: D102
        return function

    def decoded(self, width: int, height: int) -> None: ...  # noqa: D102

    def batch(self, shape: tuple[int, ...]) -> None: ...  # noqa: D102
