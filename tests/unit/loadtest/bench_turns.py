"""Turns of a bench with made-up figures."""

from collections.abc import Mapping

from loadtest.bench import Comparison, Turn
from loadtest.data.accuracy import Counts, Unit
from loadtest.measuring.latency import Latency
from loadtest.measuring.machine import Machine
from loadtest.measuring.meter import ResourceUse
from loadtest.measuring.report import Accuracy, Report

__all__ = ["comparison", "turn"]


def turn(
    number: int,
    system: str,
    images_per_s: float,
    *,
    cpu_s: float = 5.0,
    p95_s: float = 2.0,
    pictures: int = 10,
    answered: int | None = None,
    dataset: str = "sroie",
    clients: int = 8,
    idle_cores: float | None = None,
    f1_hits: int = 9,
    subject: str | None = None,
    profile: Mapping[str, object] | None = None,
) -> Turn:
    """One turn; `cpu_s` is that of the whole set, `f1_hits` are tenths of F1."""
    answered = pictures if answered is None else answered
    report = Report(
        subject=subject or ("rayocr" if system.startswith("rayocr") else f"{system} 1.0"),
        dataset=dataset,
        pictures=pictures,
        clients=clients,
        requests=pictures,
        answered=answered,
        wall_s=answered / images_per_s,
        latency_s=Latency(p95_s / 2, p95_s, p95_s, p95_s),
        resources=ResourceUse(cpu_s, 900_000_000, 12),
        accuracy=Accuracy(Unit.WORD, Counts(f1_hits, 10, 10), None, 10, 10),
    )
    return Turn(number, system, report.as_dict(), idle_cores, profile)


def comparison(*turns: Turn, settings: str = "") -> Comparison:
    """A comparison on a machine that does not exist."""
    return Comparison(Machine("Test CPU", 2, ("avx2",)), "2026-11-21", settings, list(turns))
