"""The net that tells lines which are upside down, in the replicas of two stages."""

from deployments.operation.metrics import StageMetrics
from deployments.work.batching import ShapeBatcher
from deployments.work.threads import WorkThreads
from models.direction import LineDirection

__all__ = ["direction_batcher"]


def direction_batcher(direction: LineDirection, metrics: StageMetrics, threads: WorkThreads) -> ShapeBatcher[float]:
    """Build the batcher of the net.

    Args:
        direction: The net.
        metrics: The metrics of the stage.
        threads: The threads that run it: it is on the CPU, whatever the stage's own net is on.
    """
    together = direction.lines_of_a_run() or 1
    infer = metrics.metered("direction_net", direction.infer)
    # Not counted as batches of the stage: its metrics are about its own net.
    return ShapeBatcher(infer, threads, lambda _shape, waiting: min(waiting, together), lambda _shape: None)
