"""The stages of a bulk run: the classes of the service, in actors of Ray Data.

Each stage takes the table of a chunk and returns one. The classes that do the work are those of the replicas, so that
the text is the same, batching across pages and the watchdog included. An error is a page's failure, never an exception:
that would end the whole run.
"""

import asyncio
import threading
import time
from collections.abc import Coroutine, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from deployments.context import RequestContext
from deployments.document import Document
from deployments.stages.classes import Stages
from deployments.stages.decoded_pages import DecodedPages
from deployments.storage import StorageSettings
from models.page import Page, PageQuads, PageText
from serve.bulk.stages.chunks import WorkPage, decode_pages, encode_pages, page_from, with_pixels
from serve.bulk.stages.document_pages import DocumentPages, WantedPages
from serve.bulk.stages.runner import PageRunner, attempt
from serve.config.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa
    from ray.actor import ActorHandle

__all__ = ["STAGES", "StageSetup"]

Result = TypeVar("Result")

# Between fetching and recognition they are held with their pixels.
_PAGES_A_TABLE = 4
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
        wanted: Of each document.
    """

    settings: Settings
    storage: StorageSettings
    coordinator: "ActorHandle[Any]"
    attempts: int
    classes: Stages
    wanted: WantedPages


class ReadingStage:
    """Reads documents from end to end: all stages in one worker."""

    def __init__(self, setup: StageSetup) -> None:
        settings = setup.settings
        self._options = setup.wanted.options
        self._pages_at_a_time = settings.http.pages_at_a_time
        self._documents = DocumentPages(settings, setup.storage, setup.wanted)
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
        if len(pages) == 1:
            return [await self._page(document, pages[0])]
        together = asyncio.Semaphore(self._pages_at_a_time)

        async def read(page: WorkPage) -> WorkPage:
            async with together:
                result: WorkPage = await attempt(page, partial(self._page, document))
                return result

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(read(page)) for page in pages]
        return [task.result() for task in tasks]

    async def _page(self, document: Document, work: WorkPage) -> WorkPage:
        context = _context(work)
        async with self._decoded.page(partial(self._documents.decode, document, work.number)) as page:
            quads = await self._detector.detect(page, time.time(), context, self._options.detection)
            text = await self._recognizer.recognize(page, quads, time.time(), context, self._options)
        return replace(work, text=text)


class FetchStage:
    """Reads documents from storage, and decodes their pages.

    A generator, since the pages of one document may be more than fit into memory: Ray Data takes one table after the
    other out of it, as fast as the next stage takes them. So it can't be async, and has an event loop of its own.
    """

    def __init__(self, setup: StageSetup) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="fetch-loop", daemon=True).start()
        self._documents = DocumentPages(setup.settings, setup.storage, setup.wanted)
        self._runner = PageRunner("fetch", setup.coordinator, setup.attempts)

    def __call__(self, table: "pa.Table") -> "Iterator[pa.Table]":
        """Take documents; give their pages, with pixels."""
        fetched, _ = decode_pages(table)
        results = self._in_loop(self._runner.run(fetched, self._documents.fetch))
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
            return await self._documents.decode(documents[work.document.key], work.number)

        for start in range(0, len(waiting), _PAGES_A_TABLE):
            together = waiting[start : start + _PAGES_A_TABLE]
            decoded = self._in_loop(self._runner.run(together, decode))
            yield with_pixels(
                [
                    (page, None) if isinstance(page, WorkPage) else (work, page)
                    for work, page in zip(together, decoded, strict=True)
                ]
            )

    def _in_loop(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()


class DetectionStage:
    """Finds the lines of pages."""

    def __init__(self, setup: StageSetup) -> None:
        self._detector = setup.classes.detector(setup.settings.bundle, setup.settings.detection)
        self._options = setup.wanted.options
        self._runner = PageRunner("detection", setup.coordinator, setup.attempts)

    async def __call__(self, table: "pa.Table") -> "pa.Table":
        """Take decoded pages; give them with their quads, and hand the pixels on."""
        pages, pixels = decode_pages(table)

        async def detect(work: WorkPage) -> WorkPage:
            page = page_from(work, pixels)
            quads: PageQuads = await self._detector.detect(page, time.time(), _context(work), self._options.detection)
            return replace(work, quads=quads)

        return encode_pages(await self._runner.run(pages, detect), pixels)


class RecognitionStage:
    """Reads the lines of pages."""

    def __init__(self, setup: StageSetup) -> None:
        self._recognizer = setup.classes.recognizer(setup.settings.bundle, setup.settings.recognition)
        self._options = setup.wanted.options
        self._runner = PageRunner("recognition", setup.coordinator, setup.attempts)

    async def __call__(self, table: "pa.Table") -> "pa.Table":
        """Take pages with their quads; give their texts."""
        pages, pixels = decode_pages(table)

        async def recognize(work: WorkPage) -> WorkPage:
            assert work.quads is not None  # detection gives them, or a failure
            page = page_from(work, pixels)
            text: PageText = await self._recognizer.recognize(
                page, work.quads, time.time(), _context(work), self._options
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
