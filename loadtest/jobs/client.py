"""Handing jobs in, and waiting for them."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import aiohttp

from loadtest.data.pictures import Picture
from loadtest.errors import LoadtestError
from loadtest.measuring.client import failure_code

__all__ = ["JobClient"]

_POLL_S = 0.25
_ACCEPTED = 202


class JobClient:
    """The jobs of one service.

    Args:
        session: With no time limit of its own.
        url: The service's address without the path.
    """

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def submit(self, pictures: Sequence[Picture]) -> str:
        """Hand in a job of these pictures, and return its id.

        Raises:
            LoadtestError: It was refused.
        """
        form = aiohttp.FormData()
        for number, picture in enumerate(pictures):
            name = f"{number}-{picture.name.rsplit('/', 1)[-1]}"
            form.add_field("file", picture.content, filename=name, content_type=picture.content_type)
        async with self._session.post(f"{self._url}/v1/jobs", data=form) as answer:
            body = await answer.read()
            if answer.status != _ACCEPTED:
                code = failure_code(answer.status, body)
                raise LoadtestError(f"a job of {len(pictures)} pictures was refused: {answer.status} {code}")
            job: dict[str, Any] = await answer.json()
        return str(job["id"])

    async def ended(self, job_id: str, timeout_s: float) -> dict[str, Any]:
        """Wait for a job's end, and return the job.

        Raises:
            LoadtestError: It did not end in time.
        """
        give_up = time.monotonic() + timeout_s
        while time.monotonic() < give_up:
            job = await self.job(job_id)
            if job["ended"] is not None:
                return job
            await asyncio.sleep(_POLL_S)
        raise LoadtestError(f"the job {job_id} did not end within {timeout_s:g} s")

    async def job(self, job_id: str) -> dict[str, Any]:
        """A job as it is now."""
        async with self._session.get(f"{self._url}/v1/jobs/{job_id}") as answer:
            job: dict[str, Any] = await answer.json()
        return job

    async def cancel(self, job_id: str) -> None:
        """Cancel a job, or remove one that has ended."""
        async with self._session.delete(f"{self._url}/v1/jobs/{job_id}") as answer:
            await answer.read()
