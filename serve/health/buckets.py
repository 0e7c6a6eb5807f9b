"""Checks whether the buckets that a service reads can be reached, for GET /readyz."""

import asyncio
import logging
from typing import TYPE_CHECKING

from deployments.storage import StorageSettings
from serve.health.check import ReadyCheck, problem_of

if TYPE_CHECKING:
    from deployments.storage.s3.storage import S3Storage

__all__ = ["ReadyBuckets"]

logger = logging.getLogger("ray.serve")

# This is less than a check may take, so that the error with the address of the storage comes first.
_PHASE_TIMEOUT_S = 4.0
_GOOD_FOR_S = 15.0
_BAD_FOR_S = 3.0


class ReadyBuckets(ReadyCheck):
    """Asks S3 for each bucket.

    Args:
        settings: Settings that name the buckets.
    """

    def __init__(self, settings: StorageSettings) -> None:
        super().__init__(_GOOD_FOR_S, _BAD_FOR_S)
        self._settings = settings
        self._storage: S3Storage | None = None

    async def _ask(self) -> str | None:
        if not self._settings.ready_buckets:
            return None
        if self._storage is None:
            self._storage = await asyncio.to_thread(_build, self._settings)
        check = self._storage.check_bucket
        answers = await asyncio.gather(
            *(
                problem_of(f"the bucket {bucket!r} of storage.ready_buckets", asyncio.to_thread(check, bucket))
                for bucket in self._settings.ready_buckets
            )
        )
        problems = "; ".join(answer for answer in answers if answer is not None)
        if problems:
            logger.warning("not ready: %s", problems)
        return problems or None


def _build(settings: StorageSettings) -> "S3Storage":
    from deployments.storage.s3.storage import S3Storage  # boto3 takes 30 MB, so only this check imports it

    quick = {
        "connect_timeout_s": min(settings.connect_timeout_s, _PHASE_TIMEOUT_S),
        "read_timeout_s": min(settings.read_timeout_s, _PHASE_TIMEOUT_S),
        "max_attempts": 1,
    }
    return S3Storage(settings.model_copy(update=quick))
