"""The way of a page: a DAG of handles to the three stages.

    source ── fetch ──> document ── page ──> page ── detect ──> quads ── recognize ──> text
                        (by reference)       (by reference to both)     (small)

Documents and pages go from replica to replica as object references; only quads and text come through here.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ray.exceptions import ActorDiedError, ActorUnavailableError, ObjectLostError, RayTaskError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError, RequestCancelledError

from deployments.context import RequestContext
from deployments.preprocess.document import Document
from models.errors import DeadlineExceeded, Overloaded, RayocrError, ReplicaCrashed
from models.page import PageQuads, PageText
from models.settings import DetectionOptions

if TYPE_CHECKING:
    from ray.serve.handle import DeploymentHandle, DeploymentResponse

__all__ = ["Pipeline"]

logger = logging.getLogger("ray.serve")

Result = TypeVar("Result")
Polygons = Sequence[Sequence[tuple[float, float]]]

# A page whose replica ends is tried again: it may have shared the replica with the page that ended it.
_MOST_ATTEMPTS = 3
# A page is lost with the replica that decoded it, or with that one's node.
_REPLICA_GONE = (ActorDiedError, ActorUnavailableError, ObjectLostError)


class Pipeline:
    """Reads documents through the three stages.

    Args:
        preprocessor: Handle of the preprocessing stage.
        detector: Handle of the detection stage.
        recognizer: Handle of the recognition stage.
        max_body_bytes: The most bytes that a fetched document may have.
    """

    def __init__(
        self,
        preprocessor: "DeploymentHandle[Any]",
        detector: "DeploymentHandle[Any]",
        recognizer: "DeploymentHandle[Any]",
        max_body_bytes: int,
    ) -> None:
        self._preprocessor = preprocessor
        self._detector = detector
        self._recognizer = recognizer
        self._max_body_bytes = max_body_bytes
        # Pages that lost their replica go one at a time: the one that ends replicas then ends only its own.
        self._suspects = asyncio.Lock()

    async def read(self, source: Document | str, number: int, context: RequestContext) -> PageText:
        """Read the text of one page.

        Args:
            source: An uploaded document, or where one lies (`s3://`, `https://`, `data:`).
            number: Of the page, counted from 1.
            context: The request's id and deadline.

        Raises:
            RayocrError: Whatever a stage raised; Overloaded when a stage's queue is full; ReplicaCrashed when the page
                repeatedly ended its replica; DeadlineExceeded.
        """

        async def once() -> PageText:
            page = self._page(source, number, context)
            # The page's text needs the quads, not the other way round: recognition is called, and so counts as load
            # of that stage, only when there is something to recognize.
            found = await self._detect(page, context, DetectionOptions())
            text: PageText = await self._recognizer.recognize.remote(page, found, time.time(), context)
            return text

        return await self._guarded(once, context)

    async def detect(
        self, source: Document | str, number: int, context: RequestContext, options: DetectionOptions
    ) -> PageQuads:
        """Find the lines of one page, without reading them. See `read`.

        Args:
            source: As for `read`.
            number: As for `read`.
            context: As for `read`.
            options: Thresholds for this request.
        """
        return await self._guarded(lambda: self._detect(self._page(source, number, context), context, options), context)

    async def draw(self, source: Document | str, number: int, polygons: Polygons, context: RequestContext) -> bytes:
        """A page with polygons drawn on it, as a PNG file. See `read`.

        Args:
            source: As for `read`.
            number: As for `read`.
            polygons: Corners in pixels of the upright page.
            context: As for `read`.
        """

        async def once() -> bytes:
            picture: bytes = await self._preprocessor.draw.remote(
                self._page(source, number, context), polygons, context
            )
            return picture

        return await self._guarded(once, context)

    def _page(self, source: Document | str, number: int, context: RequestContext) -> "DeploymentResponse[Any]":
        document = (
            source
            if isinstance(source, Document)
            else self._preprocessor.fetch.remote(source, self._max_body_bytes, context)
        )
        response = self._preprocessor.page.remote(document, number, time.time(), context)
        return cast("DeploymentResponse[Any]", response)

    async def _detect(
        self, page: "DeploymentResponse[Any]", context: RequestContext, options: DetectionOptions
    ) -> PageQuads:
        found: PageQuads = await self._detector.detect.remote(page, time.time(), context, options)
        return found

    async def _guarded(self, once: Callable[[], Awaitable[Result]], context: RequestContext) -> Result:
        """Run one attempt after the other until a replica survives it, and translate Ray's errors."""
        async with context.limit("the pipeline"):
            for attempt in range(1, _MOST_ATTEMPTS + 1):
                try:
                    if attempt == 1:
                        return await once()
                    async with self._suspects:
                        return await once()
                except _REPLICA_GONE as exc:
                    logger.warning("a replica ended with this page in work, attempt %d: %s", attempt, exc)
                except BackPressureError as exc:
                    raise Overloaded("every queue is full: try again in a moment") from exc
                except DeploymentUnavailableError as exc:
                    raise Overloaded("a stage has no healthy replica: try again in a moment", 5.0) from exc
                except RequestCancelledError as exc:
                    raise DeadlineExceeded("the request was cancelled") from exc
                except RayTaskError as exc:
                    raise _own_error(exc) from exc
        raise ReplicaCrashed(
            f"the replica that worked on this page ended {_MOST_ATTEMPTS} times; it was replaced, the page was given up"
        )


def _own_error(error: RayTaskError) -> RayocrError:
    """The error that a stage raised, out of Ray's wrapping; `internal` for one that nobody foresaw."""
    if isinstance(error.cause, RayocrError):
        return error.cause
    logger.error("unforeseen error in a stage", exc_info=error)
    return RayocrError("something went wrong inside; the log has the details under this request's id")
