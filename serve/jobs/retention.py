"""Removing jobs that ended long ago, and uploads that nothing needs any more."""

import logging

from models.errors import RayocrError
from serve.jobs.service import Jobs

__all__ = ["Retention"]

logger = logging.getLogger("ray.serve")

_JOBS = 100
_UPLOADS = 1000


class Retention:
    """Keeps the store and the uploads from growing without end. Any number of replicas may do it at once.

    Args:
        jobs: The store and the uploads.
    """

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    async def clear(self) -> None:
        """Remove all that is due.

        Raises:
            StorageUnavailable: The store does not answer.
        """
        endings = self._jobs.store.endings
        while await self._jobs.in_store(endings.expire, _JOBS) == _JOBS:
            pass
        while locations := await self._jobs.in_store(endings.trash, _UPLOADS):
            gone, failure = await self._jobs.in_storage(self._jobs.uploads.delete, locations)
            await self._jobs.in_store(endings.emptied, gone)
            if failure is not None:
                logger.warning("uploads of jobs can't be removed, which is tried again: %s", failure)
                return

    async def clear_quietly(self) -> None:
        """As `clear`, for a loop: what is in the way is logged, and passes."""
        try:
            await self.clear()
        except RayocrError as exc:
            logger.warning("jobs that are too old can't be removed, which is tried again: %s", exc)
        except Exception:  # the loop must go on, whatever a store comes up with
            logger.exception("jobs that are too old could not be removed")
