"""Compiles a net of OpenVINO's for the shapes of its inputs.

A net compiled for one shape runs a fifth to a third faster than one of open shape, which works out its nodes' shapes
anew in each run and can't choose the best kernels. But each takes 0.3 s to compile, and 40 MB or more.
"""

import logging
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from queue import Empty, LifoQueue

import openvino as ov

from models.runtime.base import NetOptions
from models.runtime.device import has_bf16
from models.runtime.frequent_shapes import FrequentShapes
from models.runtime.memory import give_back_memory

__all__ = ["PreparedNets", "Requests", "requests_of", "taken"]

logger = logging.getLogger("ray.serve")

#: One request of each copy of a net, which serves one run at a time. The request that was used last is warm and is
#: taken first.
Requests = LifoQueue[ov.InferRequest]

_Shape = tuple[int, ...]

# Shapes for which a net of open shape keeps its kernels. The default is 5,000, at 1 to 5 MB a shape, and pages come in
# thousands of sizes (docs/decisions/0009-bounded-shape-cache.md).
_KEPT_SHAPES = 8
# The buffers of one period's largest input are kept if the largest input of the next period has this share of its
# pixels.
_STILL_LARGE = 0.7


class PreparedNets:
    """A net in several forms: compiled for the known shapes, for shapes that come often, and once of open shape.

    All of them give the same bits, but for 8-bit integers on a CPU without VNNI: there, the kernels for a known shape
    round otherwise.

    Args:
        core: OpenVINO's core.
        model: The net's graph, of open shape.
        options: The net's options, whose `shapes` are compiled at once.
    """

    def __init__(self, core: ov.Core, model: ov.Model, options: NetOptions) -> None:
        self._core = core
        self._model = model
        self._options = options
        self._fixed = {tuple(shape): requests_of(core, model, options, shape) for shape in options.shapes}
        self._rows = {(height, width): rows for rows, height, width, _ in options.shapes}
        self._open_shape = requests_of(core, model, options)
        with taken(self._open_shape, options.threads) as requests:
            self._open_shape_nets = [request.get_compiled_model() for request in requests]
        self._large = _LargeNet(core, model, replace(options, threads=1))
        self._one_large = threading.Lock()
        # Pixels of the largest batch of open shape since its buffers were released, and since `give_back_rare`.
        self._held_px = 0
        self._recent_px = 0
        self._had_large = False
        self._frequent = FrequentShapes(options.frequent_shapes)
        self._learned: dict[_Shape, Requests] = {}
        self._learning = threading.Lock()

    @contextmanager
    def request(self, shape: _Shape) -> Iterator[ov.InferRequest]:
        """Lend a request for one run of a batch of this shape."""
        rows, height, width, _ = shape
        px = rows * height * width
        if self._options.large_px is not None and px > self._options.large_px:
            with self._one_large:
                self._had_large = True
                with taken(self._open_shape, self._options.threads):
                    self._release_open_shape()
                with taken(self._large.requests(shape)) as (request,):
                    yield request
            return
        requests = self._requests(shape)
        if requests is self._open_shape:
            self._held_px, self._recent_px = max(px, self._held_px), max(px, self._recent_px)
        with taken(requests) as (request,):
            yield request

    def _requests(self, shape: _Shape) -> Requests:
        if shape in self._fixed:
            return self._fixed[shape]
        self._note(shape)
        return self._learned.get(shape, self._open_shape)

    def rows(self, size: tuple[int, int]) -> int | None:
        """The number of rows of a batch of inputs of (height, width); None if any number will do."""
        return self._rows.get(size)

    def give_back_rare(self) -> None:
        """Release the memory of inputs of a size that has not come since the last call.

        Otherwise one large input in a thousand would hold its memory for ever. Memory in use is left for the next call.
        """
        if not self._had_large and self._one_large.acquire(blocking=False):
            self._large.forget()
            self._one_large.release()
        if self._recent_px < _STILL_LARGE * self._held_px:
            own: list[ov.InferRequest] = []
            with suppress(Empty):
                while len(own) < self._options.threads:
                    own.append(self._open_shape.get_nowait())
                self._release_open_shape()
            for request in own:
                self._open_shape.put(request)
        self._had_large, self._recent_px = False, 0

    def _release_open_shape(self) -> None:
        """Release the buffers that requests hold between runs, which makes the next run of each 35 ms longer.

        The caller must have taken all requests.
        """
        for net in self._open_shape_nets:
            net.release_memory()
        self._held_px = self._recent_px

    def _note(self, shape: _Shape) -> None:
        if not self._learning.acquire(blocking=False):
            return  # another thread notes its run, or compiles for a shape: this run need not be counted
        if not self._frequent.note(shape):
            self._learning.release()
            return
        # Not a daemon: the interpreter must not end inside OpenVINO's compiler.
        threading.Thread(target=self._learn, args=(shape,), name="net-compiler").start()

    def _learn(self, shape: _Shape) -> None:
        try:
            requests = requests_of(self._core, self._model, self._options, shape)
            dropped = self._frequent.keep(shape)
            self._learned = {**{key: net for key, net in self._learned.items() if key != dropped}, shape: requests}
        except RuntimeError:
            logger.exception(
                "OpenVINO can't compile a net for inputs of shape %s: they use the net of open shape", shape
            )
        finally:
            self._learning.release()


class _LargeNet:
    """A net for large inputs, one at a time, compiled for the shape of the last one.

    A net of open shape keeps the results of most of its nodes apart: for an input of 2.8 million pixels that takes 400
    MB in place of 150. Large inputs are rare and mostly of one shape, and a new shape costs 0.3 s.

    Args:
        core: OpenVINO's core.
        model: The net's graph, of open shape.
        options: The net's options.
    """

    def __init__(self, core: ov.Core, model: ov.Model, options: NetOptions) -> None:
        self._core = core
        self._model = model
        self._options = options
        self.forget()

    def forget(self) -> None:
        """Drop the net and its memory."""
        self._shape: _Shape | None = None
        self._requests: Requests = LifoQueue()

    def requests(self, shape: _Shape) -> Requests:
        """The requests of a net for this shape. Not for several threads at once, nor while a request is taken."""
        if self._shape != shape:
            self.forget()  # first, so that there are never two nets at a time
            self._requests = requests_of(self._core, self._model, self._options, shape)
            self._shape = shape
        return self._requests


@contextmanager
def taken(requests: Requests, count: int = 1) -> Iterator[list[ov.InferRequest]]:
    """Wait for requests of a net, and hold them so that nobody else uses them meanwhile."""
    own = [requests.get() for _ in range(count)]
    try:
        yield own
    finally:
        for request in own:
            requests.put(request)


def requests_of(core: ov.Core, model: ov.Model, options: NetOptions, shape: Sequence[int] | None = None) -> Requests:
    """Compile a net once for each of its threads, and make a request of each copy.

    One net of several streams would run on threads of its own, and each run would be handed over to one of them and
    back (docs/decisions/0026-net-per-thread.md).

    Args:
        core: OpenVINO's core.
        model: The net's graph, of open shape. It is left as it is.
        options: The net's options.
        shape: Shape of the input; None leaves it open.

    Raises:
        RuntimeError: OpenVINO can't compile it.
    """
    if shape is not None:
        model = model.clone()
        model.reshape(list(shape))
    properties = _properties(options)
    requests: Requests = LifoQueue()
    with ThreadPoolExecutor(options.threads) as threads:
        copies = [threads.submit(core.compile_model, model, "CPU", properties) for _ in range(options.threads)]
    for copy in copies:
        requests.put(copy.result().create_infer_request())
    give_back_memory()
    return requests


def _properties(options: NetOptions) -> dict[str, str | int | bool]:
    precision = options.precision
    if precision == "int8":  # the precision of everything that does not run on integers
        precision = "bf16" if has_bf16() else "f32"
    return {
        # For nets of one shape, the plug-in generates code that joins steps and rounds elsewhere than its code for open
        # shapes. With int8, 1 to 7 of 160 lines of small print had another text. Without such code both give the same
        # bits, at the same speed.
        "SNIPPETS_MODE": "DISABLE",
        # With only one thread, OpenVINO runs a net on the thread that asks for it.
        "INFERENCE_NUM_THREADS": 1,
        "NUM_STREAMS": 1,
        "INFERENCE_PRECISION_HINT": precision,
        "CPU_RUNTIME_CACHE_CAPACITY": _KEPT_SHAPES,
        # The threads that ask are ours, and have other work too.
        "ENABLE_CPU_PINNING": False,
    }
