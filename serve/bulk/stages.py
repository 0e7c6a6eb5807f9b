"""The stages of a bulk run: the classes of the service, in actors of Ray Data.

Each stage takes the table of a chunk and returns one. The classes that do the work are those of the replicas, so that
the text is the same, batching across pages and the watchdog included. An error is a page's failure, never an exception:
that would end the whole run.
"""

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from deployments.context import RequestContext
from deployments.decoded_pages import DecodedPages
from deployments.preprocess.decode import PageDecoder
from deployments.preprocess.document import Document
from deployments.read_options import AS_IT_COMES
from deployments.stages import Stages
from deployments.storage import COMMAND_LINE_SCHEMES, StorageSettings, build_storage
from deployments.worker import WorkThreads, limit_threads
from models.page import Page, PageQuads, PageText
from serve.bulk.chunks import WorkPage, decode_pages, encode_pages, page_from, with_pixels
from serve.bulk.workers import PageRunner
from serve.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa
    from ray.actor import ActorHandle

__all__ = ["STAGES", "StageSetup"]

# Documents that one worker fetches at a time: most of it is waiting.
FETCH_THREADS = 16

# Nobody waits for a single page. What hangs is found by the watchdog, long before.
_PAGE_TIMEOUT_S = 3600.0


@dataclass(frozen=True, slots=True)
class StageSetup:
    """What every stage is built from.

    Args:
        settings: The whole tree.
        storage: How documents are fetched: the settings' own, with more patience.
        coordinator: The run's actor.
        attempts: Crashes that a page may be in work at.
        classes: What does the work.
    """

    settings: Settings
    storage: StorageSettings
    coordinator: "ActorHandle[Any]"
    attempts: int
    classes: Stages


class DocumentPages:
    """Fetches documents and decodes their pages."""

    def __init__(self, setup: StageSetup) -> None:
        limit_threads()
        preprocess = setup.settings.preprocess
        self._max_bytes = setup.settings.http.max_body_bytes
        self._storages = build_storage(setup.storage, COMMAND_LINE_SCHEMES)
        self._decoder = PageDecoder(preprocess.limits)
        # Fetching waits for the network, and must not hold up decoding.
        self._fetching = ThreadPoolExecutor(FETCH_THREADS, thread_name_prefix="fetch")
        self._decoding = WorkThreads("decode", preprocess.max_work_s)

    async def fetch(self, work: WorkPage) -> tuple[Document, list[WorkPage]]:
        """Fetch a document, and tell its pages.

        Raises:
            RayocrError: See `Storage.read` and `PageDecoder.inspect`.
        """
        loop = asyncio.get_running_loop()
        location = work.document.location
        document = await loop.run_in_executor(self._fetching, self._storages.read, location, self._max_bytes)
        info = await self._decoding.run(self._decoder.inspect, document)
        numbers = range(1, info.page_count + 1)
        return document, [replace(work, number=number, page_count=info.page_count) for number in numbers]

    async def decode(self, document: Document, number: int) -> Page:
        """Decode one page.

        Raises:
            RayocrError: See `PageDecoder.page`.
        """
        return await self._decoding.run(self._decode, document, number)

    def _decode(self, document: Document, number: int) -> Page:
        started = time.perf_counter()
        page = self._decoder.page(document, number)
        return replace(page, timings_ms={"decoding": round((time.perf_counter() - started) * 1e3, 1)})


class ReadingStage:
    """Reads documents from end to end: all stages in one worker."""

    def __init__(self, setup: StageSetup) -> None:
        settings = setup.settings
        self._documents = DocumentPages(setup)
        self._detector = setup.classes.detector(settings.bundle, settings.detection)
        self._recognizer = setup.classes.recognizer(settings.bundle, settings.recognition)
        self._decoded = DecodedPages(settings.reader.max_decoded_bytes)
        self._runner = PageRunner("reading", setup.coordinator, setup.attempts)

    async def __call__(self, table: "pa.Table") -> "pa.Table":
        """Take documents; give the texts of their pages."""
        documents, _ = decode_pages(table)
        return encode_pages(_flat(await self._runner.run(documents, self._read)))

    async def _read(self, work: WorkPage) -> list[WorkPage]:
        document, pages = await self._documents.fetch(work)
        texts = []
        for page_work in pages:
            decode = partial(self._documents.decode, document, page_work.number)
            async with self._decoded.page(decode) as page:
                context = _context(page_work)
                quads = await self._detector.detect(page, time.time(), context, AS_IT_COMES.detection)
                text = await self._recognizer.recognize(page, quads, time.time(), context, AS_IT_COMES)
            texts.append(replace(page_work, text=text))
        return texts


class FetchStage:
    """Reads documents from storage, and decodes their pages."""

    def __init__(self, setup: StageSetup) -> None:
        self._documents = DocumentPages(setup)
        self._runner = PageRunner("fetch", setup.coordinator, setup.attempts)

    async def __call__(self, table: "pa.Table") -> "pa.Table":
        """Take documents; give their pages, with pixels."""
        documents, _ = decode_pages(table)
        results = await self._runner.run(documents, self._pages)
        pages: list[tuple[WorkPage, Page | None]] = []
        for result in results:
            pages += [(result, None)] if isinstance(result, WorkPage) else result
        return with_pixels(pages)

    async def _pages(self, work: WorkPage) -> list[tuple[WorkPage, Page]]:
        document, pages = await self._documents.fetch(work)
        return [(page, await self._documents.decode(document, page.number)) for page in pages]


class DetectionStage:
    """Finds the lines of pages."""

    def __init__(self, setup: StageSetup) -> None:
        self._detector = setup.classes.detector(setup.settings.bundle, setup.settings.detection)
        self._runner = PageRunner("detection", setup.coordinator, setup.attempts)

    async def __call__(self, table: "pa.Table") -> "pa.Table":
        """Take decoded pages; give them with their quads, and hand the pixels on."""
        pages, pixels = decode_pages(table)

        async def detect(work: WorkPage) -> WorkPage:
            page = page_from(work, pixels)
            quads: PageQuads = await self._detector.detect(page, time.time(), _context(work), AS_IT_COMES.detection)
            return replace(work, quads=quads)

        return encode_pages(await self._runner.run(pages, detect), pixels)


class RecognitionStage:
    """Reads the lines of pages."""

    def __init__(self, setup: StageSetup) -> None:
        self._recognizer = setup.classes.recognizer(setup.settings.bundle, setup.settings.recognition)
        self._runner = PageRunner("recognition", setup.coordinator, setup.attempts)

    async def __call__(self, table: "pa.Table") -> "pa.Table":
        """Take pages with their quads; give their texts."""
        pages, pixels = decode_pages(table)

        async def recognize(work: WorkPage) -> WorkPage:
            assert work.quads is not None  # detection gives them, or a failure
            page = page_from(work, pixels)
            text: PageText = await self._recognizer.recognize(
                page, work.quads, time.time(), _context(work), AS_IT_COMES
            )
            return replace(work, page=None, quads=None, text=text)

        return encode_pages(await self._runner.run(pages, recognize))


STAGES = {
    "fetch": FetchStage,
    "detection": DetectionStage,
    "recognition": RecognitionStage,
    "reading": ReadingStage,
}
"""By name. `reading` stands in place of the three others."""


def _flat(results: Sequence[WorkPage | list[WorkPage]]) -> list[WorkPage]:
    return [page for result in results for page in ([result] if isinstance(result, WorkPage) else result)]


def _context(work: WorkPage) -> RequestContext:
    return RequestContext.starting_now(work.name, _PAGE_TIMEOUT_S)
