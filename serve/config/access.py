"""Reads the access file, which gives single clients rights of their own, and again while the service runs."""

import logging
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, ValidationError, field_validator

from deployments.storage.settings import checked_prefixes
from models.errors import ConfigurationError
from models.settings import SettingsSection
from serve.config.settings import DoorName, HttpSettings

__all__ = ["NO_ACCESS", "AccessFile", "ClientAccess", "Entrance", "access_file", "check_access_file", "key_files"]

logger = logging.getLogger("ray.serve")

_RELOAD_PERIOD_S = 5.0
_MOST_BYTES = 1 << 20  # a Secret or ConfigMap of Kubernetes holds no more
_MOST_NAMES = 5  # in one message


#: The ways into the service: its own API in two parts, and the doors.
Entrance = Literal["ocr", "jobs", DoorName]
_HOST = r"^\.?[a-z0-9-]+(\.[a-z0-9-]+)*$"
HostNames = tuple[Annotated[str, Field(pattern=_HOST)], ...] | None
"""Names of hosts in lower case; a leading dot means all names below."""


class ClientAccess(SettingsSection):
    """The rights of one client. What the file leaves out follows the settings, which hold for all clients."""

    read: tuple[str, ...] | None = Field(default=None, description="What it may read in S3, instead of storage.allowed")
    write: tuple[str, ...] | None = Field(
        default=None, description="Where it may have results written in S3. So far the service writes none there."
    )
    https: HostNames = Field(
        default=None,
        description="Hosts that its https:// sources may be on, redirects included, instead of "
        "storage.https_allowed_hosts",
    )
    webhooks: HostNames = Field(
        default=None, description="Hosts that its webhooks may be on, among those of storage.https_allowed_hosts"
    )
    doors: tuple[Entrance, ...] | None = Field(
        default=None,
        description="The ways in that it may use: ocr (/v1/ocr and all that shows documents), jobs, and the names of "
        "http.doors",
    )
    models: tuple[str, ...] | None = Field(default=None, description="The bundles that may read its documents")
    max_pages: int | None = Field(
        default=None, ge=1, description="The most pages of one document, if less than http.max_pages"
    )
    max_requests: int | None = Field(
        default=None,
        ge=1,
        description="The most of its requests that a replica of the ingress has in work, instead of "
        "http.max_concurrent_requests_per_client",
    )
    pages_per_minute: int | None = Field(
        default=None,
        ge=1,
        description="The pages of its requests in a minute, on average; as many at once after a pause",
    )
    pages_per_month: int | None = Field(
        default=None, ge=1, description="The pages of its requests and jobs in a month of UTC"
    )
    weight: float | None = Field(
        default=None, gt=0, le=1000, description="Its share when several clients have pages waiting, as jobs.weights"
    )
    expires: datetime | None = Field(
        default=None,
        description="The moment from which its key is refused: 2027-01-31T18:00:00+01:00, or 2027-01-31 for the first "
        "moment of that day in UTC",
    )

    _are_prefixes = field_validator("read", "write")(checked_prefixes)

    @field_validator("expires")
    @classmethod
    def _with_zone(cls, value: datetime | None) -> datetime | None:
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)


#: Of a client that the file does not name: the settings hold.
NO_ACCESS = ClientAccess()


class _AccessTree(SettingsSection):
    keys: dict[str, ClientAccess]


class AccessFile:
    """Knows the rights that a YAML file gives to clients. Changes of the file take effect when one is next asked for.

    Args:
        path: The file: `keys: {CLIENT: {read: [s3://bucket/prefix/], max_pages: 100}}`.
        keys_directory: The folder with the clients' API keys.
        clock: A clock in seconds that never runs backwards.

    Raises:
        ConfigurationError: The file can't be read, or holds anything else.
    """

    def __init__(self, path: Path, keys_directory: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._keys_directory = keys_directory
        self._clock = clock
        self._content = _read(path)
        self._clients = _parsed(path, self._content)
        self._reloaded_at_s = -math.inf
        self._complaint = ""

    def of(self, client: str) -> ClientAccess:
        """Find the rights of a client.

        Args:
            client: The client's name. A client that the file does not name has no rights of its own.
        """
        if self._clock() - self._reloaded_at_s > _RELOAD_PERIOD_S:
            self._reloaded_at_s = self._clock()  # before the reload, so that only one thread makes it
            self._reload()
        return self._clients.get(client, NO_ACCESS)

    def check_names(self) -> None:
        """Refuse names that have no API key: most likely they are misspelt.

        Raises:
            ConfigurationError: There are such names, or the folder of keys can't be read.
        """
        try:
            unknown = sorted(self._clients.keys() - {file.name for file in key_files(self._keys_directory)})
        except OSError as exc:
            raise ConfigurationError(
                f"the API keys can't be read: {exc.filename}: {exc.strerror} (http.api_keys_directory)"
            ) from exc
        if unknown:
            more = f" and {len(unknown) - _MOST_NAMES} more" if len(unknown) > _MOST_NAMES else ""
            raise ConfigurationError(
                f"the access file {self._path} (http.access_file) names clients without an API key: "
                f"{', '.join(unknown[:_MOST_NAMES])}{more}; correct their names, take them out, or add their keys to "
                f"{self._keys_directory} (http.api_keys_directory)"
            )

    def _reload(self) -> None:
        complaint = ""
        try:
            content = _read(self._path)
            if content != self._content:
                self._clients, self._content = _parsed(self._path, content), content
                logger.info("the access file was changed: %d clients", len(self._clients))
        except ConfigurationError as exc:
            complaint = f"{exc}; the previous rights still hold"
        else:
            try:
                # A key may go before its rights do. That gives nobody rights, so only the start refuses it.
                self.check_names()
            except ConfigurationError as exc:
                complaint = str(exc)
        if complaint and complaint != self._complaint:
            logger.error("%s", complaint)
        self._complaint = complaint


def access_file(http: HttpSettings) -> AccessFile | None:
    """Read the access file that the settings name, if they name one.

    Raises:
        ConfigurationError: It can't be used.
    """
    if http.access_file is None or http.api_keys_directory is None:  # the settings refuse it without keys
        return None
    return AccessFile(Path(http.access_file), Path(http.api_keys_directory))


def check_access_file(http: HttpSettings) -> None:
    """Refuse an access file with any fault, before the service starts.

    Raises:
        ConfigurationError: It can't be used, or names clients without an API key.
    """
    access = access_file(http)
    if access is not None:
        access.check_names()


def key_files(directory: Path) -> list[Path]:
    """List the files of API keys, each named for its client. Names that begin with a dot are Kubernetes' own.

    Raises:
        OSError: The folder can't be read.
    """
    return sorted(path for path in directory.iterdir() if not path.name.startswith(".") and path.is_file())


class _TextLoader(yaml.CBaseLoader):
    """Reads every scalar as text, so that clients may be called 007 or `on`, and no key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):  # any other is refused below
                if key.value in seen:
                    raise yaml.MarkedYAMLError(None, None, f"{key.value} is there twice", key.start_mark)
                seen.add(key.value)
        mapping: dict[object, object] = super().construct_mapping(node, deep)
        return mapping


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as exc:
        raise ConfigurationError(f"the access file {path} can't be read: {exc.strerror} (http.access_file)") from exc
    if len(content) > _MOST_BYTES:
        raise ConfigurationError(f"the access file {path} (http.access_file) has more than {_MOST_BYTES:,} bytes")
    return content


def _parsed(path: Path, content: bytes) -> dict[str, ClientAccess]:
    try:
        return _AccessTree.model_validate(yaml.load(content, _TextLoader)).keys
    except ValidationError as exc:
        problems = "; ".join(_explained(entry["loc"], entry["type"], entry["msg"]) for entry in exc.errors()[:3])
        raise ConfigurationError(
            f"the access file {path} (http.access_file) is not valid: {problems}. "
            "Its form is keys: {CLIENT: {read: [s3://bucket/prefix/]}}"
        ) from exc
    except (yaml.YAMLError, RecursionError) as exc:
        raise ConfigurationError(f"the access file {path} (http.access_file) is not valid YAML: {exc}") from exc


def _explained(location: tuple[int | str, ...], kind: str, message: str) -> str:
    where = ".".join(map(str, location)) or "the file"
    if kind == "extra_forbidden":
        return f"{where} is not a right that rayocr knows"
    return f"{where}: {message.removeprefix('Value error, ')}"
