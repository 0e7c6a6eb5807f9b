"""Reads a page through the stages, and tries again when one of their replicas ends."""

import asyncio
import copy
import dataclasses
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Protocol, TypeVar

from ray.exceptions import ActorDiedError, ActorUnavailableError, ObjectLostError, RayTaskError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError, RequestCancelledError

from deployments.context import JOB, PageCall, RequestContext
from deployments.document import Document
from deployments.pipeline.routes import PageRoute
from deployments.pipeline.shared_document import SharedDocument
from deployments.preprocess.draw import Drawing
from deployments.storage.rights import ReadRights
from deployments.work.shared_lock import SharedLock
from models.errors import DeadlineExceeded, Overloaded, RayocrError, ReplicaCrashed
from models.page import PageQuads, PageText

__all__ = ["Observer", "Pipeline"]

logger = logging.getLogger("ray.serve")

Result = TypeVar("Result")

# A page whose replica ends is tried again: another page in the same replica may have ended it.
_MOST_ATTEMPTS = 3
# A job may have thousands of such pages. No other page of a job is beside a second attempt, so that it shows the fault.
_MOST_JOB_ATTEMPTS = 2
# A page is lost with the replica that decoded it, or with that replica's node.
_REPLICA_GONE = (ActorDiedError, ActorUnavailableError, ObjectLostError)


class Observer(Protocol):
    """Is told what a pipeline is asked for and what it has read, in the task that asks."""

    def is_asked(self, location: str | None, /) -> None:
        """A client asks for something of a document.

        Args:
            location: Location of the document; None for an upload.
        """

    def has_read(self, context: RequestContext, work_ms: Mapping[str, float], /) -> None:
        """A page was read, or its lines were found.

        Args:
            context: The request that the page belongs to.
            work_ms: Time of work by stage, in milliseconds.
        """


class Pipeline:
    """Reads documents through the stages, even if some of their replicas end.

    Args:
        route: The way of a page from stage to stage.
    """

    def __init__(self, route: PageRoute) -> None:
        self._route = route
        self._rights = ReadRights()
        self._observer: Observer | None = None
        # Pages that lost their replica go one at a time, so that one which ends replicas takes no other with it.
        self._suspects = asyncio.Lock()
        self._jobs = SharedLock()

    def within(self, rights: ReadRights, observer: "Observer | None" = None) -> "Pipeline":
        """Make a pipeline of the same replicas that fetches only what clients may read.

        Args:
            rights: What clients may read.
            observer: Is told of all pages.
        """
        pipeline = copy.copy(self)
        pipeline._rights = rights
        pipeline._observer = observer
        return pipeline

    async def read(self, document: SharedDocument, call: PageCall) -> PageText:
        """Read the text of one page.

        Args:
            document: The document, shared by all calls for its pages.
            call: The page, and how it is read.

        Raises:
            RayocrError: A stage raised it.
            AccessDenied: The client may not read the document's location.
            SourceNotFound: The location does not exist for clients.
            Overloaded: A stage's queue is full.
            ReplicaCrashed: The page repeatedly ended its replica.
            DeadlineExceeded: The request's time ran out.
        """
        page = await self._guarded(lambda: self._route.read(document, call), document, call.context)
        if self._observer is not None:
            self._observer.has_read(call.context, page.timings_ms)
        return page

    async def detect(self, document: SharedDocument, call: PageCall) -> PageQuads:
        """Find the lines of one page, without reading them. Arguments and errors are those of `read`."""
        page = await self._guarded(lambda: self._route.detect(document, call), document, call.context)
        if self._observer is not None:
            self._observer.has_read(call.context, page.timings_ms)
        return page

    async def page_count(self, document: SharedDocument, call: PageCall) -> int:
        """Count the pages of a document. Arguments and errors are those of `read`; the page does not matter."""
        return await self._guarded(lambda: self._route.page_count(document, call), document, call.context)

    async def document(self, document: SharedDocument, context: RequestContext) -> Document:
        """Bring the document itself here, fetched if only its location is known. Errors are those of `read`."""
        return await self._guarded(lambda: self._route.document(document, context), document, context)

    async def draw(self, document: SharedDocument, drawing: Drawing, call: PageCall) -> bytes:
        """Draw one page, with polygons on it, as a file of the drawing's format.

        Args:
            document: The document, shared by all calls for its pages.
            drawing: The polygons, and how large the picture is.
            call: The page, and how it is decoded. Its pixels are decoded even if the document carries its text.

        Raises:
            RayocrError: The page can't be drawn, for a reason that `read` names.
        """
        options = dataclasses.replace(call.options, text_layer="never")
        call = dataclasses.replace(call, options=options)
        return await self._guarded(lambda: self._route.draw(document, drawing, call), document, call.context)

    async def _guarded(
        self, once: Callable[[], Awaitable[Result]], document: SharedDocument, context: RequestContext
    ) -> Result:
        """Check the client's right, then make attempts until a replica survives one, and translate Ray's errors."""
        if self._observer is not None:
            self._observer.is_asked(document.location)
        if document.location is not None:
            self._rights.check(document.location, context.client)
        most_attempts = _MOST_JOB_ATTEMPTS if context.priority == JOB else _MOST_ATTEMPTS
        async with context.limit("the pipeline"):
            for attempt in range(1, most_attempts + 1):
                try:
                    async with self._kept_apart(context, attempt):
                        return await once()
                except _REPLICA_GONE as exc:
                    logger.warning("a replica ended with this page in work, attempt %d: %s", attempt, exc)
                    document.forget()
                except BackPressureError as exc:
                    raise Overloaded("every queue is full: try again in a moment") from exc
                except DeploymentUnavailableError as exc:
                    raise Overloaded("a stage has no healthy replica: try again in a moment", 5.0) from exc
                except RequestCancelledError as exc:
                    raise DeadlineExceeded("the request was cancelled") from exc
                except RayTaskError as exc:
                    raise _own_error(exc) from exc
        raise ReplicaCrashed(f"the replica that worked on this page ended {most_attempts} times: the page was given up")

    @asynccontextmanager
    async def _kept_apart(self, context: RequestContext, attempt: int) -> AsyncIterator[None]:
        """Wait for the pages that must not be in work beside this attempt, and keep them out until it ends."""
        if context.priority == JOB and attempt == 1 and not context.is_alone:
            async with self._jobs.shared():
                yield
        elif context.priority == JOB:
            async with self._jobs.alone(), self._suspects:
                yield
        elif attempt == 1:
            yield
        else:
            async with self._suspects:
                yield


def _own_error(error: RayTaskError) -> RayocrError:
    """Take the error that a stage raised out of Ray's wrapping. An unforeseen error becomes `internal`."""
    if isinstance(error.cause, RayocrError):
        return error.cause
    logger.error("unforeseen error in a stage", exc_info=error)
    return RayocrError("something went wrong inside; the log has the details under this request's id")
