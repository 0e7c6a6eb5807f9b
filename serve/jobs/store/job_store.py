"""The store of jobs as the rest of the service knows it."""

from serve.jobs.records import QueueLimits
from serve.jobs.store.database.transactions import Database
from serve.jobs.store.deliveries import Deliveries
from serve.jobs.store.endings import Endings
from serve.jobs.store.leases import Leases
from serve.jobs.store.submissions import Submissions
from serve.jobs.store.views import Views

__all__ = ["JobStore"]


class JobStore:
    """All jobs, shared by any number of threads and processes; with PostgreSQL also by machines.

    Every method blocks, usually for milliseconds: asynchronous code calls it in a thread. What a method returned is
    durable. A method raises `StorageUnavailable` where the database does not answer; those that a client of the HTTP
    API waits for (`submissions`, `views`, `endings.cancel`) raise `Overloaded` instead, which is 503 with Retry-After.
    Both pass, and nothing that was accepted is lost by them. `InsufficientStorage` is raised where its disk is full.

    Args:
        database: To keep them in.
        limits: Of the queue.

    Attributes:
        submissions: Handing jobs in.
        leases: Working on pages.
        views: Looking at jobs and their results.
        endings: Cancelling, and removing what is too old.
        deliveries: Webhooks.
    """

    def __init__(self, database: Database, limits: QueueLimits) -> None:
        self._database = database
        self.submissions = Submissions(database, limits)
        self.leases = Leases(database, limits)
        self.views = Views(database)
        self.endings = Endings(database, limits)
        self.deliveries = Deliveries(database)

    @classmethod
    def open(cls, url: str, limits: QueueLimits) -> "JobStore":
        """Make the store of a URL. Nothing is connected before the first use, which also makes the tables.

        A process that was forked must open a store of its own.

        Args:
            url: `sqlite:////absolute/path.db` or `postgresql://user:password@host:port/database`.
            limits: Of the queue.

        Raises:
            ConfigurationError: The URL has no known scheme or no absolute path, or the folder can't be made.
        """
        return cls(Database.open(url), limits)

    def check(self) -> None:
        """Ask the database for a sign of life.

        Raises:
            StorageUnavailable: It does not answer.
            ConfigurationError: Its tables are those of another version of rayocr.
        """
        self._database.check()

    def close(self) -> None:
        """Close all connections. The store must not be used afterwards."""
        self._database.close()
