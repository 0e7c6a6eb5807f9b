"""The stages of a bulk run: the classes of the service, in actors of Ray Data.

Each stage takes the table of a chunk and returns a table. The classes that do the work are those of the replicas, so
that the text is the same, and so are batching across pages and the watchdog. An error becomes a page's failure. It is
never raised, since an exception would end the whole run.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from deployments.context import PageCall, RequestContext
from deployments.document import Document
from deployments.stages.reader import Reader, Stages
from deployments.stages.rereading import read_or_reread
from deployments.stages.structure import structured
from deployments.storage import COMMAND_LINE_SCHEMES, StorageSettings
from models.errors import RayocrError
from models.manifests import load_manifest
from models.page import Page, PageQuads, PageText
from serve.bulk.documents import InputDocument
from serve.bulk.stages.chunks import WorkPage, decode_pages, encode_pages, failed, page_from, with_pixels
from serve.bulk.stages.runner import PageRunner
from serve.config.colocation import reader_setup
from serve.config.settings import Settings
from serve.documents.reading import ReadRequest, all_pages
from serve.ray_patches.data import end_hanging_exit

if TYPE_CHECKING:
    import pyarrow as pa
    from ray.actor import ActorHandle

__all__ = ["STAGES", "StageSetup"]

Result = TypeVar("Result")

# Between fetching and recognition, pages are held with their pixels.
_PAGES_PER_TABLE = 4
# Nobody waits for a single page. The watchdog ends a page that hangs, long before this.
_PAGE_TIMEOUT_S = 3600.0


@dataclass(frozen=True, slots=True)
class StageSetup:
    """Everything that a stage is built from.

    Args:
        settings: The whole settings tree.
        storage: How documents are fetched. These settings have more patience than those in the tree.
        coordinator: The run's actor.
        attempts: Crashes of workers after which a page that was in work at each of them is given up.
        classes: The classes that do the work.
        request: Which pages of each document are read, and how.
    """

    settings: Settings
    storage: StorageSettings
    coordinator: "ActorHandle[Any]"
    attempts: int
    classes: Stages
    request: ReadRequest

    def runner(self, stage: str) -> PageRunner:
        """Build the runner of a stage, in whose worker this is called."""
        end_hanging_exit()
        return PageRunner(stage, self.coordinator, self.attempts)

    def reader(self, *, loads_at_once: bool = True) -> Reader:
        """Build a reader of all stages.

        Args:
            loads_at_once: Whether its nets are loaded at once, or for the first page.
        """
        storage, stages, schemes = self.storage, self.classes, COMMAND_LINE_SCHEMES
        own = {"storage": storage, "stages": stages, "schemes": schemes, "loads_at_once": loads_at_once}
        return Reader(reader_setup(self.settings, **own))

    def call(self, name: str, number: int) -> PageCall:
        """Make the call for a page.

        Args:
            name: A name that no other page of the run has.
            number: Number of the page, counted from 1.
        """
        return PageCall(number, RequestContext.starting_now(name, _PAGE_TIMEOUT_S), self.request.options)


class ReadingStage:
    """Reads documents from end to end: all stages in one worker."""

    def __init__(self, setup: StageSetup) -> None:
        self._request = setup.request
        self._reader = setup.reader()
        self._max_bytes = setup.settings.http.max_body_bytes
        self._runner = setup.runner("reading")

    async def __call__(self, table: "pa.Table") -> "pa.Table":
        """Read the documents of a chunk, and return the texts of their pages."""
        documents, _ = decode_pages(table)
        read = await asyncio.gather(*(self._document(work) for work in documents))
        return encode_pages([page for pages in read for page in pages])

    async def _document(self, work: WorkPage) -> list[WorkPage]:
        pages = _WorkerPages(self._reader, self._runner, self._max_bytes)
        context = RequestContext.starting_now(work.document.key, _PAGE_TIMEOUT_S)
        try:
            read, failures = await all_pages(pages, work.document, self._request, context)
        except RayocrError as error:
            return [failed(work, error, pages.attempts)]
        count = len(read) + len(failures)
        return [
            *(replace(work, number=text.number, page_count=count, text=text) for text in read),
            *(failed(replace(work, number=one.number, page_count=count), one.error) for one in failures),
        ]


class _WorkerPages:
    """Reads the pages of one document in a worker. The coordinator notes each page, since it may end the worker."""

    def __init__(self, reader: Reader, runner: PageRunner, max_bytes: int) -> None:
        self._reader = reader
        self._runner = runner
        self._max_bytes = max_bytes
        self._fetched: Document | None = None
        #: The most attempts that a page of the document took.
        self.attempts = 1

    async def read(self, document: InputDocument, call: PageCall) -> PageText:
        """Read one page; the first one fetches the document."""
        return await self._run(document, call, self._reader.read)

    async def page_count(self, document: InputDocument, call: PageCall) -> int:
        """Count the pages of the document."""
        return await self._run(document, call, self._reader.page_count)

    async def _run(
        self, document: InputDocument, call: PageCall, step: Callable[[Document, PageCall], Awaitable[Result]]
    ) -> Result:
        async def work(_page: WorkPage) -> Result:
            if self._fetched is None:
                self._fetched = await self._reader.fetch(document.location, self._max_bytes, call.context)
            return await step(self._fetched, call.sent_now())

        [outcome] = await self._runner.run([WorkPage(document, call.number)], work)
        if not isinstance(outcome, WorkPage):
            result: Result = outcome
            return result
        assert outcome.failure is not None  # the work itself never returns a `WorkPage`
        self.attempts = max(self.attempts, outcome.failure.attempts)
        raise outcome.failure.error


class FetchStage:
    """Reads documents from storage, and decodes their pages.

    It is a generator, since the pages of one document may not fit into memory together: Ray Data takes one table after
    the other out of it, as fast as the next stage takes them. So it can't be async, and has an event loop of its own.
    """

    def __init__(self, setup: StageSetup) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="fetch-loop", daemon=True).start()
        self._setup = setup
        self._preprocessor = setup.classes.preprocessor(setup.settings.preprocess, setup.storage, COMMAND_LINE_SCHEMES)
        self._runner = setup.runner("fetch")

    def __call__(self, table: "pa.Table") -> "Iterator[pa.Table]":
        """Fetch the documents of a chunk, and yield their pages with pixels."""
        fetched, _ = decode_pages(table)
        results = self._in_loop(self._runner.run(fetched, self._fetch))
        failures = [result for result in results if isinstance(result, WorkPage)]
        if failures:
            yield encode_pages(failures)
        documents: dict[str, Document] = {}
        waiting: list[WorkPage] = []
        for result in results:
            if not isinstance(result, WorkPage):
                document, pages = result
                documents[pages[0].document.key] = document
                waiting += pages

        async def decode(work: WorkPage) -> Page:
            call = self._setup.call(work.name, work.number)
            return await self._preprocessor.page(documents[work.document.key], call)

        for start in range(0, len(waiting), _PAGES_PER_TABLE):
            together = waiting[start : start + _PAGES_PER_TABLE]
            decoded = self._in_loop(self._runner.run(together, decode))
            yield with_pixels(
                [
                    (page, None) if isinstance(page, WorkPage) else (work, page)
                    for work, page in zip(together, decoded, strict=True)
                ]
            )

    async def _fetch(self, work: WorkPage) -> tuple[Document, list[WorkPage]]:
        """Fetch a document, and list its pages that are to be read."""
        call = self._setup.call(work.name, work.number)
        max_bytes = self._setup.settings.http.max_body_bytes
        document = await self._preprocessor.fetch(work.document.location, max_bytes, call.context)
        numbers = list(self._setup.request.numbers(await self._preprocessor.page_count(document, call)))
        return document, [replace(work, number=number, page_count=len(numbers)) for number in numbers]

    def _in_loop(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()


class DetectionStage:
    """Finds the lines of pages."""

    def __init__(self, setup: StageSetup) -> None:
        self._setup = setup
        self._detector = setup.classes.detector(load_manifest(setup.settings.bundle), setup.settings.detection)
        self._runner = setup.runner("detection")

    async def __call__(self, table: "pa.Table") -> "pa.Table":
        """Find the lines of a chunk's pages, and return these with their quads and pixels."""
        pages, pixels = decode_pages(table)

        async def detect(work: WorkPage) -> WorkPage:
            call = self._setup.call(work.name, work.number)
            quads: PageQuads = await self._detector.detect(page_from(work, pixels), call)
            return replace(work, quads=quads)

        return encode_pages(await self._runner.run(pages, detect), pixels)


class RecognitionStage:
    """Reads the lines of pages, and finds their structure."""

    def __init__(self, setup: StageSetup) -> None:
        self._setup = setup
        self._recognizer = setup.classes.recognizer(load_manifest(setup.settings.bundle), setup.settings.recognition)
        is_asked = bool(setup.request.options.structure)
        self._structurer = setup.classes.structurer(setup.settings.structure) if is_asked else None
        # Its nets are loaded when a text layer is first refused, which few runs see.
        self._rereader = setup.reader(loads_at_once=False)
        self._runner = setup.runner("recognition")

    async def __call__(self, table: "pa.Table") -> "pa.Table":
        """Read the lines of a chunk's pages, and return their texts."""
        pages, pixels = decode_pages(table)

        async def recognize(work: WorkPage) -> WorkPage:
            first = self._setup.call(work.name, work.number)

            async def read(call: PageCall) -> PageText:
                if call is first:
                    assert work.quads is not None  # detection gives them, or a failure
                    return await self._read(page_from(work, pixels), work.quads, call)
                max_bytes = self._setup.settings.http.max_body_bytes
                document = await self._rereader.fetch(work.document.location, max_bytes, call.context)
                return await self._rereader.read(document, call)

            return replace(work, page=None, quads=None, text=await read_or_reread(read, first))

        return encode_pages(await self._runner.run(pages, recognize))

    async def _read(self, page: Page, found: PageQuads, call: PageCall) -> PageText:
        """Read a page, and find its structure beside that if the run asks for it."""

        async def read() -> PageText:
            text: PageText = await self._recognizer.recognize(page, found, call)
            return text

        if self._structurer is None:
            return await read()
        return await structured(found, call, partial(self._structurer.look, page), read, self._structurer.build)


STAGES = {
    "fetch": FetchStage,
    "detection": DetectionStage,
    "recognition": RecognitionStage,
    "reading": ReadingStage,
}
"""The stages by name. `reading` replaces the three others."""
