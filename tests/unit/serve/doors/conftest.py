"""The real API with all doors over a real store; pages are read by a script, when a test says so."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from deployments.pipeline.attempts import Pipeline
from models.errors import RayocrError
from serve.api.application import build_api
from serve.api.service import Service
from serve.config.settings import Settings
from serve.doors.registry import open_doors, running
from serve.jobs.background.page_reader import PageReader
from serve.jobs.runtime import JobsRuntime
from tests.unit.serve.documents.scripted_document import ScriptedDocument

__all__ = ["ALICE", "BOB", "Doors", "Start"]

ALICE = "a1b2c3d4e5f60718"
BOB = "b1b2c3d4e5f60718"


class Doors:
    """A service whose documents are words, as `ScriptedDocument` reads them, and a client of it."""

    def __init__(
        self, service: Service, jobs: JobsRuntime, client: httpx.AsyncClient, document: ScriptedDocument
    ) -> None:
        self.client = client
        self.document = document
        self.service = service
        self._jobs = jobs

    async def settle(self) -> None:
        """Read all documents that were submitted, as a worker on jobs does."""
        reader = PageReader(self._jobs, self.service.pipeline)
        for lease in self._jobs.store.leases.take("tester", 1000, 60.0):
            try:
                self._jobs.store.leases.complete(lease, await reader.read(lease))
            except RayocrError as error:
                self._jobs.store.leases.fail(lease, error.code, error.message)


Start = Callable[..., AbstractAsyncContextManager[Doors]]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    @asynccontextmanager
    async def begin(
        *,
        keys: bool = False,
        access: str = "",
        structure: dict[str, Any] | None = None,
        audit: str | None = None,
        **http: Any,
    ) -> AsyncIterator[Doors]:
        if keys or access:
            folder = tmp_path / "keys"
            folder.mkdir()
            (folder / "alice").write_text(ALICE)
            (folder / "bob").write_text(BOB)
            http["api_keys_directory"] = str(folder)
        if access:
            (tmp_path / "access.yaml").write_text(f"keys:\n{access}")
            http["access_file"] = str(tmp_path / "access.yaml")
        settings = Settings.model_validate(
            {
                "jobs": {"directory": str(tmp_path / "jobs")},
                "http": http,
                "structure": structure or {},
                "logging": {"audit": audit},
            }
        )
        jobs = JobsRuntime(settings)
        document = ScriptedDocument()
        service = Service(settings, Pipeline(document), jobs)
        opened = open_doors(settings.http)
        transport = httpx.ASGITransport(build_api(service, opened))
        async with running(opened), httpx.AsyncClient(transport=transport, base_url="http://rayocr") as client:
            yield Doors(service, jobs, client, document)
        jobs.close()

    return begin


@pytest.fixture
async def doors(start: Start) -> AsyncIterator[Doors]:
    async with start() as doors:
        yield doors
