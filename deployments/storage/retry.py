"""Repeats attempts with growing random pauses, under one time limit, for storages that are reached over a network."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from deployments.storage.settings import StorageSettings
from models.errors import StorageUnavailable

__all__ = ["Deadline", "Retry"]

Result = TypeVar("Result")

_FIRST_PAUSE_S = 0.2
_LONGEST_PAUSE_S = 5.0
# 0.2 s doubled so often is over the longest pause. Without this bound, many attempts would make the power overflow.
_DOUBLINGS = 5


class Deadline:
    """The moment at which one fetch must be over.

    Args:
        total_s: Time from now, in seconds.
        clock: A clock in seconds that never runs backwards.
    """

    def __init__(self, total_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._total_s = total_s
        self._end = clock() + total_s

    def remaining_s(self) -> float:
        """Seconds left; negative when the time is over."""
        return self._end - self._clock()

    def check(self, shown: str) -> None:
        """Stop a fetch whose time is over.

        Args:
            shown: The location as it may appear in a message.

        Raises:
            StorageUnavailable: The time is over.
        """
        if self.remaining_s() <= 0:
            raise StorageUnavailable(f"{shown} was not read within {self._total_s:g} s (storage.total_timeout_s)")


@dataclass(frozen=True, slots=True)
class Retry:
    """Repeats attempts that failed with an error that may pass.

    The pause before attempt n is random between 0 and 0.2 s * 2^(n-1), at most 5 s ("full jitter": many workers that
    failed together don't come back together). boto3's own retries are off, so that a body that breaks off counts as an
    attempt too, and one time limit holds for all attempts.

    Args:
        max_attempts: Attempts in all, at least 1.
        total_timeout_s: Time for all attempts together, in seconds.
        clock: A clock in seconds that never runs backwards.
        sleep: Waits that many seconds.
        uniform: Gives a random number between its two arguments.
    """

    max_attempts: int
    total_timeout_s: float
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    uniform: Callable[[float, float], float] = random.uniform

    @classmethod
    def from_settings(cls, settings: StorageSettings) -> "Retry":
        """Make a `Retry` with the settings' attempts and time limit."""
        return cls(max_attempts=settings.max_attempts, total_timeout_s=settings.total_timeout_s)

    def call(self, attempt: Callable[[Deadline], Result]) -> Result:
        """Repeat an attempt until it succeeds, fails for good, or attempts or time are used up.

        Args:
            attempt: Does the work within the time limit that it shares with the other attempts.

        Returns:
            The result of the first successful attempt.

        Raises:
            StorageUnavailable: The last attempt failed with it. Any other error passes through at once.
        """
        deadline = Deadline(self.total_timeout_s, self.clock)
        for number in range(1, self.max_attempts):
            try:
                return attempt(deadline)
            except StorageUnavailable:
                pause_s = self.uniform(0.0, min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2 ** min(number - 1, _DOUBLINGS)))
                if pause_s >= deadline.remaining_s():
                    raise
                self.sleep(pause_s)
        return attempt(deadline)
