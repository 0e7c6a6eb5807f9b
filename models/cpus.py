"""Counts the CPUs that this process may use."""

import math
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

__all__ = ["cgroup_cpu_limit", "usable_cpu_count"]


def usable_cpu_count() -> int:
    """Count the CPUs that this process may use at a time, by affinity mask and cgroup quota; at least 1.

    A quota of one and a half CPUs counts as two, so that none of it is left unused.
    """
    affinity = len(os.sched_getaffinity(0))
    quota = cgroup_cpu_limit()
    return affinity if quota is None else max(1, min(affinity, math.ceil(quota)))


def cgroup_cpu_limit(root: Path = Path("/")) -> float | None:
    """Find the lowest CPU quota of this process's cgroups.

    Args:
        root: The folder that holds `/proc` and `/sys`; another one in tests.

    Returns:
        The quota in CPUs; None if there is no quota, or there are no cgroups.
    """
    membership = root / "proc/self/cgroup"
    if not membership.is_file():
        return None
    quotas = [quota for line in membership.read_text().splitlines() for quota in _quotas(line, root / "sys/fs/cgroup")]
    return min(quotas, default=None)


def _quotas(line: str, mount: Path) -> Iterator[float]:
    """Yield the quotas of one line `hierarchy:controllers:path` of /proc/self/cgroup (man 7 cgroups)."""
    _, controllers, path = line.split(":", 2)
    if controllers == "":
        for group in _with_parents(mount, path):
            yield from _quota_v2(group / "cpu.max")
    elif "cpu" in controllers.split(","):
        for group in _with_parents(mount / "cpu", path):
            yield from _quota_v1(group / "cpu.cfs_quota_us", group / "cpu.cfs_period_us")


def _with_parents(mount: Path, path: str) -> Iterator[Path]:
    # A parent's quota binds its children. In a container the path may be the host's; then only the mount itself exists.
    inner = PurePosixPath(path.lstrip("/"))
    for group in (inner, *inner.parents):
        yield mount / group


def _quota_v2(file: Path) -> Iterator[float]:
    if file.is_file():
        quota, period = file.read_text().split()
        if quota != "max":
            yield int(quota) / int(period)


def _quota_v1(quota_file: Path, period_file: Path) -> Iterator[float]:
    if quota_file.is_file() and period_file.is_file():
        quota = int(quota_file.read_text())
        if quota > 0:  # -1: no quota
            yield quota / int(period_file.read_text())
