"""The tables. Counts are columns of owners and jobs, so that no query ever counts pages."""

from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)

from serve.jobs.records import PageState

__all__ = [
    "VERSION",
    "Phase",
    "attempts",
    "deliveries",
    "identity",
    "jobs",
    "marks",
    "metadata",
    "owners",
    "paces",
    "pages",
    "results",
    "stored",
    "trash",
    "usage",
    "version",
]

#: Version of the tables below. A store of another version is not opened.
VERSION = 1


class Phase(StrEnum):
    """The state of a page within the store, which tells three kinds of waiting apart."""

    READY = "ready"
    DELAYED = "delayed"
    """The page is put off until `ready_at`."""
    SUSPECT = "suspect"
    """The page is ready, but a worker was lost over it."""
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"

    @property
    def state(self) -> PageState:
        """The state of such a page outside the store."""
        if self in (Phase.READY, Phase.DELAYED, Phase.SUSPECT):
            return PageState.QUEUED
        return PageState(self.value)


metadata = MetaData()

# SQLite numbers rows by itself only in a column of exactly this type.
_Key = BigInteger().with_variant(Integer, "sqlite")

#: `queued` counts pages in the first three phases, `ready` those in the first. fairness.py explains virtual times.
owners = Table(
    "rayocr_owners",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("queued", Integer, nullable=False, default=0),
    Column("ready", Integer, nullable=False, default=0),
    Column("virtual", Float(53), nullable=False, default=0.0),
    Column("served", Float(53), nullable=False, default=0.0),
    Column("jobs_served", Float(53), nullable=False, default=0.0),
)

jobs = Table(
    "rayocr_jobs",
    metadata,
    Column("key", _Key, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("owner", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("total", Integer, nullable=False),
    Column("done", Integer, nullable=False, default=0),
    Column("failed", Integer, nullable=False, default=0),
    Column("cancelled", Integer, nullable=False, default=0),
    Column("queued", Integer, nullable=False),
    Column("ready", Integer, nullable=False),
    Column("running", Integer, nullable=False, default=0),
    Column("virtual", Float(53), nullable=False),
    Column("created", Float(53), nullable=False),
    Column("started", Float(53)),
    Column("ended", Float(53)),
    Column("expires", Float(53)),
    Column("options", Text, nullable=False),
    Column("warnings", Text, nullable=False),
    Column("webhook", Text),
    Column("idempotency_key", Text),
    Column("request_sha256", Text, nullable=False),
    UniqueConstraint("owner", "idempotency_key"),  # rows without a key are never equal here
    # Keys grow and are never used again, so a cursor of the listing stays valid.
    sqlite_autoincrement=True,
)


def _partial(name: str, table: Table, columns: tuple[str, ...], where: object, *, unique: bool = False) -> Index:
    picked = [table.c[column] for column in columns]
    return Index(name, *picked, unique=unique, sqlite_where=where, postgresql_where=where)


_partial("rayocr_jobs_ready", jobs, ("owner", "virtual", "key"), jobs.c.ready > 0)
_partial("rayocr_jobs_queued", jobs, ("key",), jobs.c.state == "queued")
_partial("rayocr_jobs_running", jobs, ("key",), jobs.c.running > 0)
_partial("rayocr_jobs_expiring", jobs, ("expires",), jobs.c.expires.is_not(None))
Index("rayocr_jobs_of_owner", jobs.c.owner, jobs.c.key)

pages = Table(
    "rayocr_pages",
    metadata,
    Column("job_key", BigInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    #: Page of the document. It is always 1 until documents of several pages are read.
    Column("page", Integer, nullable=False, default=1),
    Column("phase", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("is_upload", Boolean(create_constraint=False), nullable=False),
    Column("size_bytes", BigInteger),
    Column("attempts", SmallInteger, nullable=False, default=0),
    Column("losses", SmallInteger, nullable=False, default=0),
    Column("ready_at", Float(53)),
    Column("token", Text),
    Column("worker", Text),
    Column("leased_until", Float(53)),
    Column("sequence", Integer),
    Column("code", Text),
    Column("message", Text),
    sqlite_with_rowid=False,
)

# The phase is a column of the index, too. Otherwise SQLite takes the primary key, and reads all settled pages before
# the first that is ready.
_partial("rayocr_pages_ready", pages, ("job_key", "phase", "number"), pages.c.phase == Phase.READY.value)
_partial("rayocr_pages_delayed", pages, ("ready_at",), pages.c.phase == Phase.DELAYED.value)
_partial("rayocr_pages_suspect", pages, ("losses", "job_key", "number"), pages.c.phase == Phase.SUSPECT.value)
# The end of a lease is in no index: each heartbeat moves it, and there are never many leases.
_partial("rayocr_pages_leased", pages, ("token",), pages.c.phase == Phase.RUNNING.value, unique=True)
_partial("rayocr_pages_settled", pages, ("job_key", "sequence"), pages.c.sequence.is_not(None), unique=True)

#: Results have a table of their own, so that pages stay small.
results = Table(
    "rayocr_results",
    metadata,
    Column("job_key", BigInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),  # JSON, compressed with zlib
)

#: Uploads to be deleted. A row is removed once its upload is.
trash = Table(
    "rayocr_trash",
    metadata,
    Column("key", _Key, primary_key=True),
    Column("location", Text, nullable=False, index=True),
)

#: Webhooks of jobs that have ended.
deliveries = Table(
    "rayocr_deliveries",
    metadata,
    Column("job_key", BigInteger, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("created", Float(53), nullable=False),
    Column("next_at", Float(53)),
    Column("leased_until", Float(53), nullable=False, default=0.0),
)
_partial("rayocr_deliveries_due", deliveries, ("next_at",), deliveries.c.state == "pending")

attempts = Table(
    "rayocr_delivery_attempts",
    metadata,
    Column("key", _Key, primary_key=True),
    Column("job_key", BigInteger, nullable=False, index=True),
    Column("at", Float(53), nullable=False),
    Column("status", Integer),
    Column("error", Text),
)

#: The id of this store, in one row.
identity = Table(
    "rayocr_jobs_identity",
    metadata,
    Column("slot", SmallInteger, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False),
)

#: Marks that this store has set beside its uploads. marks.py explains them.
marks = Table(
    "rayocr_uploads_marks",
    metadata,
    Column("key", _Key, primary_key=True),
    Column("mark", Text, nullable=False, index=True),
)

#: Bytes of the uploads of each job that has not ended, and of submissions that go on.
stored = Table(
    "rayocr_stored_bytes",
    metadata,
    Column("job_id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("created", Float(53), nullable=False),
)

#: What clients have used, by months in UTC.
usage = Table(
    "rayocr_usage",
    metadata,
    Column("client", Text, primary_key=True),
    Column("month", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("amount", Float(53), nullable=False),
)

#: Buckets of tokens of clients whose pages a minute are limited.
paces = Table(
    "rayocr_usage_paces",
    metadata,
    Column("client", Text, primary_key=True),
    Column("tokens", Float(53), nullable=False),
    Column("at", Float(53), nullable=False),
)

version = Table("rayocr_jobs_schema", metadata, Column("version", Integer, primary_key=True, autoincrement=False))
