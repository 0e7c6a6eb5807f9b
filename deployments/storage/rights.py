"""Decides which locations a client of the service may read, before any storage is asked."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import unquote

from deployments.storage.https.hosts import host_of, is_allowed_host
from models.errors import AccessDenied, SourceNotFound

__all__ = ["EVERYTHING", "ReadRights"]

Parts = tuple[str, ...]

EVERYTHING = "s3://"
"""The prefix of all objects of all buckets."""

# Some proxies and gateways decode a key once more than they should. Nobody needs more layers than these.
_MOST_DECODINGS = 3


def _no_list(_client: str) -> tuple[str, ...] | None:
    return None


@dataclass(frozen=True, slots=True)
class ReadRights:
    """The locations that clients may read. Schemes other than `s3://` have rules of their own besides.

    A prefix matches whole parts of a path: `s3://bucket/scans` does not match `s3://bucket/scans-2024/a.jpg`.

    Args:
        allowed: Prefixes that clients may read, such as `s3://bucket/scans`, or `EVERYTHING`.
        hidden: Prefixes that don't exist for clients, whatever is allowed.
        own: Gives the prefixes that a client may read instead of `allowed`, by its name; None if `allowed` holds.
        hosts: Gives the hosts that a client may name in https:// locations; None if it has no hosts of its own.
    """

    allowed: tuple[str, ...] = (EVERYTHING,)
    hidden: tuple[str, ...] = ()
    own: Callable[[str], tuple[str, ...] | None] = _no_list
    hosts: Callable[[str], tuple[str, ...] | None] = _no_list

    def may_read(self, location: str, client: str) -> bool:
        """Whether a client may read a location, or list a prefix.

        Args:
            location: The location, with its scheme.
            client: The client's name; '' if no keys are asked for.
        """
        try:
            self.check(location, client)
        except (AccessDenied, SourceNotFound):
            return False
        return True

    def check(self, location: str, client: str) -> None:
        """Refuse a location that a client may not read. Arguments are those of `may_read`.

        Raises:
            SourceNotFound: The location does not exist for clients.
            AccessDenied: The location is not below one that clients may read.
        """
        if location[: len(EVERYTHING)].lower() != EVERYTHING:
            self._check_host(location, client)
            return
        own = self.own(client)
        allowed = self.allowed if own is None else own
        is_free = EVERYTHING in allowed
        if is_free and not self.hidden:
            return
        readings = _readings(location)
        if any(_is_below(reading, prefix) for reading in readings for prefix in self.hidden):
            raise SourceNotFound(f"{location} does not exist")
        has_dots = any(part in (".", "..") for reading in readings for part in reading)
        if is_free or (
            not has_dots and all(any(_is_below(reading, prefix) for prefix in allowed) for reading in readings)
        ):
            return
        if own is not None:
            raise AccessDenied(
                f"{location} is not below a location that the client {client} may read here "
                f"(keys.{client}.read in http.access_file)"
            )
        if not allowed:
            raise AccessDenied(
                "s3:// is not read for clients here: list what they may read in storage.allowed, such as "
                "s3://bucket/prefix/ (settings.storage.allowed in the chart's values), or upload the document"
            )
        raise AccessDenied(f"{location} is not below a location that clients may read here (storage.allowed)")

    def _check_host(self, location: str, client: str) -> None:
        if location[:8].lower() != "https://" or (hosts := self.hosts(client)) is None:
            return
        if not is_allowed_host(host := host_of(location), hosts):
            raise AccessDenied(
                f"{host[:100]} is not a host that the client {client} may name here "
                f"(keys.{client}.https in http.access_file)"
            )


def _readings(location: str) -> set[Parts]:
    """Split a location as it stands, and in each way in which a storage or a proxy before it may read it."""
    texts = [location[len(EVERYTHING) :]]
    for _ in range(_MOST_DECODINGS):
        texts.append(unquote(texts[-1]))
    found = {tuple(text.split("/")) for text in texts}
    return found | {_resolved(text.replace("\\", "/").split("/")) for text in texts}


def _resolved(parts: Iterable[str]) -> Parts:
    """Follow `.`, `..` and empty parts, as storages do that keep objects as files."""
    kept: list[str] = []
    for part in parts:
        if part == "..":
            del kept[-1:]
        elif part not in ("", "."):
            kept.append(part)
    return tuple(kept)


def _is_below(reading: Parts, prefix: str) -> bool:
    parts = tuple(prefix[len(EVERYTHING) :].rstrip("/").split("/"))
    return reading[: len(parts)] == parts
