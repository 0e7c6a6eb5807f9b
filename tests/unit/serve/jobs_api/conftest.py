"""The real API over a real store; no Ray, so that pages are settled by the tests themselves."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from deployments.pipeline.attempts import Pipeline
from deployments.pipeline.routes import ColocatedReplicas
from serve.api.application import build_api
from serve.api.service import Service
from serve.config.settings import Settings
from serve.jobs.runtime import JobsRuntime

__all__ = ["ALICE", "BOB", "Running", "Start"]

ALICE = {"X-API-Key": "a1b2c3d4e5f60718"}
BOB = {"X-API-Key": "b1b2c3d4e5f60718"}


class Running:
    """A service with jobs, and a client of it."""

    def __init__(self, service: Service, jobs: JobsRuntime, client: httpx.AsyncClient) -> None:
        self.service = service
        self.jobs = jobs
        self.client = client

    async def submit(self, *sources: str, headers: dict[str, str] | None = None) -> str:
        """Hand in a job of sources that nobody reads, and return its id."""
        answer = await self.client.post("/v1/jobs", json={"sources": sources or ["s3://scans/a.jpg"]}, headers=headers)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    def settle(self, most: int = 1000, failed: tuple[int, ...] = ()) -> None:
        """Do what a worker does: pages of these numbers fail, the others are read."""
        for lease in self.jobs.store.leases.take("tester", most, 60.0):
            if lease.number in failed:
                self.jobs.store.leases.fail(lease, "unsupported_type", "it is a text")
            else:
                self.jobs.store.leases.complete(lease, b'{"id":"%d","text":"TOTAL"}' % lease.number)

    def uploads(self) -> list[str]:
        """Files that wait, by name."""
        folder = self.jobs.settings.jobs.folder / "uploads"
        return sorted(path.name for path in folder.rglob("[0-9]*-*") if path.is_file())


Start = Callable[..., Any]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    @asynccontextmanager
    async def begin(tree: dict[str, Any] | None = None) -> AsyncIterator[Running]:
        sections = {"jobs": {}, **(tree or {})}
        sections["jobs"] = {"directory": str(tmp_path / "jobs"), **sections["jobs"]}
        settings = Settings.model_validate(sections)
        jobs = JobsRuntime(settings)
        # no route of these tests comes as far as a replica
        service = Service(settings, Pipeline(ColocatedReplicas(None, 1000)), jobs)  # type: ignore[arg-type]
        transport = httpx.ASGITransport(build_api(service))
        async with httpx.AsyncClient(transport=transport, base_url="http://rayocr") as client:
            yield Running(service, jobs, client)
        jobs.close()

    return begin


@pytest.fixture
async def running(start: Start) -> AsyncIterator[Running]:
    async with start() as running:
        yield running


@pytest.fixture
def keys(tmp_path: Path) -> str:
    """A folder with the keys of two clients."""
    folder = tmp_path / "keys"
    folder.mkdir()
    (folder / "alice").write_text(ALICE["X-API-Key"])
    (folder / "bob").write_text(BOB["X-API-Key"])
    return str(folder)
