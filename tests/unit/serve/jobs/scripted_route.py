"""A way through the stages that does what the name of each page says, and jobs in a store of their own to try it on."""

import asyncio
import itertools
import uuid
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ray.exceptions import ActorDiedError, RayTaskError
from ray.serve.exceptions import BackPressureError

from deployments.context import PageCall, RequestContext
from deployments.document import Document
from deployments.pipeline.attempts import Pipeline
from deployments.pipeline.routes import PageRoute
from deployments.pipeline.shared_document import SharedDocument
from deployments.preprocess.draw import Drawing
from models.errors import PageTimeout, StorageUnavailable, UnsupportedType
from models.page import Line, PageQuads, PageText
from serve.config.settings import Settings
from serve.jobs.background.page_reader import PageReader
from serve.jobs.background.runner import JobRunner
from serve.jobs.metrics import JobMetrics
from serve.jobs.records import Job, NewJob, NewPage
from serve.jobs.runtime import JobsRuntime

__all__ = ["OWNER", "ScriptedRoute", "add_job", "jobs_in", "runner_of"]

OWNER = "accounting"


class ScriptedRoute(PageRoute):
    """Reads `s3://pages/WHAT/...` by doing what WHAT says; everything else is read at once, as its own text."""

    def __init__(self) -> None:
        self.begun: Counter[str] = Counter()
        self.cancelled: Counter[str] = Counter()
        self.contexts: dict[str, RequestContext] = {}
        self.in_work: set[str] = set()
        self.most_in_work = 0
        self.beside: dict[str, set[str]] = {}
        self.is_open = asyncio.Event()

    async def read(self, document: SharedDocument, call: PageCall) -> PageText:
        """Do what the name says."""
        source: Any = document.reference(lambda location: location)  # type: ignore[arg-type,return-value]
        name = source if isinstance(source, str) else source.data.decode()
        self.begun[name] += 1
        self.contexts[name] = call.context
        self.in_work.add(name)
        self.most_in_work = max(self.most_in_work, len(self.in_work))
        try:
            await asyncio.sleep(0)
            self.beside[name] = self.in_work - {name}
            await self._do(name)
        except asyncio.CancelledError:
            self.cancelled[name] += 1
            raise
        finally:
            self.in_work.discard(name)
        line = Line(name, 0.9, ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0)))
        return PageText(number=call.number, width=10, height=10, rotation=0, lines=(line,))

    async def detect(self, document: SharedDocument, call: PageCall) -> PageQuads:
        """Jobs don't."""
        raise NotImplementedError("no page of a job is only detected")

    async def page_count(self, document: SharedDocument, call: PageCall) -> int:
        """Each has one."""
        return 1

    async def document(self, document: SharedDocument, context: RequestContext) -> Document:
        """Of its own name."""
        source: Any = document.reference(lambda location: location)  # type: ignore[arg-type,return-value]
        return Document(source.encode())

    async def draw(self, document: SharedDocument, drawing: Drawing, call: PageCall) -> bytes:
        """Jobs don't."""
        raise NotImplementedError("no page of a job is drawn")

    async def _do(self, name: str) -> None:
        what = name.removeprefix("s3://pages/").partition("/")[0]
        times = self.begun[name]
        if what == "waits":
            await self.is_open.wait()
        elif what == "kills" or (what == "kills-once" and times == 1):
            raise ActorDiedError
        elif what == "unsupported":
            raise _from_stage(UnsupportedType("no picture"))
        elif what == "too-slow":
            raise _from_stage(PageTimeout("too much work"))
        elif what == "unreachable" or (what == "unreachable-once" and times == 1):
            raise _from_stage(StorageUnavailable("the bucket does not answer"))
        elif what == "overloaded-thrice" and times <= 3:
            raise BackPressureError(num_queued_requests=9, max_queued_requests=9)
        elif what == "unforeseen":
            raise _from_stage(KeyError("a secret path"))


def _from_stage(error: Exception) -> RayTaskError:
    return RayTaskError("read", "Traceback ...", error)  # type: ignore[no-untyped-call]


def jobs_in(folder: Path, **settings: object) -> JobsRuntime:
    """A store of its own in a folder."""
    values = {"directory": str(folder), "poll_s": 0.05, "lease_s": 4.0, **settings}
    return JobsRuntime(Settings.model_validate({"jobs": values}))


def add_job(jobs: JobsRuntime, names: Sequence[str], uploads: Sequence[bytes] = ()) -> Job:
    """Hand in a job of pages `s3://pages/NAME/...`, each with a name of its own, and of uploads after them."""
    job_id = uuid.uuid4().hex
    numbers = itertools.count(1)
    pages = [NewPage(f"s3://pages/{name}/{next(numbers)}", name) for name in names]
    for content in uploads:
        location = jobs.uploads.put(job_id, next(numbers), "page.png", content)
        pages.append(NewPage(location, "page.png", is_upload=True, size_bytes=len(content)))
    job, is_new = jobs.store.submissions.add(NewJob(job_id, OWNER, pages, {}, None, None, "0" * 64))
    assert is_new
    return job


def runner_of(jobs: JobsRuntime, route: PageRoute, most_in_work: int = 4, ended: list[Job] | None = None) -> JobRunner:
    """A runner that has not started."""
    on_end = ended.append if ended is not None else (lambda _job: None)
    return JobRunner(jobs, PageReader(jobs, Pipeline(route)), most_in_work, JobMetrics(), on_end)
