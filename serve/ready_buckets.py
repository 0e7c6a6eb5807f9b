"""Whether the buckets that a service reads from can be reached, for GET /readyz."""

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from deployments.storage import StorageSettings
from models.errors import RayocrError

if TYPE_CHECKING:
    from deployments.storage.s3 import S3Storage

__all__ = ["ReadyBuckets"]

logger = logging.getLogger("ray.serve")

_TIMEOUT_S = 5.0
# Less, so that the error with the address of the storage comes first.
_PHASE_TIMEOUT_S = 4.0
# How long an answer is remembered: probes come from every node, and must not become a load of their own.
_GOOD_FOR_S = 15.0
_BAD_FOR_S = 3.0


class ReadyBuckets:
    """Asks S3 for each bucket, and remembers the answer for some seconds.

    Args:
        settings: Names the buckets.
    """

    def __init__(self, settings: StorageSettings) -> None:
        self._settings = settings
        self._storage: S3Storage | None = None
        self._asking = asyncio.Lock()
        self._problem: str | None = None
        self._holds_until_s = float("-inf")

    async def problem(self) -> str | None:
        """Which buckets can't be reached and why, in one sentence; None when all can, or none is asked for."""
        if not self._settings.ready_buckets:
            return None
        async with self._asking:
            if time.monotonic() > self._holds_until_s:
                self._problem = await self._ask_all()
                self._holds_until_s = time.monotonic() + (_GOOD_FOR_S if self._problem is None else _BAD_FOR_S)
            return self._problem

    async def _ask_all(self) -> str | None:
        if self._storage is None:
            self._storage = await asyncio.to_thread(_build, self._settings)
        answers = await asyncio.gather(*(self._ask(self._storage, name) for name in self._settings.ready_buckets))
        problems = "; ".join(answer for answer in answers if answer is not None)
        if problems:
            logger.warning("not ready: %s", problems)
        return problems or None

    @staticmethod
    async def _ask(storage: "S3Storage", bucket: str) -> str | None:
        try:
            # The thread goes on alone when its time is over: nothing can interrupt the look-up of a host's name.
            await asyncio.wait_for(asyncio.to_thread(storage.check_bucket, bucket), _TIMEOUT_S)
        except TimeoutError:
            return f"the bucket {bucket!r} of storage.ready_buckets: no answer within {_TIMEOUT_S:g} s"
        except RayocrError as exc:
            return f"the bucket {bucket!r} of storage.ready_buckets: {exc}"
        return None


def _build(settings: StorageSettings) -> "S3Storage":
    from deployments.storage.s3 import S3Storage  # boto3: 30 MB, for those who ask for it

    quick = {
        "connect_timeout_s": min(settings.connect_timeout_s, _PHASE_TIMEOUT_S),
        "read_timeout_s": min(settings.read_timeout_s, _PHASE_TIMEOUT_S),
        "max_attempts": 1,
    }
    return S3Storage(settings.model_copy(update=quick))
