"""How many actors each stage has, and how many CPUs Ray reserves for one."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from models.errors import MalformedRequest
from serve.bulk.options import BulkOptions, PoolBounds
from serve.config.colocation import is_colocated
from serve.config.settings import Settings

__all__ = ["CHUNKS_AT_A_TIME", "Pool", "Pools", "plan_pools"]

# One keeps up with eight CPUs of recognition: fetching waits, and decoding is some percent of a page's time.
_CPUS_A_FETCHER = 8
_FETCHER_CPUS = 0.25
#: That one actor works on.
CHUNKS_AT_A_TIME = 2


@dataclass(frozen=True, slots=True)
class Pool:
    """The actors of one stage.

    Args:
        bounds: How many.
        threads: That one works with.
        num_cpus: CPUs that Ray reserves for one.
        num_gpus: GPUs, or the share of one, that Ray reserves for one.
    """

    bounds: PoolBounds
    threads: int
    num_cpus: float
    num_gpus: float


@dataclass(frozen=True, slots=True)
class Pools:
    """The actors of all stages.

    Args:
        stages: By name, in the order of the pipeline.
    """

    stages: Mapping[str, Pool]

    @property
    def chunks(self) -> int:
        """Chunks that all actors together work on at a time."""
        return sum(pool.bounds.most * CHUNKS_AT_A_TIME for pool in self.stages.values())

    @property
    def most_cpus(self) -> float:
        """CPUs that all actors together reserve."""
        return sum(pool.bounds.most * pool.num_cpus for pool in self.stages.values())

    @property
    def least_cpus(self) -> float:
        """CPUs that are reserved at the start."""
        return sum(pool.bounds.least * pool.num_cpus for pool in self.stages.values())


def plan_pools(options: BulkOptions, settings: Settings, cpus: float) -> Pools:
    """Decide on the actors.

    Args:
        options: May name bounds.
        settings: Threads of each net, and what one actor reserves.
        cpus: Of the whole cluster.

    Returns:
        Pools whose least actors fit into the cluster: where their threads are more than its CPUs, each reserves less.

    Raises:
        MalformedRequest: The options ask for both, readers and actors of single stages.
        ConfigurationError: See `is_colocated`.
    """
    pools = Pools(
        _colocated(options, settings, cpus) if _is_colocated(options, settings) else _apart(options, settings, cpus)
    )
    if pools.least_cpus <= cpus:
        return pools
    # Reserved CPUs only count for Ray; threads bound what is really used.
    share = math.floor(cpus / pools.least_cpus * 100) / 100
    return Pools(
        {
            name: replace(pool, num_cpus=max(0.01, round(pool.num_cpus * share, 4)))
            for name, pool in pools.stages.items()
        }
    )


def _is_colocated(options: BulkOptions, settings: Settings) -> bool:
    of_stages = options.fetchers or options.detection_actors or options.recognition_actors
    if options.readers and of_stages:
        raise MalformedRequest(
            "--readers are actors that hold all stages; they can't be had together with --fetchers, --detection-actors "
            "or --recognition-actors"
        )
    return bool(options.readers) or (not of_stages and is_colocated(settings, otherwise=True))


def _colocated(options: BulkOptions, settings: Settings, cpus: float) -> dict[str, Pool]:
    threads = settings.reader_threads
    readers = PoolBounds(1, max(1, round(cpus / threads)))
    return {"reading": Pool(options.readers or readers, threads, settings.reader_cpus, settings.reader.num_gpus)}


def _apart(options: BulkOptions, settings: Settings, cpus: float) -> dict[str, Pool]:
    detection, recognition = settings.detection, settings.recognition
    fetchers = PoolBounds(1, max(1, math.ceil(cpus / _CPUS_A_FETCHER)))
    # Each up to what would suffice where all of a page's time were its: the load decides.
    detectors = PoolBounds(1, max(1, round(cpus / 2 / detection.threads)))
    recognizers = PoolBounds(1, max(1, round(cpus / recognition.threads)))
    return {
        "fetch": Pool(options.fetchers or fetchers, 1, _FETCHER_CPUS, 0.0),
        "detection": Pool(
            options.detection_actors or detectors,
            detection.threads,
            detection.reserved_cpus,
            detection.num_gpus,
        ),
        "recognition": Pool(
            options.recognition_actors or recognizers,
            recognition.threads,
            recognition.reserved_cpus,
            recognition.num_gpus,
        ),
    }
