"""One point of a scale-out run, and what it says: plain values."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from loadtest.profile.roles import RoleUse

__all__ = ["DETECTION_VARIABLE", "RECOGNITION_VARIABLE", "Point", "Simulation", "saturated"]

RECOGNITION_VARIABLE = "LOADTEST_RECOGNITION_MS"
"""Tells the simulated recognition how long to wait."""
DETECTION_VARIABLE = "LOADTEST_DETECTION_MS"
"""The same for detection; its net is real without it."""

# A Python process holds its lock nearly all the time from here on; what waits for it queues.
_BUSY_PROCESS = 0.85
_BUSY_MACHINE = 0.93
# With less, the cores are taken by others, the load generator among them.
_OWN_PART = 0.5
# Of what the waits of the replicas allow: the rest of the service keeps up.
_KEEPS_UP = 0.9


@dataclass(frozen=True)
class Simulation:
    """How long the stages wait in place of their nets, in milliseconds a page; None for a real net."""

    recognition_ms: float | None
    detection_ms: float | None = None

    def detection_replicas(self, recognition_replicas: int) -> int:
        """As many as keep up with recognition where both wait, else one.

        >>> Simulation(300, 100).detection_replicas(8)
        3
        """
        if self.recognition_ms is None or self.detection_ms is None:
            return 1
        return max(1, math.ceil(recognition_replicas * self.detection_ms / self.recognition_ms))

    def __str__(self) -> str:
        if self.recognition_ms is None:
            return "real nets"
        parts = [f"simulated recognition: waits {self.recognition_ms:g} ms a page"]
        if self.detection_ms is not None:
            parts.append(f"simulated detection: waits {self.detection_ms:g} ms a page")
        return f"{'; '.join(parts)}. Nothing is read: these are no speeds of reading"


@dataclass(frozen=True)
class Point:
    """What was measured with one number of replicas.

    Attributes:
        replicas: Of recognition.
        detection_replicas: Of detection.
        clients: Requests under way at once.
        answered: Requests answered.
        failed: Requests not answered.
        images_per_s: Answered requests a second.
        p50_s: Median latency.
        wall_s: Length of the run.
        used: CPU use by role.
        busy_cores: Cores that the whole machine had busy, other programs and the load generator included.
        cores: Cores of the machine.
    """

    replicas: int
    detection_replicas: int
    clients: int
    answered: int
    failed: int
    images_per_s: float
    p50_s: float | None
    wall_s: float
    used: Mapping[str, RoleUse]
    busy_cores: float
    cores: int

    def cores_of(self, role: str) -> float:
        """Cores that a role used."""
        return self.used[role].cpu_s / self.wall_s if role in self.used else 0.0

    def as_dict(self, simulation: Simulation) -> dict[str, object]:
        """For JSON."""
        return {**asdict(self), "saturated": saturated(self, simulation)}


def saturated(point: Point, simulation: Simulation) -> str:
    """What holds the speed of a point, in a few words.

    Args:
        point: What was measured.
        simulation: How long its stages waited.
    """
    if simulation.recognition_ms is not None:
        limit = 1e3 * point.replicas / simulation.recognition_ms
        if point.images_per_s >= _KEEPS_UP * limit:
            return "recognition (its waits)"
    busiest = max(point.used, key=lambda role: point.used[role].busiest_s)
    if point.used[busiest].busiest_s >= _BUSY_PROCESS * point.wall_s:
        return f"{busiest} (a process with a whole core)"
    if point.busy_cores >= _BUSY_MACHINE * point.cores:
        if sum(point.cores_of(role) for role in point.used) < _OWN_PART * point.busy_cores:
            return f"other programs on the machine's {point.cores} cores: measure at rest"
        return f"the machine's {point.cores} cores, most of them {max(point.used, key=point.cores_of)}"
    return "nothing seen: more clients may help"
