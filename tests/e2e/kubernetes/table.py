"""What was measured, for the end of the run."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.e2e.kubernetes.outcome import Outcome

__all__ = ["Measured"]

_COLUMNS = "{:<34} {:>5} {:>15} {:>8} {:>5} {:>6} {:>8} {:>10}"


@dataclass
class Measured:
    """Figures of one run.

    Args:
        seconds: What took how long, by a few words.
        outcomes: The requests under each fault, and the seconds until all was whole again.
        memory_bytes: Of each pod at rest.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    outcomes: dict[str, tuple[Outcome, float]] = field(default_factory=dict)
    memory_bytes: Mapping[str, int] = field(default_factory=dict)

    def lines(self) -> list[str]:
        """The figures as text."""
        lines = [f"{what}: {seconds:.0f} s" for what, seconds in self.seconds.items()]
        if self.outcomes:
            header = ("fault", "sent", "failed at first", "retried", "lost", "wrong", "gap (s)", "whole (s)")
            lines += ["", _COLUMNS.format(*header)]
        for fault, (outcome, whole_s) in self.outcomes.items():
            failed, gap = sum(map(len, outcome.failures.values())), f"{outcome.longest_gap_s:.1f}"
            counts = (outcome.sent, failed, outcome.retried, outcome.lost, outcome.wrong)
            codes = ", ".join(
                f"{len(times)} {code} from {min(times):.0f} to {max(times):.0f} s"
                for code, times in outcome.failures.items()
            )
            lines.append(f"{_COLUMNS.format(fault, *counts, gap, f'{whole_s:.0f}')}  {codes}".rstrip())
        lines += ["", *(f"{pod}: {held / 1e6:.0f} MB" for pod, held in self.memory_bytes.items())]
        return lines
