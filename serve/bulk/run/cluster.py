"""The Ray of a bulk run: the cluster whose job it is, or one that it starts on this machine."""

import logging
import math
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass

import psutil

from models.cpus import usable_cpu_count
from models.errors import RayocrError
from serve.bulk.options import BulkOptions
from serve.bulk.run.pools import Pools, plan_pools
from serve.config.settings import Settings
from serve.ray_patches import loopback
from serve.ray_patches.local_ray import set_bulk_environment, start_local_ray

__all__ = ["RayCluster", "joins_cluster", "ray_cluster"]

_ADDRESS_VARIABLE = "RAY_ADDRESS"
_END_WAIT_S = 5.0


@dataclass(frozen=True, slots=True)
class RayCluster:
    """Where the run runs.

    Args:
        cpus: Of all nodes.
        pools: The actors that these have room for.
        is_local: Whether it was started for this run.
    """

    cpus: float
    pools: Pools
    is_local: bool

    def cpu_s(self) -> float | None:
        """CPU seconds of all its processes, Ray's own included; None for a cluster that others use too."""
        if not self.is_local:
            return None
        total = 0.0
        this = psutil.Process()
        for process in (this, *this.children(recursive=True)):
            try:
                times = process.cpu_times()
            except psutil.Error:  # it has just ended, and counts as its parent's from now on
                continue
            total += times.user + times.system
            if process != this:  # what this process itself ran before is not the run's
                total += times.children_user + times.children_system
        return total


def joins_cluster() -> bool:
    """Whether this process belongs to a cluster, as the entry point of a job does (RAY_ADDRESS)."""
    return bool(os.environ.get(_ADDRESS_VARIABLE))


@contextmanager
def ray_cluster(options: BulkOptions, settings: Settings) -> Iterator[RayCluster]:
    """Join the cluster that RAY_ADDRESS names, or start a Ray on this machine, which listens on loopback only.

    Args:
        options: Bounds of the pools.
        settings: Threads of the nets, and memory of a local object store.
    """
    is_local = not joins_cluster()
    set_bulk_environment(is_local=is_local)
    if is_local:
        loopback.stay_on_loopback()
    # It takes seconds to import, and reads the environment while it does.
    import ray

    # Ray prints what its daemons report, such as a lost node, to standard output, where the run's progress goes. At its
    # end it prints what it has held back.
    with redirect_stdout(sys.stderr):
        try:
            try:
                cluster = _local(options, settings) if is_local else _joined(options, settings)
            except Exception as exc:  # Ray raises a bare one
                raise RayocrError(f"Ray did not start, or could not be joined: {exc}") from exc
            yield cluster
        finally:
            started = psutil.Process().children(recursive=True) if is_local else []
            ray.shutdown()
            _end(started)


def _end(processes: list[psutil.Process]) -> None:
    """End what is left of a local Ray: a worker that hangs at its end would outlive its raylet, with all its memory."""
    _, left = psutil.wait_procs(processes, _END_WAIT_S)
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def _local(options: BulkOptions, settings: Settings) -> RayCluster:
    cpus = float(usable_cpu_count())
    pools = plan_pools(options, settings, cpus)
    start_local_ray(
        num_cpus=math.ceil(pools.most_cpus) + 1,
        object_store_memory_bytes=settings.ray.object_store_memory_bytes,
        metrics_port=_metrics_port(settings),
    )
    return RayCluster(cpus, pools, is_local=True)


def _joined(options: BulkOptions, settings: Settings) -> RayCluster:
    import ray

    ray.init(log_to_driver=False, logging_level=logging.ERROR)
    cpus = float(ray.cluster_resources().get("CPU", 1.0))  # type: ignore[no-untyped-call]
    return RayCluster(cpus, plan_pools(options, settings, cpus), is_local=False)


def _metrics_port(settings: Settings) -> int | None:
    """The configured port, unless another has it, such as the service's Ray on this machine: then Ray chooses one."""
    port = settings.ray.metrics_port
    return port if port and loopback.why_not_listen(port) is None else None
