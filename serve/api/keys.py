"""Reads the clients' keys from a folder with one file for each client, such as a mounted Secret of Kubernetes."""

import asyncio
import hashlib
import hmac
import logging
import time
from collections.abc import Callable
from pathlib import Path

from starlette.datastructures import Headers

from models.errors import ConfigurationError
from serve.config.access import key_files

__all__ = ["ApiKeys", "presented_key"]

logger = logging.getLogger("ray.serve")

# A shorter key can be guessed by trying.
_SHORTEST_KEY = 16
_RELOAD_PERIOD_S = 5.0


class ApiKeys:
    """Knows the client of each key. Changes in the folder take effect when a key is next asked for.

    Only SHA-256 digests are kept, and all of them are compared, so that the time tells nothing about a key. `key_of`
    reads a key anew.

    Args:
        directory: A folder of files, each named for a client and holding its key. Names that begin with a dot are
            skipped.
        clock: A clock in seconds that never runs backwards.

    Raises:
        ConfigurationError: The folder can't be read, holds no key, or holds a key that can't be used.
    """

    def __init__(self, directory: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._directory = directory
        self._clock = clock
        self._clients = _read(directory)
        if not self._clients:
            raise ConfigurationError(
                f"http.api_keys_directory is {directory}, and there is no key in it: add a file for each client, "
                "named for the client, with the key as its content"
            )
        self._reloaded_at_s = clock()
        self._complaint = ""

    async def client_of(self, key: str) -> str | None:
        """Find the name of the client whose key this is; None for an unknown key."""
        await self._reload_if_due()
        digest = _digest(key)
        found = None
        for known, client in self._clients.items():
            if hmac.compare_digest(known, digest):
                found = client
        return found

    async def key_of(self, client: str) -> str | None:
        """Find the key of a client, read anew, for protocols that send a signature in its place.

        Args:
            client: The client's name.

        Returns:
            The key; None for an unknown client, and for one whose file does not hold the key that was loaded.
        """
        await self._reload_if_due()
        if client not in self._clients.values():
            return None
        key = await asyncio.to_thread(_key_in, self._directory / client)
        return key if key is not None and self._clients.get(_digest(key)) == client else None

    async def _reload_if_due(self) -> None:
        if self._clock() - self._reloaded_at_s > _RELOAD_PERIOD_S:
            self._reloaded_at_s = self._clock()  # before the reload, so that only one request makes it
            await asyncio.to_thread(self._reload)

    def _reload(self) -> None:
        try:
            clients = _read(self._directory)
            complaint = "" if clients else f"{self._directory} holds no key any more: every request is refused"
        except ConfigurationError as exc:
            clients = self._clients
            complaint = f"{exc}; the previous keys still hold"
        if complaint and complaint != self._complaint:
            logger.error("%s", complaint)
        if clients != self._clients:
            logger.info("API keys were changed: %d clients", len(clients))
        self._clients, self._complaint = clients, complaint


def presented_key(headers: Headers) -> str:
    """Find the key that a request carries, first in X-API-Key: a proxy in front may use Authorization for itself."""
    if own := headers.get("x-api-key"):
        return own
    scheme, _, key = headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def _read(directory: Path) -> dict[bytes, str]:
    """Read the clients' names, by the digests of their keys."""
    clients: dict[bytes, str] = {}
    try:
        for file in key_files(directory):
            digest = _digest(_checked(file.read_bytes(), file.name))
            if digest in clients:
                raise ConfigurationError(
                    f"the clients {clients[digest]} and {file.name} have one API key: give each its own"
                )
            clients[digest] = file.name
    except OSError as exc:
        raise ConfigurationError(
            f"the API keys can't be read: {exc.filename}: {exc.strerror} (http.api_keys_directory)"
        ) from exc
    return clients


def _key_in(file: Path) -> str | None:
    try:
        return _checked(file.read_bytes(), file.name)
    except (OSError, ConfigurationError):
        return None  # the next reload tells the log


def _checked(content: bytes, client: str) -> str:
    key = content.decode("ascii", errors="replace").strip()
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise ConfigurationError(
            f"the API key of {client} is not a single word of ASCII characters: a header can't carry it"
        )
    if len(key) < _SHORTEST_KEY:
        raise ConfigurationError(
            f"the API key of {client} has {len(key)} characters, less than {_SHORTEST_KEY}: make one with "
            "openssl rand -hex 24"
        )
    return key
