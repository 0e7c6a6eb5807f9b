"""Settings of the storages. Credentials and endpoint of S3 are not here: they only come from boto3's own chain."""

import re
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated

from pydantic import Field, StringConstraints, field_validator

from deployments.storage.rights import EVERYTHING
from models.settings import SettingsSection

__all__ = ["BUCKET_PATTERN", "StorageSettings", "checked_prefixes"]

# AWS's rules for bucket names; MinIO and Ceph follow them.
BUCKET_PATTERN = r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"

_UNBOUNDED_ATTEMPTS = 1_000_000


def checked_prefixes(prefixes: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Refuse prefixes of objects in S3 that say nothing clear; a validator of pydantic.

    Args:
        prefixes: `s3://bucket/prefix/` each, or `EVERYTHING`.

    Raises:
        ValueError: One of them has another form.
    """
    for prefix in prefixes or ():
        if prefix != EVERYTHING and not _is_prefix(prefix):
            raise ValueError(
                f"{prefix[:80]!r} is not s3://bucket or s3://bucket/prefix/ without empty parts, '.' and '..'"
            )
    return prefixes


class StorageSettings(SettingsSection):
    """Settings for fetching documents from s3:// and https://.

    boto3 finds S3's endpoint, region and credentials: `AWS_ENDPOINT_URL[_S3]`, `AWS_ACCESS_KEY_ID` and
    `AWS_SECRET_ACCESS_KEY`, `AWS_PROFILE`, web identity, the instance's role.
    """

    connect_timeout_s: float = Field(
        default=5.0,
        ge=0.1,
        le=60.0,
        description="Time to open a connection, at each attempt. Lower finds a dead storage sooner; too low fails on a "
        "far or busy one.",
    )
    read_timeout_s: float = Field(
        default=10.0,
        ge=0.1,
        le=300.0,
        description="Longest silence while an answer is read, at each attempt. Higher is kinder to a slow storage, and "
        "keeps a worker waiting longer for a dead one.",
    )
    total_timeout_s: float = Field(
        default=60.0,
        ge=0.1,
        le=3600.0,
        description="Time to read one document, or one page of a listing, all attempts and redirects included. Must "
        "suffice for the largest document on the slowest line; one read_timeout_s may come on top.",
    )
    max_attempts: int = Field(
        default=3,
        ge=1,
        le=10,
        description="Attempts at a read that fails in a way that may pass (5xx, throttled, broken off, timed out), "
        "with growing random pauses. More rides out longer disturbances, and loads a storage that is already down.",
    )
    max_connections: int = Field(
        default=16,
        ge=1,
        le=256,
        description="Connections to S3 that a process keeps open. Fewer than there are concurrent reads means new "
        "connections for the rest.",
    )
    https_enabled: bool = Field(
        default=False,
        description="Whether https:// sources are fetched. If so, anyone who may send a request can make this cluster "
        "connect to public addresses of their choice.",
    )
    https_allowed_hosts: tuple[str, ...] = Field(
        default=(),
        description="Host names that https:// may go to, redirects included; a leading dot allows all names below. "
        "Empty allows every host with a public address.",
    )
    https_allowed_networks: tuple[IPv4Network | IPv6Network, ...] = Field(
        default=(),
        description="Networks that https:// may go to although they are not public, such as 10.20.0.0/16 for documents "
        "on the intranet. Each one opens its hosts to anyone who may send a request; cloud metadata stays refused.",
    )
    https_ports: tuple[Annotated[int, Field(ge=1, le=65535)], ...] = Field(
        default=(443,),
        min_length=1,
        description="Ports that https:// may go to. Each further port lets requests probe one more service of every "
        "host.",
    )
    https_max_redirects: int = Field(
        default=3,
        ge=0,
        le=10,
        description="Redirects that https:// follows, each checked like the first address. 0 follows none.",
    )

    allowed: tuple[str, ...] | None = Field(
        default=None,
        description="What clients of the service may read in S3: `s3://bucket/prefix/` each, matched by whole parts of "
        "the path; `s3://` allows all. Not set: all if the service listens on loopback alone and there is no access "
        "file, otherwise nothing. `http.access_file` may give single clients others. `jobs.uploads` is never read for "
        "a client.",
    )

    ready_buckets: tuple[Annotated[str, StringConstraints(pattern=BUCKET_PATTERN)], ...] = Field(
        default=(),
        description="Buckets that must be reachable for `GET /readyz` to answer 200, such as the one with the scans. "
        "Needs s3:ListBucket for each. Empty: storage is first reached by a request.",
    )

    _are_prefixes = field_validator("allowed")(checked_prefixes)

    def with_patience(self, patience_s: float) -> "StorageSettings":
        """Settings for runs that nobody waits for. They limit the time of all attempts, not their number.

        Args:
            patience_s: Time in seconds for one read, one write or one page of a listing, all attempts included.
        """
        return self.model_copy(update={"max_attempts": _UNBOUNDED_ATTEMPTS, "total_timeout_s": patience_s})


def _is_prefix(text: str) -> bool:
    bucket, *parts = text.removeprefix(EVERYTHING).removesuffix("/").split("/")
    return text.startswith(EVERYTHING) and bool(re.match(BUCKET_PATTERN, bucket)) and not {"", ".", ".."} & {*parts}
