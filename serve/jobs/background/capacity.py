"""How many pages of jobs one ingress replica should have in work."""

import math

from deployments.settings import ScalingSettings
from serve.config.settings import Settings

__all__ = ["pages_in_work"]

# Serve adds replicas when more than the target is in work for each; so many times the target shows it a queue.
_ABOVE_TARGET = 1.5


def pages_in_work(settings: Settings, *, colocated: bool) -> int:
    """The setting, or enough to keep all replicas busy and to let Serve see that more would be.

    Few are left waiting at the replicas: what waits in the store can still be overtaken by other jobs, and leaves the
    replicas room for requests.

    Args:
        settings: The whole tree.
        colocated: Whether the stages share replicas.
    """
    if settings.jobs.pages_in_work is not None:
        return settings.jobs.pages_in_work
    if colocated:
        pages = _pages(settings.reader.scaling, settings.reader_threads)
    else:
        pages = sum(_pages(stage.scaling, stage.threads) for stage in settings.stages().values())
    return math.ceil(pages / settings.http.replicas)


def _pages(scaling: ScalingSettings, threads: int) -> float:
    """Of one kind of replica. One page more than threads: it is decoded while they work."""
    return scaling.max_replicas * max(scaling.target_ongoing_requests * _ABOVE_TARGET, threads + 1)
