"""Plans how many actors each stage has, and how many CPUs Ray reserves for one."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from models.errors import MalformedRequest
from serve.bulk.options import BulkOptions, PoolBounds
from serve.config.colocation import is_colocated
from serve.config.settings import Settings

__all__ = ["CHUNKS_AT_A_TIME", "Pool", "Pools", "plan_pools"]

# One fetcher keeps up with eight CPUs of recognition: fetching mostly waits, decoding is some percent of a page's time.
_CPUS_PER_FETCHER = 8
_FETCHER_CPUS = 0.25
#: Chunks that one actor works on at a time.
CHUNKS_AT_A_TIME = 2


@dataclass(frozen=True, slots=True)
class Pool:
    """The actors of one stage.

    Args:
        bounds: The bounds of their number.
        threads: Threads of one actor.
        num_cpus: CPUs that Ray reserves for one actor.
        num_gpus: GPUs, or the share of a GPU, that Ray reserves for one actor.
    """

    bounds: PoolBounds
    threads: int
    num_cpus: float
    num_gpus: float


@dataclass(frozen=True, slots=True)
class Pools:
    """The actors of all stages.

    Args:
        stages: The actors of each stage, by its name, in the order of the pipeline.
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
    """Plan the actors of a run.

    Args:
        options: Options of the run, which may give bounds.
        settings: Settings of each net's threads, and of the CPUs that one actor reserves.
        cpus: CPUs of the whole cluster.

    Returns:
        Pools whose least actors fit into the cluster. If they have more threads than it has CPUs, each reserves less.

    Raises:
        MalformedRequest: The options ask for readers and for actors of single stages.
        ConfigurationError: The settings ask for readers and for replicas of single stages.
    """
    pools = Pools(
        _colocated(options, settings, cpus) if _is_colocated(options, settings) else _separate(options, settings, cpus)
    )
    if pools.least_cpus <= cpus:
        return pools
    # Reserved CPUs only matter to Ray's scheduler; threads bound the CPUs that are really used.
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
            "--readers are actors that hold all stages; they can't be combined with --fetchers, --detection-actors "
            "or --recognition-actors"
        )
    return bool(options.readers) or (not of_stages and is_colocated(settings, otherwise=True))


def _colocated(options: BulkOptions, settings: Settings, cpus: float) -> dict[str, Pool]:
    threads = settings.reader_threads
    readers = PoolBounds(1, max(1, round(cpus / threads)))
    return {"reading": Pool(options.readers or readers, threads, settings.reader_cpus, settings.reader.num_gpus)}


def _separate(options: BulkOptions, settings: Settings, cpus: float) -> dict[str, Pool]:
    detection, recognition = settings.detection, settings.recognition
    fetchers = PoolBounds(1, max(1, math.ceil(cpus / _CPUS_PER_FETCHER)))
    # Each stage may have as many as would suffice if it took all of a page's time: the load decides.
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
