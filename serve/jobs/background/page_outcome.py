"""Decides whether a page of a job that failed gets another attempt."""

import logging
import random
from dataclasses import dataclass

from models.errors import Overloaded, RayocrError, ReplicaCrashed
from serve.jobs.records import POISON

__all__ = ["Failure", "Retry", "after_error"]

logger = logging.getLogger("ray.serve")

_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 60.0
# One second doubled so often is over the longest pause. Without this bound, many attempts would make the power
# overflow.
_DOUBLINGS = 6


@dataclass(frozen=True, slots=True)
class Retry:
    """The decision for another attempt.

    Args:
        delay_s: Seconds from now before which the attempt must not begin.
        counts: Whether the attempt that failed counts towards the attempts that a page has.
    """

    delay_s: float
    counts: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """The decision that the page has failed.

    Args:
        code: Stable code, as POST /v1/ocr would answer it, or `poison`.
        message: One sentence for a person.
    """

    code: str
    message: str


def after_error(error: Exception, attempt: int, most_attempts: int) -> Retry | Failure:
    """Decide what to do with a page after an error.

    Args:
        error: The error that reading the page raised.
        attempt: Number of the attempt that failed, counted from 1.
        most_attempts: Attempts that a page has.
    """
    if isinstance(error, Overloaded):  # not the page's fault, however often it comes
        return Retry(max(_FIRST_PAUSE_S, error.retry_after_s) * random.uniform(0.5, 1.5), counts=False)
    if isinstance(error, RayocrError) and error.retryable and attempt < most_attempts:
        longest_s = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** min(attempt - 1, _DOUBLINGS))
        return Retry(longest_s * random.uniform(0.5, 1.0), counts=True)
    if isinstance(error, ReplicaCrashed):
        return Failure(POISON, error.message)
    if isinstance(error, RayocrError):
        return Failure(error.code, error.message)
    logger.error("unexpected error on a page of a job", exc_info=error)
    return Failure(RayocrError.code, "something went wrong inside; the log has the details under this page's id")
