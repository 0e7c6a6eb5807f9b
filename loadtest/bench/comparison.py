"""What a comparison found, as values and as its JSON file."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from loadtest.measuring.machine import Machine
from loadtest.measuring.report import read_figures
from loadtest.peers import Peer

__all__ = [
    "KIND",
    "ONE_CLIENT",
    "SERVICE",
    "Comparison",
    "Turn",
    "is_service",
    "label_of",
    "read_comparison",
    "service_system",
]

KIND = "bench"
"""What the file says it is."""

SERVICE = "rayocr"
"""The system under test, driven by the plan's clients, with the first of its bundles."""

ONE_CLIENT = "rayocr, one client"
"""The same with a single client, for its latency."""


@dataclass(frozen=True)
class Turn:
    """One system on one set in one round.

    Attributes:
        round: Its number, from 1.
        system: `SERVICE`, a `service_system`, `ONE_CLIENT` or the name of a `Peer`.
        report: `Report.as_dict` of the measurement.
        idle_cores: Cores that the idle service used while a peer ran, taken from the peer; None when not measured.
        profile: `Profile.as_dict` of the same pictures, read by the service once more; None when not asked for.
    """

    round: int
    system: str
    report: Mapping[str, object]
    idle_cores: float | None = None
    profile: Mapping[str, Any] | None = None

    @property
    def dataset(self) -> str:
        """Name of the set."""
        return str(self.report["dataset"])

    @property
    def has_failures(self) -> bool:
        """Whether anything failed, or was never read."""
        report = self.report
        return (
            report["answered"] != report["requests"] or bool(report["warmup_failures"]) or bool(report["is_cut_short"])
        )

    def figure(self, path: str) -> float | None:
        """Number at a dotted path of the report, None where a part of the path is null.

        Raises:
            KeyError: There is no such figure.
        """
        value: object = self.report
        for key in path.split("."):
            if not isinstance(value, Mapping):
                return None
            value = value[key]
        return float(value) if isinstance(value, int | float) else None


@dataclass(frozen=True)
class Comparison:
    """All turns of a run, and what they were measured on.

    Attributes:
        machine: The machine that both sides ran on.
        date: Day of the run, as 2026-11-30.
        settings: Versions and settings of the service, as it prints them; empty when not given.
        turns: In the order they were measured.
    """

    machine: Machine
    date: str
    settings: str
    turns: Sequence[Turn]

    def with_turn(self, turn: Turn) -> "Comparison":
        """The same with one more turn."""
        return replace(self, turns=[*self.turns, turn])

    def label_of(self, system: str) -> str:
        """Name of a system for people, that of the service with its bundle."""
        subjects = (str(turn.report["subject"]) for turn in self.turns if turn.system == system)
        return next(subjects) if is_service(system) else label_of(system)

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return {"kind": KIND, **asdict(self)}

    def write(self, path: Path) -> None:
        """Write the JSON file."""
        path.write_text(json.dumps(self.as_dict(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read_comparison(path: Path) -> Comparison:
    """Read a file that `Comparison.write` wrote.

    Raises:
        LoadtestError: It can't be read, or holds something else.
    """
    return read_figures(path, KIND, _comparison)


def service_system(bundle: str) -> str:
    """Name of the service as a system with a further bundle, which is a name or the path of a manifest."""
    return f"{SERVICE} {Path(bundle).stem}"


def is_service(system: str) -> bool:
    """Whether a system is the service with one of its bundles, driven by the plan's clients."""
    return system == SERVICE or system.startswith(f"{SERVICE} ")


def label_of(system: str) -> str:
    """Name of a system for people."""
    return Peer(system).label if system in set(Peer) else system


def _comparison(fields: Mapping[str, Any]) -> Comparison:
    if not isinstance(fields["turns"], list):
        raise TypeError("turns must be a list")
    return Comparison(
        Machine.from_dict(fields["machine"]),
        str(fields["date"]),
        str(fields["settings"]),
        [Turn(**turn) for turn in fields["turns"]],
    )
