"""A way through the stages for documents whose text says what becomes of each page."""

import asyncio

from ray.exceptions import RayTaskError
from ray.serve.exceptions import BackPressureError

from deployments.context import PageCall, RequestContext
from deployments.document import Document
from deployments.pipeline.routes import PageRoute
from deployments.pipeline.shared_document import SharedDocument
from deployments.preprocess.draw import Drawing
from deployments.read_options import ReadOptions
from models.errors import RayocrError, ReplicaCrashed, SourceNotFound, StorageUnavailable, Undecodable, UnsupportedType
from models.page import Line, PageQuads, PageText

__all__ = ["ScriptedDocument"]

_ERRORS: dict[str, RayocrError] = {
    "bad": Undecodable("nothing of it can be read"),
    "crashes": ReplicaCrashed("it ended its replica"),
    "unreachable": StorageUnavailable("the bucket does not answer"),
    "unsupported": UnsupportedType("unsupported format: .txt"),
}


class ScriptedDocument(PageRoute):
    """Reads `good bad good`: three pages, of which the second can't be read."""

    def __init__(self) -> None:
        self.options: list[ReadOptions] = []
        self.begun: list[int] = []
        self.in_work = 0
        self.most_in_work = 0
        self.counted = 0
        self.is_open = asyncio.Event()

    async def read(self, document: SharedDocument, call: PageCall) -> PageText:
        """Do what the page says."""
        number = call.number
        pages = _pages(document)
        self.options.append(call.options)
        self.begun.append(number)
        if number > len(pages):
            raise _from_stage(SourceNotFound(f"page {number} does not exist: the document has {len(pages)}"))
        self.in_work += 1
        self.most_in_work = max(self.most_in_work, self.in_work)
        try:
            await asyncio.sleep(0)
            await self._do(pages[number - 1], number)
        finally:
            self.in_work -= 1
        line = Line(f"page {number}", 0.9, ((0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0)))
        return PageText(number, width=10, height=10, rotation=0, lines=(line,), page_count=len(pages))

    async def detect(self, document: SharedDocument, call: PageCall) -> PageQuads:
        """No test detects."""
        raise NotImplementedError

    async def page_count(self, document: SharedDocument, call: PageCall) -> int:
        """Count the words."""
        self.counted += 1
        pages = _pages(document)
        if "unsupported" in pages:
            raise _from_stage(_ERRORS["unsupported"])
        return len(pages)

    async def document(self, document: SharedDocument, context: RequestContext) -> Document:
        """Give the words."""
        return Document(" ".join(_pages(document)).encode())

    async def draw(self, document: SharedDocument, drawing: Drawing, call: PageCall) -> bytes:
        """Give the page's number instead of a picture."""
        return f"picture of page {call.number}".encode()

    async def _do(self, what: str, number: int) -> None:
        if what == "waits":
            await self.is_open.wait()
        elif what == "full-once" and self.begun.count(number) == 1:
            raise BackPressureError(num_queued_requests=9, max_queued_requests=9)
        elif what == "unforeseen":
            raise _from_stage(KeyError("a secret path"))
        elif what in _ERRORS:
            raise _from_stage(_ERRORS[what])


def _pages(document: SharedDocument) -> list[str]:
    source = document._source
    return (source if isinstance(source, str) else source.data.decode()).removeprefix("s3://pages/").split()


def _from_stage(error: Exception) -> RayTaskError:
    return RayTaskError("read", "Traceback ...", error)  # type: ignore[no-untyped-call]
