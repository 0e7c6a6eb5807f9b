"""The store of jobs, as the rest of the service uses it."""

from collections.abc import Callable

from serve.config.jobs import JobsSettings
from serve.jobs.records import QueueLimits, equal_weight
from serve.jobs.store.database.transactions import Database
from serve.jobs.store.deliveries import Deliveries
from serve.jobs.store.endings import Endings
from serve.jobs.store.leases import Leases
from serve.jobs.store.marks import Marks
from serve.jobs.store.stored_bytes import StoredBytes
from serve.jobs.store.submissions import Submissions
from serve.jobs.store.usage import UsageCounts
from serve.jobs.store.views import Views

__all__ = ["JobStore"]


class JobStore:
    """All jobs, shared by any number of threads and processes, and with PostgreSQL also by machines.

    Every method blocks, usually for milliseconds, so asynchronous code calls it in a thread. A change is durable when
    its method returns. A method raises `StorageUnavailable` if the database does not answer. Methods that a client of
    the HTTP API waits for (`submissions`, `views`, `endings.cancel`) raise `Overloaded` instead, which is 503 with
    Retry-After. Both errors pass, and neither loses an accepted job. If the database's disk is full, a method raises
    `InsufficientStorage`.

    Args:
        database: The database of the jobs.
        limits: Limits of the queue.

    Attributes:
        submissions: Takes new jobs.
        leases: Hands pages out to workers.
        views: Reads jobs and their results.
        endings: Cancels jobs, and removes those that are too old.
        deliveries: Keeps the webhooks.
        stored: Counts the bytes of uploads.
        marks: Names the store, so that it removes no uploads but its own.
        usage: Counts what clients use.
    """

    def __init__(self, database: Database, limits: QueueLimits) -> None:
        self._database = database
        self.submissions = Submissions(database, limits)
        self.leases = Leases(database, limits)
        self.views = Views(database)
        self.endings = Endings(database, limits)
        self.deliveries = Deliveries(database)
        self.stored = StoredBytes(database, limits)
        self.marks = Marks(database)
        self.usage = UsageCounts(database)

    @classmethod
    def open(cls, url: str, limits: QueueLimits) -> "JobStore":
        """Make the store of a URL. Nothing is connected before the first use, which also makes the tables.

        A process that was forked must open a store of its own.

        Args:
            url: `sqlite:////absolute/path.db` or `postgresql://user:password@host:port/database`.
            limits: Limits of the queue.

        Raises:
            ConfigurationError: The URL has no known scheme or no absolute path, or the folder can't be made.
        """
        return cls(Database.open(url), limits)

    @classmethod
    def of(cls, jobs: JobsSettings, weight_of: Callable[[str], float] = equal_weight) -> "JobStore":
        """Make the store that the settings name, see `open`.

        Args:
            jobs: Settings of jobs.
            weight_of: Gives the share of an owner, by its name, when several wait.
        """
        limits = QueueLimits(
            jobs.max_queued_pages_per_client,
            jobs.max_queued_pages,
            jobs.retention_s,
            weight_of,
            jobs.max_upload_bytes_per_client,
            jobs.max_upload_bytes,
            keep_uploads=bool(jobs.keep_uploads),
        )
        return cls.open(jobs.store_url, limits)

    def check(self) -> None:
        """Ask the database for a sign of life.

        Raises:
            StorageUnavailable: The database does not answer.
            ConfigurationError: The tables belong to another version of rayocr.
        """
        self._database.check()

    def close(self) -> None:
        """Close all connections. The store must not be used afterwards."""
        self._database.close()
