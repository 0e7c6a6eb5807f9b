"""The service that the routes use: the pipeline, the settings, and a bound on the requests in work."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Annotated

from fastapi import Depends, Request

from deployments.context import RequestContext
from deployments.pipeline.attempts import Pipeline
from models.errors import MalformedRequest, Overloaded, QuotaExceeded
from serve.config.rights import read_rights
from serve.config.settings import HttpSettings, Settings
from serve.health.buckets import ReadyBuckets
from serve.health.readiness import Readiness
from serve.health.store import ReadyStore
from serve.jobs.runtime import JobsRuntime

__all__ = ["Admitted", "Service", "service_of"]

TIMEOUT_HEADER = "x-request-timeout"
# Documents that are written at a time in formats that hold them whole. Each takes memory and a CPU.
_DOCUMENT_EXPORTS = 2


class Service:
    """The state of one ingress replica.

    Args:
        settings: The whole tree.
        pipeline: The three stages.
        jobs: The runtime of jobs; None if no jobs are taken.
    """

    def __init__(self, settings: Settings, pipeline: Pipeline, jobs: JobsRuntime | None = None) -> None:
        self.settings = settings
        #: The stages, which fetch only what clients may read.
        self.pipeline = pipeline.within(read_rights(settings))
        self.jobs = jobs
        store = [] if jobs is None else [ReadyStore(jobs)]
        self.readiness = Readiness(pipeline, [ReadyBuckets(settings.storage), *store])
        self.document_exports = asyncio.Semaphore(_DOCUMENT_EXPORTS)
        self._in_work = 0
        self._in_work_of: Counter[str] = Counter()
        self._idle = asyncio.Event()
        self._idle.set()
        self._is_draining = False
        self._listeners = 0

    @asynccontextmanager
    async def request(self, request: Request) -> AsyncIterator[RequestContext]:
        """Admit one request with its deadline, and count it as in work until its end, however it ends.

        Raises:
            Overloaded: As many requests as are allowed are in work, or the service is being stopped. Nothing of this
                request was read.
            QuotaExceeded: The client has its share of them in work.
            MalformedRequest: The request's time-out is not a number in range.
        """
        http = self.settings.http
        client = getattr(request.state, "client", "")  # '' without keys
        context = RequestContext.starting_now(request.state.request_id, _timeout_s(request, http), client)
        if self._is_draining:
            raise Overloaded("the service is being stopped: try again when it is back", http.retry_after_s)
        if self._in_work >= http.max_concurrent_requests:
            raise Overloaded(
                f"{self._in_work} requests are in work, the limit of this replica: try again after the time in "
                "Retry-After",
                http.retry_after_s,
            )
        if client and self._in_work_of[client] >= http.client_share:
            raise QuotaExceeded(
                f"{self._in_work_of[client]} requests of this API key are in work, its share of this replica: try "
                "again after the time in Retry-After, or raise http.max_concurrent_requests_per_client",
                http.retry_after_s,
            )
        self._in_work += 1
        self._in_work_of[client] += 1
        self._idle.clear()
        try:
            yield context
        finally:
            self._in_work -= 1
            self._in_work_of -= Counter([client])  # which forgets those at zero
            if not self._in_work:
                self._idle.set()

    def listening(self, events: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
        """Admit a client that listens to events, perhaps for hours, and count it until it leaves.

        Listeners do not count as requests in work, so that they never take the place of a document.

        Raises:
            Overloaded: As many clients listen as requests are allowed, or the service is being stopped.
        """
        http = self.settings.http
        if self._is_draining or self._listeners >= http.max_concurrent_requests:
            raise Overloaded(
                f"{self._listeners} clients listen to events, the limit of this replica, or it is being stopped: try "
                "again after the time in Retry-After",
                http.retry_after_s,
            )
        return self._counted(events)

    async def _counted(self, events: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
        self._listeners += 1
        try:
            async with aclosing(events):
                async for event in events:
                    yield event
        finally:
            self._listeners -= 1

    async def drain(self) -> None:
        """Admit no more requests, and return when all requests in work are answered."""
        self._is_draining = True
        await self._idle.wait()

    @property
    def is_draining(self) -> bool:
        """Whether the service is being stopped."""
        return self._is_draining


def service_of(request: Request) -> Service:
    """Find the service that answers a request; a FastAPI dependency."""
    service: Service = request.app.state.service
    return service


async def _admitted(
    request: Request, service: Annotated[Service, Depends(service_of)]
) -> AsyncIterator[RequestContext]:
    async with service.request(request) as context:
        yield context


Admitted = Annotated[RequestContext, Depends(_admitted)]
"""A request that is in work until the last part of its answer is sent, even if that is sent bit by bit."""


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
