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
from typing import TYPE_CHECKING, Any, cast

from deployments.context import RequestContext
from deployments.document import Document
from deployments.pipeline.shared_document import SharedDocument
from deployments.preprocess.draw import Drawing
from deployments.read_options import ReadOptions
from models.page import PageQuads, PageText

if TYPE_CHECKING:
    from ray import ObjectRef
    from ray.serve.handle import DeploymentHandle, DeploymentResponse

__all__ = ["ColocatedReplicas", "PageRoute", "SeparateReplicas"]


class PageRoute(ABC):
    """One attempt to take a page through the stages. Errors are Ray's: `Pipeline` translates them."""

    @abstractmethod
    async def read(
        self, document: SharedDocument, number: int, context: RequestContext, options: ReadOptions
    ) -> PageText:
        """See `Pipeline.read`."""

    @abstractmethod
    async def detect(
        self, document: SharedDocument, number: int, context: RequestContext, options: ReadOptions
    ) -> PageQuads:
        """See `Pipeline.detect`."""

    @abstractmethod
    async def page_count(self, document: SharedDocument, context: RequestContext, options: ReadOptions) -> int:
        """See `Pipeline.page_count`."""

    @abstractmethod
    async def document(self, document: SharedDocument, context: RequestContext) -> Document:
        """See `Pipeline.document`."""

    @abstractmethod
    async def draw(
        self,
        document: SharedDocument,
        number: int,
        drawing: Drawing,
        context: RequestContext,
        options: ReadOptions,
    ) -> bytes:
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

    async def read(  # noqa: D102
        self, document: SharedDocument, number: int, context: RequestContext, options: ReadOptions
    ) -> PageText:
        page = self._page(document, number, context, options)
        # The page's text needs the quads, not the other way round: recognition is called, and so counts as load of
        # that stage, only when there is something to recognize.
        found = await self._detect(page, context, options)
        text: PageText = await self._recognizer.recognize.remote(page, found, time.time(), context, options)
        return text

    async def detect(  # noqa: D102
        self, document: SharedDocument, number: int, context: RequestContext, options: ReadOptions
    ) -> PageQuads:
        return await self._detect(self._page(document, number, context, options), context, options)

    async def page_count(  # noqa: D102
        self, document: SharedDocument, context: RequestContext, options: ReadOptions
    ) -> int:
        reference = _reference(document, self._preprocessor, self._max_body_bytes, context)
        count: int = await self._preprocessor.page_count.remote(reference, context, options)
        return count

    async def document(self, document: SharedDocument, context: RequestContext) -> Document:  # noqa: D102
        return await _fetched(_reference(document, self._preprocessor, self._max_body_bytes, context))

    async def draw(  # noqa: D102
        self,
        document: SharedDocument,
        number: int,
        drawing: Drawing,
        context: RequestContext,
        options: ReadOptions,
    ) -> bytes:
        page = self._page(document, number, context, options)
        picture: bytes = await self._preprocessor.draw.remote(page, drawing, context)
        return picture

    def _page(
        self, document: SharedDocument, number: int, context: RequestContext, options: ReadOptions
    ) -> "DeploymentResponse[Any]":
        reference = _reference(document, self._preprocessor, self._max_body_bytes, context)
        response = self._preprocessor.page.remote(reference, number, time.time(), context, options)
        return cast("DeploymentResponse[Any]", response)

    async def _detect(
        self, page: "DeploymentResponse[Any]", context: RequestContext, options: ReadOptions
    ) -> PageQuads:
        found: PageQuads = await self._detector.detect.remote(page, time.time(), context, options.detection)
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

    async def read(  # noqa: D102
        self, document: SharedDocument, number: int, context: RequestContext, options: ReadOptions
    ) -> PageText:
        reference = self._reference(document, context)
        text: PageText = await self._reader.read.remote(reference, number, time.time(), context, options)
        return text

    async def detect(  # noqa: D102
        self, document: SharedDocument, number: int, context: RequestContext, options: ReadOptions
    ) -> PageQuads:
        reference = self._reference(document, context)
        found: PageQuads = await self._reader.detect.remote(reference, number, time.time(), context, options)
        return found

    async def page_count(  # noqa: D102
        self, document: SharedDocument, context: RequestContext, options: ReadOptions
    ) -> int:
        count: int = await self._reader.page_count.remote(self._reference(document, context), context, options)
        return count

    async def document(self, document: SharedDocument, context: RequestContext) -> Document:  # noqa: D102
        return await _fetched(self._reference(document, context))

    async def draw(  # noqa: D102
        self,
        document: SharedDocument,
        number: int,
        drawing: Drawing,
        context: RequestContext,
        options: ReadOptions,
    ) -> bytes:
        reference = self._reference(document, context)
        picture: bytes = await self._reader.draw.remote(reference, number, time.time(), drawing, context, options)
        return picture

    def _reference(self, document: SharedDocument, context: RequestContext) -> Any:
        return _reference(document, self._reader, self._max_body_bytes, context)


def _reference(
    document: SharedDocument, fetcher: "DeploymentHandle[Any]", max_body_bytes: int, context: RequestContext
) -> Any:
    """The document as an argument of a call: what is still being fetched is not waited for here."""

    def fetch(location: str) -> "DeploymentResponse[Any]":
        return cast("DeploymentResponse[Any]", fetcher.fetch.remote(location, max_body_bytes, context))

    return document.reference(fetch)


async def _fetched(reference: "Document | ObjectRef[Document] | DeploymentResponse[Any]") -> Document:
    """The document behind a reference, in this process."""
    if isinstance(reference, Document):
        return reference
    document: Document = await reference
    return document
