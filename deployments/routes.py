"""The ways that a page can take through the replicas.

A replica for each stage (`SeparateReplicas`):

    source ── fetch ──> document ── page ──> page ── detect ──> quads ── recognize ──> text
                        (by reference)       (by reference to both)     (small)

One replica for all of them (`ColocatedReplicas`):

    source ── fetch ──> document ── read ──> text
                        (by reference)

Documents and pages go from replica to replica as object references; only quads and text come through the ingress.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from deployments.context import RequestContext
from deployments.preprocess.document import Document
from models.page import PageQuads, PageText
from models.settings import DetectionOptions

if TYPE_CHECKING:
    from ray.serve.handle import DeploymentHandle, DeploymentResponse

__all__ = ["ColocatedReplicas", "PageRoute", "Polygons", "SeparateReplicas"]

Polygons = Sequence[Sequence[tuple[float, float]]]


class PageRoute(ABC):
    """One attempt to take a page through the stages. Errors are Ray's: `Pipeline` translates them."""

    @abstractmethod
    async def read(self, source: Document | str, number: int, context: RequestContext) -> PageText:
        """See `Pipeline.read`."""

    @abstractmethod
    async def detect(
        self, source: Document | str, number: int, context: RequestContext, options: DetectionOptions
    ) -> PageQuads:
        """See `Pipeline.detect`."""

    @abstractmethod
    async def draw(self, source: Document | str, number: int, polygons: Polygons, context: RequestContext) -> bytes:
        """See `Pipeline.draw`."""


class SeparateReplicas(PageRoute):
    """Each stage has replicas of its own.

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

    async def read(self, source: Document | str, number: int, context: RequestContext) -> PageText:  # noqa: D102
        page = self._page(source, number, context)
        # The page's text needs the quads, not the other way round: recognition is called, and so counts as load of
        # that stage, only when there is something to recognize.
        found = await self._detect(page, context, DetectionOptions())
        text: PageText = await self._recognizer.recognize.remote(page, found, time.time(), context)
        return text

    async def detect(  # noqa: D102
        self, source: Document | str, number: int, context: RequestContext, options: DetectionOptions
    ) -> PageQuads:
        return await self._detect(self._page(source, number, context), context, options)

    async def draw(  # noqa: D102
        self, source: Document | str, number: int, polygons: Polygons, context: RequestContext
    ) -> bytes:
        page = self._page(source, number, context)
        picture: bytes = await self._preprocessor.draw.remote(page, polygons, context)
        return picture

    def _page(self, source: Document | str, number: int, context: RequestContext) -> "DeploymentResponse[Any]":
        document = _document(self._preprocessor, source, self._max_body_bytes, context)
        response = self._preprocessor.page.remote(document, number, time.time(), context)
        return cast("DeploymentResponse[Any]", response)

    async def _detect(
        self, page: "DeploymentResponse[Any]", context: RequestContext, options: DetectionOptions
    ) -> PageQuads:
        found: PageQuads = await self._detector.detect.remote(page, time.time(), context, options)
        return found


class ColocatedReplicas(PageRoute):
    """Each replica holds all stages.

    Args:
        reader: Handle of the replicas.
        max_body_bytes: The most bytes that a fetched document may have.
    """

    def __init__(self, reader: "DeploymentHandle[Any]", max_body_bytes: int) -> None:
        self._reader = reader
        self._max_body_bytes = max_body_bytes

    async def read(self, source: Document | str, number: int, context: RequestContext) -> PageText:  # noqa: D102
        document = _document(self._reader, source, self._max_body_bytes, context)
        text: PageText = await self._reader.read.remote(document, number, time.time(), context)
        return text

    async def detect(  # noqa: D102
        self, source: Document | str, number: int, context: RequestContext, options: DetectionOptions
    ) -> PageQuads:
        document = _document(self._reader, source, self._max_body_bytes, context)
        found: PageQuads = await self._reader.detect.remote(document, number, time.time(), context, options)
        return found

    async def draw(  # noqa: D102
        self, source: Document | str, number: int, polygons: Polygons, context: RequestContext
    ) -> bytes:
        document = _document(self._reader, source, self._max_body_bytes, context)
        picture: bytes = await self._reader.draw.remote(document, number, time.time(), polygons, context)
        return picture


def _document(
    fetcher: "DeploymentHandle[Any]", source: Document | str, max_body_bytes: int, context: RequestContext
) -> "Document | DeploymentResponse[Any]":
    """An uploaded document, or the reference of one that will be fetched: passed on, it is not waited for here."""
    if isinstance(source, Document):
        return source
    return cast("DeploymentResponse[Any]", fetcher.fetch.remote(source, max_body_bytes, context))
