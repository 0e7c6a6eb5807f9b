"""The split of a service's CPU time: pure arithmetic on what was counted."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from loadtest.measuring.roles import RoleUse

__all__ = ["BOUND", "GOAL", "Profile", "Row", "split_cpu"]

BOUND = 0.15
"""Largest share of CPU time outside the work that the project accepts."""
GOAL = 0.08
"""Share of CPU time outside the work that the project aims at."""

_STEPS = (
    "decode",
    "resize",
    "detection_net",
    "postprocess",
    "direction_net",
    "crop",
    "recognition_net",
    "ctc_decode",
    "lines",
)
_STAGES = ("preprocess", "detection", "recognition")
_READER = "reader"  # its replicas hold all stages, and no other replicas hold any
_HTTP = ("proxy", "proxy manager", "ingress")


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        group: `work`, `http` or `ray`.
        name: The step, or the processes.
        cpu_ms: CPU milliseconds an image.
        idle_ms: How much of that the same processes use without any request, in the same time.
        share: Of the whole service's CPU time.
    """

    group: str
    name: str
    cpu_ms: float
    idle_ms: float
    share: float


@dataclass(frozen=True)
class Profile:
    """Where the CPU time of a run went.

    Attributes:
        images: Answered requests.
        rows: The parts; together they are everything.
        grown: Roles that got processes during the run. What a start costs stands in their rows outside the work.
    """

    images: int
    rows: tuple[Row, ...]
    grown: tuple[str, ...] = ()

    @property
    def total_ms(self) -> float:
        """CPU milliseconds of the whole service for each image."""
        return sum(row.cpu_ms for row in self.rows)

    def of(self, group: str) -> Row:
        """The sum of a group's rows."""
        rows = [row for row in self.rows if row.group == group]
        cpu_ms, idle_ms = sum(row.cpu_ms for row in rows), sum(row.idle_ms for row in rows)
        return Row(group, "sum", cpu_ms, idle_ms, sum(row.share for row in rows))

    @property
    def outside_share(self) -> float:
        """Share of CPU time in Ray, HTTP and (de)serialization: what is not decoding, nets and geometry."""
        return 1.0 - self.of("work").share

    @property
    def idle_share(self) -> float:
        """The part of `outside_share` that an idle service would have used in the same time."""
        return sum(row.idle_ms for row in self.rows) / self.total_ms

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return {
            "images": self.images,
            "cpu_ms_per_image": self.total_ms,
            "outside_share": self.outside_share,
            "idle_share": self.idle_share,
            "bound": BOUND,
            "goal": GOAL,
            "grown": list(self.grown),
            "rows": [asdict(row) for row in self.rows],
        }


def split_cpu(
    work_s: Mapping[tuple[str, str], float],
    used: Mapping[str, RoleUse],
    idle: Mapping[str, RoleUse],
    idle_wall_s: float,
    wall_s: float,
    images: int,
) -> Profile:
    """Split the CPU time of a run.

    Args:
        work_s: CPU seconds by stage and step, as the stages count them.
        used: CPU use of all processes by role during the run.
        idle: The same without any request, before the run.
        idle_wall_s: How long that was.
        wall_s: Length of the run.
        images: Requests answered in it; at least 1.
    """
    total_s = sum(use.cpu_s for use in used.values())

    def row(group: str, name: str, cpu_s: float, idle_s: float = 0.0) -> Row:
        return Row(group, name, 1e3 * cpu_s / images, 1e3 * min(idle_s, cpu_s) / images, cpu_s / total_s)

    def order(item: tuple[str, str]) -> int:
        return _STEPS.index(item[1]) if item[1] in _STEPS else len(_STEPS)

    rows = [row("work", step, work_s[stage, step]) for stage, step in sorted(work_s, key=order)]
    outside: dict[str, list[Row]] = {"http": [], "ray": []}
    for role, use in used.items():
        own_s = sum(seconds for (stage, _), seconds in work_s.items() if role in (stage, _READER))
        group = "http" if role in _HTTP else "ray"
        name = f"{role} replicas, around the work" if role in (*_STAGES, _READER) else role
        idle_s = idle[role].cpu_s * wall_s / idle_wall_s if role in idle else 0.0
        outside[group].append(row(group, name, max(0.0, use.cpu_s - own_s), idle_s))
    grown = tuple(role for role, use in used.items() if role in idle and use.processes > idle[role].processes)
    return Profile(images, (*rows, *outside["http"], *outside["ray"]), grown)
