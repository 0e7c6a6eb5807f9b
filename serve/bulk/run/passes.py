"""One pass over the input: the pipeline runs until it is empty, and its results are written as they come."""

import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ray
from ray.exceptions import RayActorError

from serve.bulk.stages.coordinator import Stop
from serve.bulk.write.writer import WriteReport
from serve.ray_patches.data import block_references, end_executors

if TYPE_CHECKING:
    from ray import ObjectRef
    from ray.actor import ActorHandle
    from ray.data import Dataset

__all__ = ["Pass", "PassOutcome"]

_POLL_S = 0.2
# Chunks that the writer has at a time. A chunk's texts are some ten kilobytes.
_MOST_AT_THE_WRITER = 16
# Small chunks are handed over together where they come faster than they are written.
_CHUNKS_A_CALL = 4
_MOST_RESENDS = 5
_END_WAIT_S = 5.0


@dataclass(frozen=True, slots=True)
class PassOutcome:
    """How a pass ended.

    Args:
        settled: Documents that were written or failed.
        is_regular: Whether nothing was lost on the way, as far as the driver knows.
        error: What ended the pipeline before it was empty.
        stop: Why the run has to end.
    """

    settled: int
    is_regular: bool
    error: BaseException | None = None
    stop: Stop | None = None


class Pass:
    """Moves references of blocks from Ray Data to the writer. The data itself never comes here.

    Args:
        dataset: The pipeline.
        coordinator: Told how many documents have left the pipeline.
        writer: Writes.
        on_report: Told what the writer reports; may ask the run to stop.
        on_tick: Called some times a second; may ask the run to stop.
    """

    def __init__(
        self,
        dataset: "Dataset",
        coordinator: "ActorHandle[Any]",
        writer: "ActorHandle[Any]",
        on_report: Callable[[WriteReport], Stop | None],
        on_tick: Callable[[], Stop | None],
    ) -> None:
        self._dataset = dataset
        self._coordinator = coordinator
        self._writer = writer
        self._on_report = on_report
        self._on_tick = on_tick
        self._blocks: queue.Queue[ObjectRef[Any] | BaseException | None] = queue.Queue(_MOST_AT_THE_WRITER)
        self._calls: dict[ObjectRef[WriteReport], tuple[list[ObjectRef[Any]], int]] = {}
        self._taken = 0
        self._settled = 0
        self._is_regular = True
        self._stop: Stop | None = None
        self._error: BaseException | None = None
        self._is_empty = False
        self._writer_failed = False

    def run(self) -> PassOutcome:
        """Run until the pipeline is empty or the run has to stop."""
        pulling = threading.Thread(target=self._pull, name="bulk-pull", daemon=True)
        pulling.start()
        try:
            return self._run()
        finally:
            self._end(pulling)

    def _run(self) -> PassOutcome:
        while self._stop is None and not (self._is_empty and not self._calls):
            if self._is_empty or len(self._calls) >= _MOST_AT_THE_WRITER:
                self._collect(_POLL_S)
            else:
                self._send(self._next_blocks())
                self._collect(0.0)
            self._stop = self._stop or self._on_tick()
        if not self._writer_failed:  # also before a stop: what was read is not to be read again
            while self._calls:
                self._collect(_POLL_S)
            self._flush()
        return PassOutcome(self._settled, self._is_regular and self._error is None, self._error, self._stop)

    def _end(self, pulling: threading.Thread) -> None:
        """End what still runs when the pass was stopped.

        When Ray is gone, its threads and ours would say so at length, and Ray's core would end the process for it.
        """
        end_executors()
        give_up = time.monotonic() + _END_WAIT_S
        while pulling.is_alive() and time.monotonic() < give_up:
            with suppress(queue.Empty):
                self._blocks.get_nowait()
            pulling.join(0.05)

    def _pull(self) -> None:
        """In a thread of its own, since Ray Data's iterator can't be asked whether there is something."""
        try:
            for block in block_references(self._dataset):
                self._blocks.put(block)
        except BaseException as error:
            self._blocks.put(error)
        else:
            self._blocks.put(None)

    def _next_blocks(self) -> "list[ObjectRef[Any]]":
        blocks: list[ObjectRef[Any]] = []
        while len(blocks) < _CHUNKS_A_CALL:
            try:
                item = self._blocks.get(timeout=_POLL_S) if not blocks else self._blocks.get_nowait()
            except queue.Empty:
                break
            if item is None or isinstance(item, BaseException):
                self._is_empty, self._error = True, item
                break
            blocks.append(item)
        return blocks

    def _send(self, blocks: "list[ObjectRef[Any]]", resends: int = 0) -> None:
        if blocks:
            self._calls[self._writer.write.remote(*blocks)] = (blocks, resends)

    def _collect(self, timeout_s: float) -> None:
        if not self._calls:
            return
        ready, _ = ray.wait(list(self._calls), num_returns=len(self._calls), timeout=timeout_s, fetch_local=False)
        for call in ready:
            blocks, resends = self._calls.pop(call)
            try:
                self._note(ray.get(call))
            except RayActorError:
                # Ray starts the writer again. What it held and had not written is found missing in the next pass.
                self._is_regular = False
                if resends >= _MOST_RESENDS:
                    raise
                self._send(blocks, resends + 1)

    def _flush(self) -> None:
        for attempt in range(_MOST_RESENDS):
            try:
                flush: ObjectRef[WriteReport] = self._writer.flush.remote()
                self._note(ray.get(flush))
                return
            except RayActorError:
                self._is_regular = False
                if attempt == _MOST_RESENDS - 1:
                    raise

    def _note(self, report: WriteReport) -> None:
        self._taken += report.taken
        self._settled += report.done + len(report.failed)
        self._coordinator.settle.remote(self._taken)
        self._writer_failed = self._writer_failed or report.stop is not None
        self._stop = self._stop or report.stop or self._on_report(report)
