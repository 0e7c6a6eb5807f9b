"""Removes jobs that ended long ago, and uploads that nothing needs any more."""

import logging
from datetime import UTC, datetime, timedelta
from itertools import islice

from models.errors import RayocrError
from serve.jobs.runtime import JobsRuntime

__all__ = ["Retention"]

logger = logging.getLogger("ray.serve")

_JOBS = 100
_UPLOADS = 1000
# Age at which a file whose job does not exist is removed. By then the request that brought it is over.
_ABANDONED_AFTER = timedelta(days=1)


class Retention:
    """Keeps the store and the uploads from growing without end. Any number of replicas may do so at once.

    Args:
        jobs: The store and the uploads.
    """

    def __init__(self, jobs: JobsRuntime) -> None:
        self._jobs = jobs

    async def clear(self) -> None:
        """Remove all jobs and uploads that are due.

        Raises:
            StorageUnavailable: The store does not answer.
        """
        endings = self._jobs.store.endings
        while await self._jobs.freeing(endings.expire, _JOBS) == _JOBS:
            pass
        while locations := await self._jobs.in_store(endings.trash, _UPLOADS):
            gone, failure = await self._jobs.in_storage(self._jobs.uploads.delete, locations)
            await self._jobs.freeing(endings.emptied, gone)
            if failure is not None:
                logger.warning("uploads of jobs can't be removed; another attempt follows: %s", failure)
                return

    async def keep_reserve(self) -> None:
        """Set space aside, if there is some, so that jobs can be removed when the disk is full."""
        await self._jobs.in_storage(self._jobs.room.keep_reserve)

    async def sweep(self) -> None:
        """Remove files whose job was never made because the service ended during its submission. Lists all uploads.

        Raises:
            StorageUnavailable: The store or the storage of uploads does not answer.
        """
        uploads = self._jobs.uploads
        found = uploads.abandoned(datetime.now(UTC) - _ABANDONED_AFTER)
        while batch := await self._jobs.in_storage(lambda: list(islice(found, _UPLOADS))):
            known = await self._jobs.in_store(self._jobs.store.views.known, {job_id for job_id, _ in batch})
            orphans = [location for job_id, location in batch if job_id not in known]
            _, failure = await self._jobs.in_storage(uploads.delete, orphans)
            if failure is not None:
                raise failure

    async def clear_quietly(self, *, sweep: bool = False) -> None:
        """Remove what is due, as `clear` does, and log errors instead of raising them, for a loop.

        Args:
            sweep: Whether to `sweep` as well.
        """
        try:
            await self.clear()
            await self.keep_reserve()
            if sweep:
                await self.sweep()
        except RayocrError as exc:
            logger.warning("jobs that are too old can't be removed; another attempt follows: %s", exc)
        except Exception:  # the loop must go on, whatever error a store raises
            logger.exception("jobs that are too old could not be removed")
