"""The preprocessing stage, which fetches documents and decodes their pages."""

import asyncio
import dataclasses
import time
from concurrent.futures import ThreadPoolExecutor

from deployments.context import PageCall, RequestContext
from deployments.document import Document
from deployments.operation.logs import quiet_expected_errors
from deployments.operation.metrics import StageMetrics
from deployments.operation.recycling import Recycling
from deployments.preprocess.decode import PageDecoder
from deployments.preprocess.draw import Drawing, draw
from deployments.settings import PreprocessLimits, PreprocessSettings
from deployments.storage import SERVICE_SCHEMES, StorageSettings, build_storage
from deployments.work.page_work import PageWork
from deployments.work.threads import WorkThreads, limit_threads
from models.page import Page

__all__ = ["Preprocessor"]

# Documents that one replica fetches at a time. Most of that time it waits for the network.
_FETCH_THREADS = 16


class Preprocessor:
    """A replica of the preprocessing stage.

    Args:
        settings: Settings of this stage.
        storage: How documents are fetched.
        schemes: Schemes that the locations of documents may have.
        metrics: Metrics that count the work; None for those of this stage.
    """

    def __init__(
        self,
        settings: PreprocessSettings,
        storage: StorageSettings,
        schemes: frozenset[str] = SERVICE_SCHEMES,
        metrics: StageMetrics | None = None,
    ) -> None:
        quiet_expected_errors()
        limit_threads()
        self._recycling = Recycling(settings)
        self._metrics = metrics or StageMetrics("preprocess")
        self._max_work_s = settings.max_work_s
        self._decoder = PageDecoder(settings.limits, self._max_work_s)
        self._storages = build_storage(storage, schemes)
        # Fetching has threads of its own: it waits for the network, and must not hold up decoding.
        self._fetching = ThreadPoolExecutor(_FETCH_THREADS, thread_name_prefix="fetch")
        self._thread = WorkThreads("preprocess", settings.max_work_s)

    def reconfigure(self, user_config: dict[str, float]) -> None:
        """Take new limits while running. Serve calls this with the deployment's `user_config`."""
        self._decoder = PageDecoder(PreprocessLimits.model_validate(user_config), self._max_work_s)

    async def fetch(self, location: str, max_bytes: int, context: RequestContext) -> Document:
        """Fetch a document.

        Args:
            location: Location of the document, of one of the schemes.
            max_bytes: The most bytes that the document may have.
            context: The request's id and deadline.

        Raises:
            DeadlineExceeded: The request's time ran out.
            RayocrError: The storage refuses the document or does not answer (`Storage.read`).
        """
        async with context.limit("fetching the source"):
            loop = asyncio.get_running_loop()
            read = self._storages.read
            return await loop.run_in_executor(self._fetching, read, location, max_bytes, context.https_hosts)

    async def page_count(self, document: Document, call: PageCall) -> int:
        """Count the pages of a document.

        Args:
            document: The document, passed by reference if it was fetched.
            call: The request and its options; the page does not matter.

        Raises:
            DeadlineExceeded: The request's time ran out.
            RayocrError: The document can't be read (`PageDecoder.inspect`).
        """
        async with call.context.limit("decoding"):
            work = PageWork(call.context.priority)
            info = await self._thread.run(self._decoder.inspect, document, call.options, work=work)
            return info.page_count

    async def page(self, document: Document, call: PageCall) -> Page:
        """Decode one page of a document.

        Args:
            document: The document, passed by reference if it was fetched.
            call: The page, and how it is read.

        Raises:
            DeadlineExceeded: The request's time ran out.
            RayocrError: The page can't be decoded (`PageDecoder.page`).
        """
        self._recycling.count_page()
        context = call.context
        with context.makes_jobs_yield(), self._metrics.page(context.request_id, call.number, call.sent_at):
            async with context.limit("decoding"):
                started = time.perf_counter()
                decode = self._metrics.metered("decode", self._decoder.page)
                # The page's size is not known yet, and its limit depends on it. The next stage is the first to check.
                work = PageWork(context.priority)
                page = await self._thread.run(decode, document, call.number, call.options, work=work)
                elapsed_ms = (time.perf_counter() - started) * 1e3
            self._metrics.decoded(page.width, page.height)
            timings_ms = {"decoding": round(elapsed_ms, 1)}
            return dataclasses.replace(page, timings_ms=timings_ms, work_s=work.spent_s)

    async def draw(self, page: Page, drawing: Drawing, context: RequestContext) -> bytes:
        """Draw polygons on a page.

        Args:
            page: The page, passed by reference.
            drawing: The polygons.
            context: The request's id and deadline.

        Returns:
            The picture's file.
        """
        async with context.limit("drawing"):
            return await self._thread.run(draw, page.pixels, drawing)

    def check_health(self) -> None:
        """Tell Serve whether this replica is to be replaced.

        Raises:
            RuntimeError: This replica hangs, or has worked long enough.
        """
        self._recycling.check()
        self._thread.check()
