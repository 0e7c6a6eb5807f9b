"""Reads the clients' keys from a folder with one file for each client, such as a mounted Secret of Kubernetes."""

import asyncio
import hashlib
import hmac
import logging
import re
import secrets
import time
from collections.abc import Callable
from pathlib import Path

from starlette.datastructures import Headers

from models.errors import ConfigurationError
from serve.config.access import key_files

__all__ = ["MOST_KEYS", "ApiKeys", "digest_of", "hash_line", "keys_in", "new_key", "presented_key"]

logger = logging.getLogger("ray.serve")

MOST_KEYS = 2
"""The most keys of a client: the present one, and the one before or after it while it is changed."""

# A shorter key can be guessed by trying.
_SHORTEST_KEY = 16
_RELOAD_PERIOD_S = 5.0
# A random key of 256 bits has as many values as its hash, so that a slow hash would add nothing (decision 0067).
_KEY_BYTES = 32
_HASH = re.compile(r"sha256:([0-9a-f]{64})")


class ApiKeys:
    """Knows the client of each key. Changes in the folder take effect when a key is next asked for.

    Only SHA-256 digests are kept, and all of them are compared, so that the time tells nothing about a key.
    `secrets_of` reads keys anew.

    Args:
        directory: A folder of files, each named for a client, with its key or its two keys in a line each: a key as it
            is, or its hash (`hash_line`). Names that begin with a dot are skipped.
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
                "named for the client, with the key as its content (rayocr keys new CLIENT --directory FOLDER)"
            )
        self._reloaded_at_s = clock()
        self._complaint = ""

    async def client_of(self, key: str) -> str | None:
        """Find the name of the client whose key this is; None for an unknown key."""
        await self._reload_if_due()
        digest = digest_of(key)
        found = None
        for known, client in self._clients.items():
            if hmac.compare_digest(known, digest):
                found = client
        return found

    async def digests_of(self, client: str) -> list[bytes]:
        """List the digests of a client's keys; none for an unknown client.

        Args:
            client: The client's name.
        """
        await self._reload_if_due()
        return [digest for digest, name in self._clients.items() if name == client]

    async def secrets_of(self, client: str) -> list[str]:
        """List the keys of a client, read anew, for protocols that send a signature in place of the key.

        Args:
            client: The client's name.

        Returns:
            The keys that the client's file holds as they are, and that were loaded. Hashes are left out.
        """
        digests = await self.digests_of(client)
        if not digests:
            return []
        found = await asyncio.to_thread(_secrets_in, self._directory / client)
        return [key for key in found if digest_of(key) in digests]

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


def new_key() -> str:
    """Make a random key of 256 bits, in characters that a header, a file and a shell carry."""
    return secrets.token_urlsafe(_KEY_BYTES)


def digest_of(key: str) -> bytes:
    """The SHA-256 of a key."""
    return hashlib.sha256(key.encode()).digest()


def hash_line(key: str) -> str:
    """Write the line of a client's file that stands for a key without telling it.

    Args:
        key: The key.
    """
    return f"sha256:{digest_of(key).hex()}"


def _read(directory: Path) -> dict[bytes, str]:
    """Read the clients' names, by the digests of their keys."""
    clients: dict[bytes, str] = {}
    try:
        for file in key_files(directory):
            for line in keys_in(file):
                known = _HASH.fullmatch(line)
                digest = bytes.fromhex(known[1]) if known else digest_of(line)
                if clients.get(digest) == file.name:
                    raise ConfigurationError(f"{file.name} has one API key twice: take one of the lines out")
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


def _secrets_in(file: Path) -> list[str]:
    try:
        return [line for line in keys_in(file) if not _HASH.fullmatch(line)]
    except (OSError, ConfigurationError):
        return []  # the next reload tells the log


def keys_in(file: Path) -> list[str]:
    """Read the keys and hashes in a client's file, the newest last.

    Args:
        file: The file, named for the client.

    Raises:
        ConfigurationError: One can't be used, or there are none or too many.
        OSError: The file can't be read.
    """
    lines = file.read_bytes().decode("ascii", errors="replace").split("\n")
    found = [_checked(line.strip(), file.name) for line in lines if line.strip()]
    if not found:
        raise ConfigurationError(f"the file of {file.name} holds no API key: make one with rayocr keys new")
    if len(found) > MOST_KEYS:
        raise ConfigurationError(
            f"{file.name} has {len(found)} API keys: a client has one, and a second one while it is changed"
        )
    return found


def _checked(key: str, client: str) -> str:
    if not (key.isascii() and key.isprintable()) or " " in key:
        raise ConfigurationError(
            f"the API key of {client} is not a single word of ASCII characters: a header can't carry it"
        )
    if key.startswith("sha256:") and not _HASH.fullmatch(key):
        raise ConfigurationError(f"the hash of {client}'s API key is not sha256: and 64 digits of 0-9 and a-f")
    if len(key) < _SHORTEST_KEY:
        raise ConfigurationError(
            f"the API key of {client} has {len(key)} characters, less than {_SHORTEST_KEY}: make one with "
            "rayocr keys new"
        )
    return key
