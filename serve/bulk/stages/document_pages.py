"""Fetching documents and decoding their pages: the first thing that a bulk run does."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from deployments.document import Document
from deployments.preprocess.decode import PageDecoder
from deployments.read_options import ReadOptions
from deployments.storage import COMMAND_LINE_SCHEMES, StorageSettings, build_storage
from deployments.work.threads import WorkThreads, limit_threads
from models.errors import SourceNotFound, TooLarge
from models.page import Page
from serve.bulk.stages.chunks import WorkPage
from serve.config.settings import Settings
from serve.documents.page_ranges import PageRanges

__all__ = ["DocumentPages", "WantedPages"]

# Documents that one worker fetches at a time: most of it is waiting.
FETCH_THREADS = 16


@dataclass(frozen=True, slots=True)
class WantedPages:
    """What is read of each document.

    Args:
        pages: Those of these that a document has.
        options: How they are read.
        max_pages: A document of which more are wanted is not read at all.
    """

    pages: PageRanges
    options: ReadOptions
    max_pages: int


class DocumentPages:
    """Fetches documents and decodes their pages.

    Args:
        settings: The whole tree.
        storage: How documents are fetched: the settings' own, with more patience.
        wanted: Of each document.
    """

    def __init__(self, settings: Settings, storage: StorageSettings, wanted: WantedPages) -> None:
        limit_threads()
        self._wanted = wanted
        self._max_bytes = settings.http.max_body_bytes
        self._storages = build_storage(storage, COMMAND_LINE_SCHEMES)
        self._decoder = PageDecoder(settings.preprocess.limits)
        # Fetching waits for the network, and must not hold up decoding.
        self._fetching = ThreadPoolExecutor(FETCH_THREADS, thread_name_prefix="fetch")
        self._decoding = WorkThreads("decode", settings.preprocess.max_work_s)

    async def fetch(self, work: WorkPage) -> tuple[Document, list[WorkPage]]:
        """Fetch a document, and tell the pages of it that are to be read.

        Raises:
            SourceNotFound: It has none of the pages that are wanted.
            TooLarge: It has too many.
            RayocrError: See `Storage.read` and `PageDecoder.inspect`.
        """
        loop = asyncio.get_running_loop()
        location = work.document.location
        document = await loop.run_in_executor(self._fetching, self._storages.read, location, self._max_bytes)
        info = await self._decoding.run(self._decoder.inspect, document, self._wanted.options)
        count = self._wanted.pages.count_within(info.page_count)
        if count == 0:
            raise SourceNotFound(f"none of the pages that are asked for exists: the document has {info.page_count}")
        if count > self._wanted.max_pages:
            raise TooLarge(
                f"{count:,} pages are to be read, more than the limit of {self._wanted.max_pages:,}: raise "
                "--max-pages, or split the document"
            )
        numbers = self._wanted.pages.within(info.page_count)
        return document, [replace(work, number=number, page_count=count) for number in numbers]

    async def decode(self, document: Document, number: int) -> Page:
        """Decode one page.

        Raises:
            RayocrError: See `PageDecoder.page`.
        """
        return await self._decoding.run(self._decode, document, number)

    def _decode(self, document: Document, number: int) -> Page:
        started = time.perf_counter()
        page = self._decoder.page(document, number, self._wanted.options)
        return replace(page, timings_ms={"decoding": round((time.perf_counter() - started) * 1e3, 1)})
