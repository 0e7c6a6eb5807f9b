"""Counts what clients use, and refuses those that have used up their pages."""

import asyncio
import logging
import math
import random
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ray.util.metrics import Counter

from models.errors import QuotaExceeded, RayocrError
from serve.config.rights import ClientRights
from serve.jobs.store.usage import MINUTE_S, PAGES, Standing, UsageCounts, month_of, refilled

__all__ = ["UsageLedger"]

logger = logging.getLogger("ray.serve")

# Between two writes, replicas do not see each other's pages.
_WRITE_EVERY_S = 1.0
_FRESH_S = 2.0


@dataclass(slots=True)
class _Known:
    """What the store said of a client, and when, by a clock that never runs backwards."""

    standing: Standing
    at: float


class UsageLedger:
    """What each client has used. It is counted here, and written every second to the store that all replicas share.

    A store that does not answer keeps nobody from reading: what is used meanwhile is written when it answers, and until
    then the last numbers hold. All methods are for the event loop of one ingress replica.

    Args:
        counts: The counts in the store.
        in_store: Calls a method of the counts in a thread.
        rights: What clients may use.
        clock: A clock in seconds that never runs backwards.
        now: The present time, in seconds since the epoch.
    """

    def __init__(
        self,
        counts: UsageCounts,
        in_store: Callable[..., Awaitable[Any]],
        rights: ClientRights,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._counts = counts
        self._in_store = in_store
        self._rights = rights
        self._clock = clock
        self._now = now
        self._spent: defaultdict[str, defaultdict[str, float]] = defaultdict(_amounts)
        self._paced: defaultdict[str, float] = defaultdict(float)
        self._known: dict[str, _Known] = {}
        self._complaint = ""
        self._pages = Counter(
            "rayocr_client_pages_total", "Pages that were read for a client with an API key.", tag_keys=("client",)
        )

    def add(self, client: str, work_ms: Mapping[str, float], *, is_paced: bool) -> None:
        """Count a page that was read.

        Args:
            client: Name of the client; '' if no keys are asked for, and nothing is counted.
            work_ms: Time of work by stage, in milliseconds.
            is_paced: Whether the page counts for the client's pages a minute, as those of jobs do not.
        """
        if not client:
            return
        spent = self._spent[client]
        spent[PAGES] += 1
        for stage, ms in work_ms.items():
            spent[f"{stage}_s"] += ms / 1000
        if is_paced:
            self._paced[client] += 1
        self._pages.inc(tags={"client": client})

    def check(self, client: str) -> None:
        """Refuse a request whose client has used up its pages of this minute or month.

        Args:
            client: Name of the client.

        Raises:
            QuotaExceeded: It has.
        """
        self.check_month(client)
        tokens, pace = self._tokens(client), self._rights.of(client).pages_per_minute
        if tokens is not None and pace is not None and tokens < 1:
            raise QuotaExceeded(
                f"the client {client} has used its {pace:,} pages a minute: try again after the time in Retry-After "
                f"(keys.{client}.pages_per_minute in http.access_file)",
                (1 - tokens) * MINUTE_S / pace,
            )

    async def check_job(self, client: str, pages: int) -> None:
        """Refuse a job that needs more pages than its client has left in this month, as `check_month` does."""
        await self.look(client)
        self.check_month(client, pages)

    def check_month(self, client: str, pages: int = 1) -> None:
        """Refuse what needs more pages than a client has left in this month.

        Args:
            client: Name of the client.
            pages: The pages that are needed at least.

        Raises:
            QuotaExceeded: It needs more.
        """
        left, budget = self._left(client), self._rights.of(client).pages_per_month
        if left is not None and left < pages:
            raise QuotaExceeded(
                f"the client {client} has {max(0, left):,} of its {budget:,} pages of this month left, and {pages:,} "
                f"are asked for (keys.{client}.pages_per_month in http.access_file)",
                self._month_s(),
            )

    def headers(self, client: str) -> list[tuple[str, str]]:
        """Make the headers that tell a client its limits, as draft-ietf-httpapi-ratelimit-headers-10 has them.

        Args:
            client: Name of the client.
        """
        access, tokens, left = self._rights.of(client), self._tokens(client), self._left(client)
        policy, state = [], []
        if (pace := access.pages_per_minute) is not None and tokens is not None:
            policy.append(f'"minute";q={pace};w=60')
            state.append(f'"minute";r={max(0, int(tokens))};t={math.ceil((pace - tokens) * MINUTE_S / pace)}')
        if left is not None:
            policy.append(f'"month";q={access.pages_per_month}')
            state.append(f'"month";r={max(0, left)};t={math.ceil(self._month_s())}')
        return [("ratelimit-policy", ", ".join(policy)), ("ratelimit", ", ".join(state))] if policy else []

    async def look(self, client: str) -> None:
        """Ask the store where a client with limits is, unless it was asked lately.

        Args:
            client: Name of the client.
        """
        access, known = self._rights.of(client), self._known.get(client)
        if not client or (access.pages_per_minute is None and access.pages_per_month is None):
            return
        if known is not None and self._clock() - known.at < _FRESH_S:
            return
        try:
            standing = await self._in_store(self._counts.standing, client, access.pages_per_minute)
        except RayocrError as error:
            self._complain(error)
        else:
            self._known[client] = _Known(standing, self._clock())

    async def keep_writing(self) -> None:
        """Write every second what was used, until this is cancelled."""
        while True:
            await asyncio.sleep(_WRITE_EVERY_S * random.uniform(0.75, 1.25))
            await self.write()

    async def write(self) -> None:
        """Write what was used since the last time."""
        if not self._spent:
            return
        spent, paced = self._spent, self._paced
        self._spent, self._paced = defaultdict(_amounts), defaultdict(float)
        paces = {
            client: (float(pace), paced[client])
            for client in spent
            if (pace := self._rights.of(client).pages_per_minute) is not None
        }
        try:
            standings = await self._in_store(self._counts.add, spent, paces)
        except RayocrError as error:
            self._complain(error)
            for client, amounts in spent.items():
                for name, amount in amounts.items():
                    self._spent[client][name] += amount
                self._paced[client] += paced[client]
            return
        if self._complaint:
            logger.info("what clients use is written again")
        self._complaint = ""
        at = self._clock()
        self._known |= {client: _Known(standing, at) for client, standing in standings.items()}

    def _complain(self, error: RayocrError) -> None:
        if str(error) != self._complaint:
            logger.error("what clients use is kept in memory until it can be written: %s", error)
        self._complaint = str(error)

    def _left(self, client: str) -> int | None:
        """Pages that a client has left in this month; None without a budget, or before the store has answered."""
        budget, known = self._rights.of(client).pages_per_month, self._known.get(client)
        if budget is None or known is None:
            return None
        used = known.standing.pages if known.standing.month == month_of(self._now()) else 0
        return budget - used - round(self._spent[client][PAGES] if client in self._spent else 0)

    def _tokens(self, client: str) -> float | None:
        """Tokens in a client's bucket; None without a pace, or before the store has answered."""
        pace, known = self._rights.of(client).pages_per_minute, self._known.get(client)
        if pace is None or known is None or known.standing.tokens is None:
            return None
        return refilled(known.standing.tokens, self._clock() - known.at, pace) - self._paced.get(client, 0.0)

    def _month_s(self) -> float:
        """Seconds to the end of this month."""
        now = datetime.fromtimestamp(self._now(), UTC)
        following = (now.replace(day=1) + timedelta(days=32)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return (following - now).total_seconds()


def _amounts() -> defaultdict[str, float]:
    return defaultdict(float)
