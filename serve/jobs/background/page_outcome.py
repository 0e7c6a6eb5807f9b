"""What becomes of a page of a job that failed: another try, or the end."""

import logging
import random
from dataclasses import dataclass

from models.errors import Overloaded, RayocrError, ReplicaCrashed
from serve.jobs.records import POISON

__all__ = ["Failure", "Retry", "after_error"]

logger = logging.getLogger("ray.serve")

_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 60.0
# One second doubled so often is over the longest pause; many attempts would make the power overflow.
_DOUBLINGS = 6


@dataclass(frozen=True, slots=True)
class Retry:
    """Another try.

    Args:
        delay_s: Not before so many seconds from now.
        counts: Whether the try that failed counts as one of those that a page has.
    """

    delay_s: float
    counts: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """The end.

    Args:
        code: Stable, as POST /v1/ocr would answer it, or `poison`.
        message: One sentence for a person.
    """

    code: str
    message: str


def after_error(error: Exception, attempt: int, most_attempts: int) -> Retry | Failure:
    """What to do with a page after an error.

    Args:
        error: What reading it raised.
        attempt: The how-manieth try that was, from 1.
        most_attempts: Tries that a page has.
    """
    if isinstance(error, Overloaded):  # no fault of the page, however often it comes
        return Retry(max(_FIRST_PAUSE_S, error.retry_after_s) * random.uniform(0.5, 1.5), counts=False)
    if isinstance(error, RayocrError) and error.retryable and attempt < most_attempts:
        longest_s = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** min(attempt - 1, _DOUBLINGS))
        return Retry(longest_s * random.uniform(0.5, 1.0), counts=True)
    if isinstance(error, ReplicaCrashed):
        return Failure(POISON, error.message)
    if isinstance(error, RayocrError):
        return Failure(error.code, error.message)
    logger.error("unforeseen error over a page of a job", exc_info=error)
    return Failure(RayocrError.code, "something went wrong inside; the log has the details under this page's id")
