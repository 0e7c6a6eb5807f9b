"""The objects that jobs need at run time, made once for each ingress replica."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ParamSpec, TypeVar

from deployments.storage import SERVICE_SCHEMES, build_storage
from deployments.storage.file import path_from_location
from models.errors import InsufficientStorage
from serve.audit import AuditLog
from serve.config.bundle import default_model
from serve.config.jobs import JobsSettings
from serve.config.rights import ClientRights
from serve.config.settings import Settings
from serve.jobs.room import DiskRoom
from serve.jobs.store import JobStore
from serve.jobs.uploads import Uploads
from serve.jobs.usage import UsageLedger

__all__ = ["JobsRuntime"]

P = ParamSpec("P")
Result = TypeVar("Result")

# Calls of the store take milliseconds, so few threads are enough. SQLite has one writer anyway, and each thread costs a
# connection of PostgreSQL.
_STORE_THREADS = 4
# An upload to S3 mostly waits, and so does a listing.
_STORAGE_THREADS = 8


class JobsRuntime:
    """The store of jobs, their uploads, and threads to use both from asynchronous code.

    Args:
        settings: The whole tree.

    Raises:
        ConfigurationError: The store or the folder of uploads can't be used.
        StorageUnavailable: The store does not answer.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.rights = ClientRights(settings)
        self.store = JobStore.of(settings.jobs, self.rights.weight)
        self.uploads = Uploads(settings.jobs.uploads_location, settings.storage, self.store.marks)
        self.room = _room_of(settings.jobs)
        #: The storages that a client may name, to list a prefix and to decode data: URLs.
        self.storage = build_storage(settings.storage, SERVICE_SCHEMES)
        #: Called when a job was submitted here. The worker on jobs sets it, to begin at once.
        self.on_new: Callable[[], None] = _nothing
        self.audit = AuditLog(settings.logging.audit)
        #: What clients have used.
        self.usage = UsageLedger(self.store.usage, self.in_store, self.rights)
        self._store_threads = ThreadPoolExecutor(_STORE_THREADS, "jobs-store")
        self._heartbeat_thread = ThreadPoolExecutor(1, "jobs-heartbeat")
        self._storage_threads = ThreadPoolExecutor(_STORAGE_THREADS, "jobs-storage")

    def check_model(self, owner: str, model: object) -> None:
        """Refuse a job whose owner may not have it read by a bundle, as `ClientRights.check_model` says.

        Args:
            owner: The client's name.
            model: Name of the bundle; None for the default one.
        """
        self.rights.check_model(owner, str(model or default_model(self.settings)))

    async def in_store(self, call: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
        """Call the store from asynchronous code, such as `in_store(store.views.job, job_id, owner)`.

        A call that has begun goes on when its caller is cancelled.

        Args:
            call: A method of the store.
            args: Its positional arguments.
            kwargs: Its keyword arguments.
        """
        return await asyncio.wrap_future(self._store_threads.submit(call, *args, **kwargs))

    async def in_store_at_once(self, call: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
        """Call the store for a sign of life, as `in_store` does, but never behind the calls of clients."""
        return await asyncio.wrap_future(self._heartbeat_thread.submit(call, *args, **kwargs))

    async def freeing(self, call: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
        """Call a method of the store that frees space, as `in_store` does, even if the store's disk is full."""
        try:
            return await self.in_store(call, *args, **kwargs)
        except InsufficientStorage:
            if not await self.in_storage(self.room.give_reserve):
                raise
        return await self.in_store(call, *args, **kwargs)

    async def in_storage(self, call: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
        """Call uploads or storage from asynchronous code, as `in_store` calls the store.

        Args:
            call: A method of `uploads` or `storage`.
            args: Its positional arguments.
            kwargs: Its keyword arguments.
        """
        return await asyncio.wrap_future(self._storage_threads.submit(call, *args, **kwargs))

    def close(self) -> None:
        """End the threads when their calls have ended, then close everything."""
        self._store_threads.shutdown()
        self._heartbeat_thread.shutdown()
        self._storage_threads.shutdown()
        self.audit.close()
        self.storage.close()
        self.uploads.close()
        self.store.close()


def _room_of(jobs: JobsSettings) -> DiskRoom:
    store, uploads = jobs.store_url, jobs.uploads_location
    return DiskRoom(
        Path(store.removeprefix("sqlite:///")).parent if store.startswith("sqlite:") else None,
        path_from_location(uploads) if uploads.startswith("file:") else None,
        jobs.min_free_bytes,
    )


def _nothing() -> None:
    pass
