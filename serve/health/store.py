"""Checks whether the store of jobs answers, for GET /readyz."""

from serve.health.check import ReadyCheck, problem_of
from serve.jobs.runtime import JobsRuntime

__all__ = ["ReadyStore"]

_GOOD_FOR_S = 5.0
_BAD_FOR_S = 1.0


class ReadyStore(ReadyCheck):
    """Asks the store for a sign of life.

    Args:
        jobs: The runtime of jobs, which has the store.
    """

    def __init__(self, jobs: JobsRuntime) -> None:
        super().__init__(_GOOD_FOR_S, _BAD_FOR_S)
        self._jobs = jobs

    async def _ask(self) -> str | None:
        return await problem_of("the store of jobs (jobs.store)", self._jobs.in_store(self._jobs.store.check))
