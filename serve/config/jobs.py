"""Settings of jobs."""

import base64
import binascii
import os
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, model_validator

from models.settings import SettingsSection

__all__ = ["JobsSettings", "is_webhook_secret"]

_DAY_S = 24 * 3600.0
_MEGAPIXELS_OF_PAGE_WORK = 4
_STORE_SCHEMES = ("sqlite:", "postgresql:")
_UPLOAD_SCHEMES = ("file://", "s3://")
_SECRET_PREFIX = "whsec_"
# Standard Webhooks: 24 to 64 bytes.
_SECRET_BYTES = range(24, 65)


class JobsSettings(SettingsSection):
    """Settings of asynchronous jobs: `/v1/jobs`, and the work on them in the background.

    The password of a PostgreSQL may stand in `store`, or in a place that libpq reads: `PGPASSWORD`, `PGPASSFILE`.
    """

    enabled: bool | None = Field(
        default=None,
        description="Whether jobs are taken. Not set: true for `rayocr serve`; on a Ray cluster only with a `store` "
        "that all its nodes reach.",
    )
    store: SecretStr | None = Field(
        default=None,
        description="Where jobs and results are kept: `postgresql://user@host/database`, which any number of ingress "
        "replicas share, or `sqlite:////folder/jobs.db` on the disk of one machine. Not set: SQLite in `directory`.",
    )
    directory: str | None = Field(
        default=None,
        description="Folder of the SQLite store if `store` is not set, and of uploads if `uploads` is not set. Not "
        "set: `rayocr/jobs` in `$XDG_DATA_HOME`, or in `~/.local/share`.",
    )
    uploads: str | None = Field(
        default=None,
        description="Where uploaded files wait until they are read: `s3://bucket/prefix/`, which all nodes reach, or "
        "`file:///folder/`. Not set: `uploads` in `directory`.",
    )
    keep_uploads: bool | None = Field(
        default=None,
        description="Whether uploaded files are kept as long as their job, so that the web page can show them beside "
        "what was read. Otherwise each is deleted once it is read. Not set: for `rayocr serve` on a loopback address "
        "only.",
    )
    max_pages: int = Field(
        default=10_000, ge=1, le=1_000_000, description="The most documents of a job, those of a prefix included."
    )
    max_body_bytes: int = Field(
        default=1024**3,
        ge=1024,
        description="The most bytes of a request that submits a job, with all its files together. They are stored as "
        "they come in. Each file also has the limit of `http.max_body_bytes`.",
    )
    upload_timeout_s: float = Field(
        default=3600.0,
        gt=0,
        description="Time in which a request that submits a job has to come in, with all its files. Then it gets 504.",
    )
    max_queued_pages_per_client: int = Field(
        default=100_000, ge=1, description="Pages of one client that may wait. Further pages get 429."
    )
    max_queued_pages: int = Field(
        default=500_000, ge=1, description="Pages of all clients that may wait. Further pages get 503."
    )
    max_upload_bytes_per_client: int = Field(
        default=100 * 1024**3,
        ge=1,
        description="Bytes of one client's uploads in jobs that have not ended, and of those that "
        "`keep_uploads` keeps. Further uploads get 429.",
    )
    max_upload_bytes: int = Field(
        default=500 * 1024**3,
        ge=1,
        description="Bytes of all clients' uploads in jobs that have not ended, and of those that "
        "`keep_uploads` keeps. Further uploads get 507.",
    )
    min_free_bytes: int = Field(
        default=256 * 1024**2,
        ge=0,
        description="Bytes that uploads leave free on a local disk of `uploads` or `store`, for results. Further "
        "uploads get 507, and `GET /readyz` tells.",
    )
    weights: dict[str, Annotated[float, Field(gt=0, le=1000)]] = Field(
        default={},
        description="Share of each client, by its name, when several clients have pages waiting, such as "
        "`{nightly: 0.2}`. A client that is not named has 1.",
    )
    prices: dict[str, Annotated[float, Field(ge=0)]] = Field(
        default={},
        description="What a page and a second of a stage's work cost, for `rayocr usage`, such as `{pages: 0.0005, "
        "recognition_s: 0.00002}`.",
    )
    pages_in_work: int | None = Field(
        default=None,
        ge=1,
        le=1000,
        description="Pages of jobs that one ingress replica has in work at a time. Pages beyond the capacity of the "
        "replicas only wait. Not set: enough to keep all replicas of the stages busy, and to let their number grow.",
    )
    page_work_s: float = Field(
        default=5.0,
        gt=0,
        le=3600,
        description=f"Working time for a job's page of up to {_MEGAPIXELS_OF_PAGE_WORK} megapixels, and in proportion "
        "for larger ones; waiting does not count. A page that takes longer fails with `page_timeout`.",
    )
    attempts: int = Field(
        default=5,
        ge=1,
        le=100,
        description="Attempts at a page that fails in a way that may pass, such as a storage that does not answer, "
        "with growing random pauses. A refusal because of load does not count.",
    )
    most_losses: int = Field(
        default=3,
        ge=1,
        le=100,
        description="How often a worker may vanish while it works on a page before the page fails with `poison`. After "
        "the first time the page runs alone.",
    )
    lease_s: float = Field(
        default=20.0,
        ge=1,
        le=3600,
        description="How long a page stays with a worker that gives no sign of life. A worker gives four in that time. "
        "Lower takes over the pages of a dead worker sooner, and mistakes a busy one for dead more easily.",
    )
    poll_s: float = Field(
        default=0.5,
        ge=0.05,
        le=60,
        description="How often a worker without work asks for some. A job may wait that long before it begins.",
    )
    retention_s: float = Field(
        default=3 * _DAY_S,
        ge=0,
        description="How long a job is kept after its end. Then it is deleted with all its results.",
    )
    webhook_secret: SecretStr | None = Field(
        default=None,
        description="Key that signs webhooks (Standard Webhooks): `whsec_` and 24 to 64 bytes as base64. Not set: a "
        "job with a webhook is refused, unless its client has a key of its own.",
    )
    webhook_secrets_directory: str | None = Field(
        default=None,
        description="Folder with one file for each client, named like its API key, with the `whsec_` key that signs "
        "its webhooks. So no client can forge those of another. Changes take effect at once. A client without a file "
        "has `webhook_secret`.",
    )
    webhook_timeout_s: float = Field(
        default=15.0, gt=0, le=300, description="Time for a receiver of a webhook to answer, at each attempt."
    )
    webhook_retry_s: float = Field(
        default=_DAY_S,
        ge=0,
        description="How long the delivery of a webhook is attempted, with growing pauses, before it is given up.",
    )

    @property
    def heartbeat_s(self) -> float:
        """How often a worker extends its leases, and searches for leases that ran out."""
        return self.lease_s / 4

    @property
    def folder(self) -> Path:
        """The folder of SQLite and of uploads if nothing else is set."""
        if self.directory is not None:
            return Path(self.directory).expanduser().absolute()
        data = os.environ.get("XDG_DATA_HOME", "")
        # The XDG specification says to ignore a relative path.
        base = Path(data) if Path(data).is_absolute() else Path.home() / ".local" / "share"
        return base / "rayocr" / "jobs"

    @property
    def store_url(self) -> str:
        """The URL for `JobStore.open`, which may hold a password."""
        return f"sqlite:///{self.folder / 'jobs.db'}" if self.store is None else self.store.get_secret_value()

    @property
    def uploads_location(self) -> str:
        """The prefix of uploads, `file://` or `s3://`, with a slash at its end."""
        location = (self.folder / "uploads").as_uri() if self.uploads is None else self.uploads
        return location.rstrip("/") + "/"

    # The whole section is checked at once: a check of one field would show a secret's value in its message.
    @model_validator(mode="after")
    def _usable(self) -> "JobsSettings":
        if self.store is not None and not self.store.get_secret_value().startswith(_STORE_SCHEMES):
            raise ValueError("store must begin with sqlite:/// or postgresql://")
        if self.uploads is not None and not self.uploads.startswith(_UPLOAD_SCHEMES):
            raise ValueError("uploads must begin with s3:// or file://")
        if self.webhook_secret is not None and not is_webhook_secret(self.webhook_secret.get_secret_value()):
            raise ValueError("webhook_secret must be whsec_ and 24 to 64 bytes as base64")
        return self


def is_webhook_secret(secret: str) -> bool:
    """Whether a text is a secret of Standard Webhooks, 24 to 64 bytes."""
    if not secret.startswith(_SECRET_PREFIX):
        return False
    try:
        return len(base64.b64decode(secret.removeprefix(_SECRET_PREFIX), validate=True)) in _SECRET_BYTES
    except binascii.Error:
        return False
