"""Runs the net that tells which lines are upside down. Detection and recognition both need it."""

from deployments.operation.metrics import StageMetrics
from deployments.work.batching import ShapeBatcher
from deployments.work.threads import WorkThreads
from models.direction import LineDirection

__all__ = ["direction_batcher"]


def direction_batcher(direction: LineDirection, metrics: StageMetrics, threads: WorkThreads) -> ShapeBatcher[float]:
    """Build the batcher of the direction net.

    Args:
        direction: The net.
        metrics: The metrics of the stage.
        threads: The threads that run the net. It is on the CPU, even if the stage's own net is on a GPU.
    """
    together = direction.lines_of_a_run() or 1
    infer = metrics.metered("direction_net", direction.infer)
    # These batches are not counted: the metrics of the stage are about its own net.
    return ShapeBatcher(infer, threads, lambda _shape, waiting: min(waiting, together), lambda _shape: None)
