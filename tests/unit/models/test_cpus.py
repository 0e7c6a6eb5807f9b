"""CPUs that this process may use."""

import os
from pathlib import Path

import pytest

from models.cpus import cgroup_cpu_limit, usable_cpu_count


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, None),
        ({"proc/self/cgroup": "0::/\n"}, None),
        ({"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/cpu.max": "max 100000\n"}, None),
        ({"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/b/cpu.max": "150000 100000\n"}, 1.5),
        (
            {
                "proc/self/cgroup": "0::/a/b\n",
                "sys/fs/cgroup/a/cpu.max": "50000 100000\n",
                "sys/fs/cgroup/a/b/cpu.max": "400000 100000\n",
            },
            0.5,
        ),
        (
            {
                "proc/self/cgroup": "4:memory:/x\n2:cpu,cpuacct:/host/path\n0::/\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "200000\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            },
            2.0,
        ),
        (
            {
                "proc/self/cgroup": "2:cpu:/\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            },
            None,
        ),
    ],
    ids=[
        "no-cgroups",
        "no-quota-file",
        "unlimited",
        "own-quota",
        "quota-of-parent",
        "version-1",
        "version-1-unlimited",
    ],
)
def test_cgroup_quota(files: dict[str, str], expected: float | None, tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert cgroup_cpu_limit(tmp_path) == expected


def test_cpu_count_respects_the_affinity_mask() -> None:
    assert 1 <= usable_cpu_count() <= len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("quota", "count"), [(None, 8), (0.2, 1), (1.0, 1), (1.5, 2), (4.0, 4), (64.0, 8)], ids=lambda value: f"{value}"
)
def test_cpu_count_respects_the_quota(monkeypatch: pytest.MonkeyPatch, quota: float | None, count: int) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    monkeypatch.setattr("models.cpus.cgroup_cpu_limit", lambda: quota)
    assert usable_cpu_count() == count
