"""The preprocessing stage: a source in, its decoded pages out."""

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

# Sources that one replica fetches at a time: most of it is waiting for the network.
_FETCH_THREADS = 16


class Preprocessor:
    """A replica of the preprocessing stage.

    Args:
        settings: Settings of this stage.
        storage: How sources are fetched.
        schemes: Schemes of the locations that sources may have.
        metrics: Where work is counted; None for the metrics of this stage.
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
        self._decoder = PageDecoder(settings.limits)
        self._storages = build_storage(storage, schemes)
        # Fetching has threads of its own: it waits for the network, and must not hold up decoding.
        self._fetching = ThreadPoolExecutor(_FETCH_THREADS, thread_name_prefix="fetch")
        self._thread = WorkThreads("preprocess", settings.max_work_s)

    def reconfigure(self, user_config: dict[str, float]) -> None:
        """Take new limits, live. Called by Serve with the deployment's `user_config`."""
        self._decoder = PageDecoder(PreprocessLimits.model_validate(user_config))

    async def fetch(self, location: str, max_bytes: int, context: RequestContext) -> Document:
        """Fetch a document.

        Args:
            location: Address of the document, of one of the schemes.
            max_bytes: The most bytes that it may have.
            context: The request's id and deadline.

        Raises:
            RayocrError: The storage refuses it or does not answer, see `Storage.read`; DeadlineExceeded when the
                request's time ran out.
        """
        async with context.limit("fetching the source"):
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._fetching, self._storages.read, location, max_bytes)

    async def page_count(self, document: Document, call: PageCall) -> int:
        """Count the pages of a document.

        Args:
            document: The document, passed by reference if it was fetched.
            call: Whose document it is, and how it is read; the page does not matter.

        Raises:
            RayocrError: The document can't be read, see `PageDecoder.inspect`; DeadlineExceeded when the request's time
                ran out.
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
            RayocrError: The page can't be decoded, see `PageDecoder.page`; DeadlineExceeded when the request's time ran
                out.
        """
        self._recycling.count_page()
        context = call.context
        with context.makes_jobs_yield(), self._metrics.page(call.number, call.sent_at):
            async with context.limit("decoding"):
                started = time.perf_counter()
                decode = self._metrics.metered("decode", self._decoder.page)
                # Its pixels are not known yet, and with them its limit: the next stage is the first to look at that.
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
            A PNG file.
        """
        async with context.limit("drawing"):
            return await self._thread.run(draw, page.pixels, drawing)

    def check_health(self) -> None:
        """Tell Serve whether this replica is to be replaced.

        Raises:
            RuntimeError: This replica hangs, or has worked long enough, and is to be replaced.
        """
        self._recycling.check()
        self._thread.check()
