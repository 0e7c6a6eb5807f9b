"""The ways that a page can take through the replicas.

A replica for each stage (`SeparateReplicas`):

    source ── fetch ──> document ── page ──> page ── detect ──> quads ── recognize ──> text ── build ──> text with
                        (by reference)       (by reference to all)  └─── look, if asked ───────┘       its structure

One replica for all of them (`ColocatedReplicas`):

    source ── fetch ──> document ── read ──> text
                        (by reference)

Documents and pages go from replica to replica as object references; only quads and text come through the ingress.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from deployments.context import PageCall, RequestContext
from deployments.document import Document
from deployments.pipeline.shared_document import SharedDocument
from deployments.pipeline.starting import BundleStart, BundleState, Found
from deployments.preprocess.draw import Drawing
from deployments.read_options import NO_STRUCTURE
from deployments.stages.rereading import read_or_reread
from deployments.stages.structure import SeenPage, structured
from models.errors import MalformedRequest
from models.page import PageQuads, PageText

if TYPE_CHECKING:
    from ray import ObjectRef
    from ray.serve.handle import DeploymentHandle, DeploymentResponse

__all__ = ["ColocatedReplicas", "PageRoute", "ReplicasOfBundles", "SeparateReplicas", "check_model"]


def check_model(model: str | None, served: Collection[str]) -> None:
    """Refuse a model that is not served.

    Args:
        model: Name that a client gave; None for the default one.
        served: Names of the model bundles that are served.

    Raises:
        MalformedRequest: No bundle of this name is served.
    """
    if model is not None and model not in served:
        raise MalformedRequest(f"model {model!r} is not served; served are {', '.join(served)}")


class PageRoute(ABC):
    """One attempt to take a page through the stages. Errors are Ray's: `Pipeline` translates them.

    Args:
        fetcher: Handle of the replicas that fetch documents.
        max_body_bytes: The most bytes that a fetched document may have.
    """

    def __init__(self, fetcher: "DeploymentHandle[Any]", max_body_bytes: int) -> None:
        self._fetcher = fetcher
        self._max_body_bytes = max_body_bytes

    @abstractmethod
    async def read(self, document: SharedDocument, call: PageCall) -> PageText:
        """Read the text of one page."""

    @abstractmethod
    async def detect(self, document: SharedDocument, call: PageCall) -> PageQuads:
        """Find the lines of one page, without reading them."""

    @abstractmethod
    async def draw(self, document: SharedDocument, drawing: Drawing, call: PageCall) -> bytes:
        """Draw one page, with polygons on it."""

    @property
    def holders(self) -> "Sequence[DeploymentHandle[Any]]":
        """Handles of the replicas that hold nets."""
        return ()

    async def page_count(self, document: SharedDocument, call: PageCall) -> int:
        """Count the pages of a document."""
        count: int = await self._fetcher.page_count.remote(self._reference(document, call.context), call)
        return count

    async def document(self, document: SharedDocument, context: RequestContext) -> Document:
        """Bring the document itself into this process."""
        reference: Document | ObjectRef[Document] | DeploymentResponse[Any] = self._reference(document, context)
        if isinstance(reference, Document):
            return reference
        fetched: Document = await reference
        return fetched

    def _reference(self, document: SharedDocument, context: RequestContext) -> Any:
        """Make the document an argument of a call. If it is still being fetched, this does not wait for it."""

        def fetch(location: str) -> "DeploymentResponse[Any]":
            return cast("DeploymentResponse[Any]", self._fetcher.fetch.remote(location, self._max_body_bytes, context))

        return document.reference(fetch)


class SeparateReplicas(PageRoute):
    """Each stage has replicas of its own.

    Args:
        preprocessor: Handle of the preprocessing stage.
        detector: Handle of the detection stage.
        recognizer: Handle of the recognition stage.
        structurer: Handle of the structure stage; None if structure is not served.
        max_body_bytes: The most bytes that a fetched document may have.
    """

    def __init__(
        self,
        preprocessor: "DeploymentHandle[Any]",
        detector: "DeploymentHandle[Any]",
        recognizer: "DeploymentHandle[Any]",
        structurer: "DeploymentHandle[Any] | None",
        max_body_bytes: int,
    ) -> None:
        super().__init__(preprocessor, max_body_bytes)
        self._preprocessor = preprocessor
        self._detector = detector
        self._recognizer = recognizer
        self._structurer = structurer

    async def read(self, document: SharedDocument, call: PageCall) -> PageText:  # noqa: D102
        return await read_or_reread(lambda call: self._read(document, call), call)

    async def _read(self, document: SharedDocument, call: PageCall) -> PageText:
        page = self._page(document, call)
        # The quads are awaited here, so that recognition is called, and counts as load of its stage, only when there is
        # something to recognize.
        found: PageQuads = await self._detector.detect.remote(page, call.sent_now())

        async def read() -> PageText:
            text: PageText = await self._recognizer.recognize.remote(page, found, call.sent_now())
            return text

        if not call.options.structure:
            return await read()
        if self._structurer is None:
            raise MalformedRequest(NO_STRUCTURE)
        stage = self._structurer

        async def look(found: PageQuads, call: PageCall) -> SeenPage:
            seen: SeenPage = await stage.look.remote(page, found, call)
            return seen

        async def build(seen: SeenPage, text: PageText, call: PageCall) -> PageText:
            built: PageText = await stage.build.remote(seen, text, call)
            return built

        return await structured(found, call, look, read, build)

    async def detect(self, document: SharedDocument, call: PageCall) -> PageQuads:  # noqa: D102
        found: PageQuads = await self._detector.detect.remote(self._page(document, call), call.sent_now())
        return found

    async def draw(self, document: SharedDocument, drawing: Drawing, call: PageCall) -> bytes:  # noqa: D102
        page = self._page(document, call)
        picture: bytes = await self._preprocessor.draw.remote(page, drawing, call.context)
        return picture

    @property
    def holders(self) -> "Sequence[DeploymentHandle[Any]]":  # noqa: D102
        return self._detector, self._recognizer

    def _page(self, document: SharedDocument, call: PageCall) -> "DeploymentResponse[Any]":
        response = self._preprocessor.page.remote(self._reference(document, call.context), call.sent_now())
        return cast("DeploymentResponse[Any]", response)


class ColocatedReplicas(PageRoute):
    """Each replica holds all stages.

    Args:
        reader: Handle of the replicas.
        max_body_bytes: The most bytes that a fetched document may have.
    """

    def __init__(self, reader: "DeploymentHandle[Any]", max_body_bytes: int) -> None:
        super().__init__(reader, max_body_bytes)
        self._reader = reader

    async def read(self, document: SharedDocument, call: PageCall) -> PageText:  # noqa: D102
        reference = self._reference(document, call.context)
        text: PageText = await self._reader.read.remote(reference, call.sent_now())
        return text

    async def detect(self, document: SharedDocument, call: PageCall) -> PageQuads:  # noqa: D102
        reference = self._reference(document, call.context)
        found: PageQuads = await self._reader.detect.remote(reference, call.sent_now())
        return found

    async def draw(self, document: SharedDocument, drawing: Drawing, call: PageCall) -> bytes:  # noqa: D102
        reference = self._reference(document, call.context)
        picture: bytes = await self._reader.draw.remote(reference, drawing, call.sent_now())
        return picture

    @property
    def holders(self) -> "Sequence[DeploymentHandle[Any]]":  # noqa: D102
        return (self._reader,)


class ReplicasOfBundles(PageRoute):
    """Each model bundle has replicas of its own.

    Args:
        routes: The way through the replicas of each bundle, by its name; first that of the default bundle, whose
            replicas also fetch, count and draw.
        start_timeout_s: The longest wait of a page for the first replica of another bundle, in seconds.
        ask: Asks for the state of a bundle's replicas, by its name.
    """

    def __init__(
        self,
        routes: Mapping[str, PageRoute],
        start_timeout_s: float,
        ask: Callable[[str], Awaitable[BundleState]],
    ) -> None:
        (_, default), *others = routes.items()
        super().__init__(default._fetcher, default._max_body_bytes)
        self._default = default
        self._routes = routes
        self._starts = {
            model: BundleStart(model, route.holders, start_timeout_s, partial(ask, model)) for model, route in others
        }

    async def read(self, document: SharedDocument, call: PageCall) -> PageText:  # noqa: D102
        return await self._called(lambda route: route.read(document, call), call)

    async def detect(self, document: SharedDocument, call: PageCall) -> PageQuads:  # noqa: D102
        return await self._called(lambda route: route.detect(document, call), call)

    async def draw(self, document: SharedDocument, drawing: Drawing, call: PageCall) -> bytes:  # noqa: D102
        return await self._default.draw(document, drawing, call)

    async def _called(self, once: Callable[[PageRoute], Awaitable[Found]], call: PageCall) -> Found:
        model = call.options.model
        check_model(model, self._routes)
        if model is None or model not in self._starts:
            return await once(self._default)
        return await self._starts[model].call(lambda: once(self._routes[model]), call)
