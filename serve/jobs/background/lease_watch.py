"""Finds out which workers are lost, by signs of life and the monotonic clock of this process."""

import time
from collections.abc import Callable, Mapping

__all__ = ["LeaseWatch"]


class LeaseWatch:
    """Tells which leases have not been extended for their whole length.

    No clock but this process's own is read, so a step of the store's clock loses no worker. While the store was away,
    or this process stood still, others could not be seen to extend their leases: the time then begins anew.

    Args:
        lease_s: Length of a lease, in seconds. Look several times in it.
        clock: A clock in seconds that never runs backwards.
    """

    def __init__(self, lease_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._lease_s = lease_s
        self._clock = clock
        self._looked_at = clock()
        self._seen: dict[tuple[str, float], float] = {}  # the time at which a lease was first seen with this end

    def lost(self, held: Mapping[str, float]) -> dict[str, float]:
        """Look at the leases, and return those that are lost.

        Args:
            held: The end of each lease by its token, by whatever clock.
        """
        now = self._clock()
        if now - self._looked_at > self._lease_s:
            self.begin_anew()
        self._looked_at = now
        self._seen = {lease: self._seen.get(lease, now) for lease in held.items()}
        return {token: end for (token, end), seen_at in self._seen.items() if now - seen_at >= self._lease_s}

    def begin_anew(self) -> None:
        """Give every worker the whole length of a lease, because the store was away."""
        self._seen.clear()
