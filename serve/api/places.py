"""Counts the requests of each kind that go on at a time, and refuses those beyond a limit."""

from collections import Counter
from collections.abc import Callable

from models.errors import Overloaded, QuotaExceeded

__all__ = ["Places"]


class Places:
    """So many requests of one kind at a time, of which a client with an API key may have a share.

    Args:
        most: The most requests.
        share: Gives the most of them that a client may have, by its name. It is not asked for requests without a key.
        doing: What these requests do, for messages, such as `in work`.
        retry_after_s: How long a refusal tells the client to wait.
    """

    def __init__(self, most: int, share: Callable[[str], int], doing: str, retry_after_s: float) -> None:
        self._most = most
        self._share = share
        self._doing = doing
        self._retry_after_s = retry_after_s
        self._of_client: Counter[str] = Counter()

    @property
    def taken(self) -> int:
        """The number of requests that have a place."""
        return self._of_client.total()

    def check(self, client: str) -> None:
        """Refuse a request if all places, or all of its client, are taken.

        Args:
            client: Name of its client; '' without keys.

        Raises:
            Overloaded: All places are taken.
            QuotaExceeded: The client has its share of them.
        """
        if (taken := self.taken) >= self._most:
            raise Overloaded(
                f"{taken} requests are {self._doing}, the limit of this replica: try again after the time in "
                "Retry-After",
                self._retry_after_s,
            )
        if client and (own := self._of_client[client]) >= self._share(client):
            raise QuotaExceeded(
                f"{own} requests of this API key are {self._doing}, its share of this replica: try again after the "
                "time in Retry-After, or raise http.max_concurrent_requests_per_client or the client's max_requests",
                self._retry_after_s,
            )

    def take(self, client: str) -> None:
        """Give a request a place, or refuse it as `check` does."""
        self.check(client)
        self._of_client[client] += 1

    def give_back(self, client: str) -> None:
        """Take the place of a request that has ended."""
        self._of_client -= Counter([client])  # which forgets those at zero
