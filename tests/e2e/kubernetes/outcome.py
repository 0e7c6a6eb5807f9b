"""What became of the requests of a load."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["Answered", "Outcome", "outcome_of"]


@dataclass(frozen=True)
class Answered:
    """One answer, as load.py tells it.

    Args:
        at_s: When it came, seconds from the start of the load.
        picture: Name of the picture sent.
        attempt: 1, or 2 for one that was sent again.
        failure: None when it succeeded, else why not.
        text: What was read.
    """

    at_s: float
    picture: str
    attempt: int
    failure: str | None
    text: str | None


@dataclass(frozen=True)
class Outcome:
    """Counts of requests; one that was sent again counts once.

    Args:
        sent: All.
        failures: When first attempts failed, in seconds from the start of the load, by their code.
        retried: Sent a second time.
        lost: Neither attempt succeeded, or the failure is none that clients send again.
        wrong: Answered with another text than that of the picture.
        longest_gap_s: The longest time between two successful answers.
    """

    sent: int
    failures: Mapping[str, Sequence[float]]
    retried: int
    lost: int
    wrong: int
    longest_gap_s: float


def outcome_of(answers: Sequence[Answered], texts: Mapping[str, str]) -> Outcome:
    """Count answers.

    Args:
        answers: All of a load.
        texts: The text of each picture.
    """
    first = [answer for answer in answers if answer.attempt == 1]
    good = [answer for answer in answers if answer.failure is None]
    times = sorted(answer.at_s for answer in good)
    failures = defaultdict(list)
    for answer in first:
        if answer.failure is not None:
            failures[answer.failure].append(answer.at_s)
    return Outcome(
        sent=len(first),
        failures=failures,
        retried=len(answers) - len(first),
        lost=len(first) - len(good),
        wrong=sum(answer.text != texts[answer.picture] for answer in good),
        longest_gap_s=max((later - earlier for earlier, later in pairwise(times)), default=0.0),
    )
