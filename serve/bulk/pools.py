"""How many actors each stage has, and how many CPUs Ray reserves for one."""

import math
from dataclasses import dataclass, replace

from serve.bulk.options import BulkOptions, PoolBounds
from serve.settings import Settings

__all__ = ["Pool", "Pools", "plan_pools"]

# One keeps up with eight CPUs of recognition: fetching waits, and decoding is some percent of a page's time.
_CPUS_A_FETCHER = 8
_FETCHER_CPUS = 0.25


@dataclass(frozen=True, slots=True)
class Pool:
    """The actors of one stage.

    Args:
        bounds: How many.
        num_cpus: CPUs that Ray reserves for one.
        num_gpus: GPUs, or the share of one, that Ray reserves for one.
        concurrency: Chunks that one works on at a time.
    """

    bounds: PoolBounds
    num_cpus: float
    num_gpus: float
    concurrency: int


@dataclass(frozen=True, slots=True)
class Pools:
    """The actors of all stages."""

    fetch: Pool
    detection: Pool
    recognition: Pool

    @property
    def chunks(self) -> int:
        """Chunks that all actors together work on at a time."""
        return sum(pool.bounds.most * pool.concurrency for pool in (self.fetch, self.detection, self.recognition))

    @property
    def most_cpus(self) -> float:
        """CPUs that all actors together reserve."""
        return sum(pool.bounds.most * pool.num_cpus for pool in (self.fetch, self.detection, self.recognition))

    @property
    def least_cpus(self) -> float:
        """CPUs that are reserved at the start."""
        return sum(pool.bounds.least * pool.num_cpus for pool in (self.fetch, self.detection, self.recognition))


def plan_pools(options: BulkOptions, settings: Settings, cpus: float) -> Pools:
    """Decide on the actors.

    Args:
        options: May name bounds.
        settings: Threads of each net, and what one actor reserves.
        cpus: Of the whole cluster.

    Returns:
        Pools whose least actors fit into the cluster: where their threads are more than its CPUs, each reserves less.
    """
    detection, recognition = settings.detection, settings.recognition
    fetchers = PoolBounds(1, max(1, math.ceil(cpus / _CPUS_A_FETCHER)))
    # Each up to what would suffice where all of a page's time were its: the load decides.
    detectors = PoolBounds(1, max(1, round(cpus / 2 / detection.threads)))
    recognizers = PoolBounds(1, max(1, round(cpus / recognition.threads)))
    pools = Pools(
        Pool(options.fetchers or fetchers, _FETCHER_CPUS, 0.0, 2),
        Pool(options.detection_actors or detectors, detection.reserved_cpus, detection.num_gpus, 2),
        Pool(options.recognition_actors or recognizers, recognition.reserved_cpus, recognition.num_gpus, 2),
    )
    if pools.least_cpus <= cpus:
        return pools
    # Reserved CPUs only count for Ray; threads bound what is really used.
    share = math.floor(cpus / pools.least_cpus * 100) / 100
    return Pools(
        *(
            replace(pool, num_cpus=max(0.01, round(pool.num_cpus * share, 4)))
            for pool in (pools.fetch, pools.detection, pools.recognition)
        )
    )
