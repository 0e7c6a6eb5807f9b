"""The service that the routes use: the pipeline, the settings, and a bound on the requests in work."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import State

from deployments.context import JOB, RequestContext
from deployments.pipeline.attempts import Pipeline
from deployments.pipeline.routes import check_model
from deployments.pipeline.shared_document import SharedDocument
from models.errors import MalformedRequest, Overloaded
from serve.api.places import Places
from serve.audit import AuditLog, note_page, note_place
from serve.config.bundle import default_model, served_bundles
from serve.config.languages import with_model
from serve.config.rights import ClientRights
from serve.config.settings import HttpSettings, Settings
from serve.documents.failures import PageFailure
from serve.documents.kept_pages import read_result
from serve.documents.options import DocumentOptions
from serve.documents.reading import ReadRequest
from serve.health.buckets import ReadyBuckets
from serve.health.readiness import Readiness
from serve.health.stages import Stages
from serve.health.store import ReadyStore
from serve.jobs.runtime import JobsRuntime
from serve.jobs.usage import UsageLedger
from serve.results import OcrResult

__all__ = ["OPEN_PER_PLACE", "Admission", "Admitted", "Opened", "Service", "client_of", "service_of"]

TIMEOUT_HEADER = "x-request-timeout"
# Documents that are written at a time in formats that hold them whole. Each takes memory and a CPU.
_DOCUMENT_EXPORTS = 2
OPEN_PER_PLACE = 16
"""Open requests of a replica for each one in work. An open one only sends or reads, and BodyLimit bounds its bytes."""


class Admission:
    """A request from its first byte to the last of its answer. It has a place in work from `begin` to `end` only.

    So clients that send or read slowly keep nobody from work.

    Args:
        context: The request's id and deadline.
        work: The places for requests in work.
        rights: What clients may do.
        usage: What clients have used; None if nothing counts it.
        state: The state of the request, where its metrics find the model.
    """

    def __init__(
        self, context: RequestContext, work: Places, rights: ClientRights, usage: UsageLedger | None, state: State
    ) -> None:
        self.context = context
        self._work = work
        self._rights = rights
        self._usage = usage
        self._state = state
        self._deadline: asyncio.TimerHandle | None = None  # as long as it has a place

    def begin(self, model: str | None = None) -> None:
        """Begin to work on the request, whose body is there.

        Args:
            model: Name of the bundle that reads the document, as `Service.model_of` gives it; None if none does.

        Raises:
            AccessDenied: The client may not use this bundle.
            Overloaded: As many requests as are allowed are in work.
            QuotaExceeded: The client has its share of them in work, or has used up its pages.
        """
        if model is not None:
            client = self.context.client
            self._rights.check_model(client, model)
            self._rights.check_counted(client, is_counted=self._usage is not None)
            if self._usage is not None:
                self._usage.check(client)
            self._state.model = model
        self._work.take(self.context.client)
        # No work goes on beyond the deadline, even if a client takes longer to read its lines.
        self._deadline = asyncio.get_running_loop().call_later(self.context.remaining_s, self.end)

    def end(self) -> None:
        """Leave the place to others: nothing is left to do but to send the answer. It may be called again."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
            self._work.give_back(self.context.client)


class Service:
    """The state of one ingress replica.

    Args:
        settings: The whole tree.
        pipeline: The stages.
        jobs: The runtime of jobs; None if no jobs are taken.
        stages: Tells of the replicas; None for one that nobody shares.
    """

    def __init__(
        self, settings: Settings, pipeline: Pipeline, jobs: JobsRuntime | None = None, stages: Stages | None = None
    ) -> None:
        self.settings = settings
        self.audit = AuditLog(settings.logging.audit) if jobs is None else jobs.audit
        #: What clients may do.
        self.rights = ClientRights(settings) if jobs is None else jobs.rights
        #: The stages, which fetch only what clients may read.
        self.pipeline = pipeline.within(self.rights.reading, self)
        self.jobs = jobs
        store = [] if jobs is None else [ReadyStore(jobs)]
        self.readiness = Readiness(pipeline, [ReadyBuckets(settings.storage), *store])
        self.stages = stages or Stages()
        self.document_exports = asyncio.Semaphore(_DOCUMENT_EXPORTS)
        http = settings.http
        most, share, after_s = http.max_concurrent_requests, self.rights.max_requests, http.retry_after_s
        self._open = Places(OPEN_PER_PLACE * most, lambda client: OPEN_PER_PLACE * share(client), "open", after_s)
        self._work = Places(most, share, "in work", after_s)
        self._listeners = Places(most, share, "following or fetching jobs", after_s)
        self._idle = asyncio.Event()
        self._idle.set()
        self._is_draining = False

    @asynccontextmanager
    async def request(self, request: Request) -> AsyncIterator[Admission]:
        """Admit one request with its deadline, and count it as open until its answer is sent, however it ends.

        Raises:
            Overloaded: Too many requests are open, or the service is being stopped. Nothing of this request was read.
            QuotaExceeded: The client has its share of them.
            MalformedRequest: The request's time-out is not a number in range.
        """
        client = client_of(request)
        timeout_s, hosts = _timeout_s(request, self.settings.http), self.rights.of(client).https
        context = RequestContext.starting_now(request.state.request_id, timeout_s, client, hosts)
        usage = None if self.jobs is None else self.jobs.usage
        if usage is not None:
            await usage.look(client)  # before it has a place, which a client that leaves meanwhile would keep
        self._refuse_if_draining()
        self._open.take(client)
        self._idle.clear()
        admission = Admission(context, self._work, self.rights, usage, request.state)
        try:
            yield admission
        finally:
            admission.end()
            self._open.give_back(client)
            if not self._open.taken:
                self._idle.set()

    async def read(
        self, document: SharedDocument, options: DocumentOptions, context: RequestContext
    ) -> tuple[OcrResult, list[PageFailure]]:
        """Read the pages of a document, as `read_result` does.

        Args:
            document: The document.
            options: Which pages are read, and how. Their format does not matter.
            context: The request's id and deadline.
        """
        wanted = self.wanted(options, context.client)
        read = await read_result(self.pipeline, document, wanted, context, default_model(self.settings))
        self.readiness.answered()
        return read

    def model_of(self, model: str | None) -> str:
        """Name the bundle that reads a document.

        Args:
            model: The name that the client gave; None for the default one.

        Raises:
            MalformedRequest: No bundle of this name is served.
        """
        served = served_bundles(self.settings)
        check_model(model, served)
        return model or next(iter(served))

    def wanted(self, options: DocumentOptions, client: str) -> ReadRequest:
        """Make the request for pages that options stand for, within the limits of the settings and of the client."""
        options = with_model(options, self.settings)
        most, limit_name = self.rights.max_pages(client)
        at_a_time = self.settings.http.pages_at_a_time
        return ReadRequest(options.page_ranges, options.read_options(), most, at_a_time, limit_name=limit_name)

    async def check_ready(self) -> None:
        """Check that a document could be read now.

        Raises:
            Overloaded: It could not; the message says why.
        """
        problem = "the service is being stopped" if self._is_draining else await self.readiness.problem()
        if problem is not None:
            raise Overloaded(f"not ready: {problem}", 5.0)

    def refuse_if_full(self, client: str) -> None:
        """Refuse a request that could not begin now, before its body is read, as `Admission.begin` would."""
        self._work.check(client)

    def limit_headers(self, client: str) -> list[tuple[str, str]]:
        """Make the headers that tell a client its limits; none without limits.

        Args:
            client: Name of the client.
        """
        return [] if self.jobs is None else self.jobs.usage.headers(client)

    def listening(self, answer: AsyncGenerator[bytes], client: str) -> AsyncGenerator[bytes]:
        """Admit a client that follows or fetches jobs, perhaps for hours, and count it until it leaves.

        Listeners do not count as requests in work, so that they never take the place of a document.

        Args:
            answer: The parts of the answer.
            client: The client's name; '' without keys.

        Raises:
            Overloaded: As many clients listen as requests are allowed, or the service is being stopped.
            QuotaExceeded: The client has its share of them.
        """
        self._refuse_if_draining()
        self._listeners.check(client)
        return self._counted(answer, client)

    async def _counted(self, answer: AsyncGenerator[bytes], client: str) -> AsyncGenerator[bytes]:
        self._listeners.take(client)
        try:
            async with aclosing(answer):
                async for part in answer:
                    yield part
        finally:
            self._listeners.give_back(client)

    def is_asked(self, location: str | None) -> None:
        """Note the location of a document for the audit log, as the pipeline's observer."""
        note_place(location)

    def has_read(self, context: RequestContext, work_ms: Mapping[str, float]) -> None:
        """Count a page for its client and for the audit log, as the pipeline's observer."""
        note_page()
        if self.jobs is not None:
            self.jobs.usage.add(context.client, work_ms, is_paced=context.priority != JOB)

    def _refuse_if_draining(self) -> None:
        if self._is_draining:
            after_s = self.settings.http.retry_after_s
            raise Overloaded("the service is being stopped: try again when it is back", after_s)

    async def drain(self) -> None:
        """Admit no more requests, and return when all open requests are answered."""
        self._is_draining = True
        await self._idle.wait()

    @property
    def is_draining(self) -> bool:
        """Whether the service is being stopped."""
        return self._is_draining


def client_of(request: Request) -> str:
    """The name of a request's client; '' if no keys are asked for."""
    client: str = getattr(request.state, "client", "")
    return client


def service_of(request: Request) -> Service:
    """Find the service that answers a request; a FastAPI dependency."""
    service: Service = request.app.state.service
    return service


async def _opened(request: Request, service: Annotated[Service, Depends(service_of)]) -> AsyncIterator[Admission]:
    async with service.request(request) as admission:
        yield admission


Opened = Annotated[Admission, Depends(_opened)]
"""A request that is open until the last part of its answer is sent, even if that is sent bit by bit."""


def _admitted(admission: Opened, service: Annotated[Service, Depends(service_of)]) -> Admission:
    service.refuse_if_full(admission.context.client)
    return admission


Admitted = Annotated[Admission, Depends(_admitted)]
"""The same of a request for work, which is refused before its body is read if there is too much work."""


def _timeout_s(request: Request, http: HttpSettings) -> float:
    text = request.headers.get(TIMEOUT_HEADER)
    if text is None:
        return http.request_timeout_s
    try:
        timeout_s = float(text)
    except ValueError:
        timeout_s = 0.0
    if not 0 < timeout_s <= http.max_request_timeout_s:
        raise MalformedRequest(
            f"X-Request-Timeout is {text[:40]!r}: give seconds, more than 0 and at most {http.max_request_timeout_s:g}"
        )
    return timeout_s
