"""The preprocessing stage: a source in, its decoded pages out."""

import asyncio
import dataclasses
import time

from deployments.context import RequestContext
from deployments.document import Document
from deployments.operation.logs import quiet_expected_errors
from deployments.operation.metrics import StageMetrics
from deployments.operation.recycling import Recycling
from deployments.preprocess.decode import PageDecoder
from deployments.preprocess.draw import Drawing, draw
from deployments.read_options import ReadOptions
from deployments.settings import PreprocessLimits, PreprocessSettings
from deployments.storage import SERVICE_SCHEMES, StorageSettings, build_storage
from deployments.work.page_work import PageWork
from deployments.work.threads import WorkThreads, limit_threads
from models.page import Page

__all__ = ["Preprocessor"]


class Preprocessor:
    """A replica of the preprocessing stage.

    Args:
        settings: Of this stage.
        storage: How sources are fetched.
    """

    def __init__(self, settings: PreprocessSettings, storage: StorageSettings) -> None:
        quiet_expected_errors()
        limit_threads()
        self._recycling = Recycling(settings)
        self._metrics = StageMetrics("preprocess")
        self._decoder = PageDecoder(settings.limits)
        self._storages = build_storage(storage, SERVICE_SCHEMES)
        self._thread = WorkThreads("preprocess", settings.max_work_s)

    def reconfigure(self, user_config: dict[str, float]) -> None:
        """Take new limits, live. Called by Serve with the deployment's `user_config`."""
        self._decoder = PageDecoder(PreprocessLimits.model_validate(user_config))

    async def fetch(self, location: str, max_bytes: int, context: RequestContext) -> Document:
        """Read a document from where it lies.

        Args:
            location: `s3://`, `https://` or `data:`.
            max_bytes: The most it may have.
            context: The request's id and deadline.

        Raises:
            RayocrError: See `Storage.read`; DeadlineExceeded when the request's time ran out.
        """
        async with context.limit("fetching the source"):
            # Not on the work thread: fetching waits for the network, and must not hold up decoding.
            return await asyncio.to_thread(self._storages.read, location, max_bytes)

    async def page_count(self, document: Document, context: RequestContext, options: ReadOptions) -> int:
        """How many pages a document has.

        Args:
            document: Passed by reference where it was fetched.
            context: The request's id and deadline.
            options: What the request asks for.

        Raises:
            RayocrError: See `PageDecoder.inspect`; DeadlineExceeded when the request's time ran out.
        """
        async with context.limit("decoding"):
            work = PageWork(context.priority)
            info = await self._thread.run(self._decoder.inspect, document, options, work=work)
            return info.page_count

    async def page(
        self, document: Document, number: int, sent_at: float, context: RequestContext, options: ReadOptions
    ) -> Page:
        """Decode one page of a document.

        Args:
            document: Passed by reference where it was fetched.
            number: Counted from 1.
            sent_at: When the pipeline called, in seconds since the epoch.
            context: The request's id and deadline.
            options: What the request asks for.

        Raises:
            RayocrError: See `PageDecoder.page`; DeadlineExceeded when the request's time ran out.
        """
        self._recycling.count_page()
        with context.presence(), self._metrics.page(number, sent_at):
            async with context.limit("decoding"):
                started = time.perf_counter()
                decode = self._metrics.metered("decode", self._decoder.page)
                # Its pixels are not known yet, and with them its limit: the next stage is the first to look at that.
                work = PageWork(context.priority)
                page = await self._thread.run(decode, document, number, options, work=work)
                elapsed_ms = (time.perf_counter() - started) * 1e3
            self._metrics.decoded(page.width, page.height)
            timings_ms = {"decoding": round(elapsed_ms, 1)}
            return dataclasses.replace(page, timings_ms=timings_ms, work_s=work.spent_s)

    async def draw(self, page: Page, drawing: Drawing, context: RequestContext) -> bytes:
        """Draw polygons on a page.

        Args:
            page: Passed by reference.
            drawing: What is drawn on it.
            context: The request's id and deadline.

        Returns:
            A PNG file.
        """
        async with context.limit("drawing"):
            return await self._thread.run(draw, page.pixels, drawing)

    def check_health(self) -> None:
        """Called by Serve.

        Raises:
            RuntimeError: This replica hangs, or has worked long enough, and is to be replaced.
        """
        self._recycling.check()
        self._thread.check()
