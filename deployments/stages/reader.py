"""All three stages in one replica: a page never leaves its process.

Where one machine's CPUs do everything, a replica for each stage only moves pages between processes, which costs a
photograph an eighth of its CPU time (docs/decisions/0018-colocated-stages.md).
"""

import time
from collections.abc import Awaitable
from contextlib import AbstractAsyncContextManager
from typing import Any

from deployments.context import RequestContext
from deployments.document import Document
from deployments.operation.recycling import Recycling
from deployments.preprocess.draw import Drawing
from deployments.read_options import ReadOptions
from deployments.settings import DetectionSettings, PreprocessSettings, ReaderSettings, RecognitionSettings
from deployments.stages.classes import Stages
from deployments.stages.decoded_pages import DecodedPages
from deployments.storage import StorageSettings
from models.page import Page, PageQuads, PageText

__all__ = ["Reader"]


class Reader:
    """A replica that reads pages from end to end.

    Args:
        bundle: Name of the model bundle, or the path of its manifest.
        own: What it may hold, and when it is replaced.
        preprocess: Of the stage.
        detection: Of the stage.
        recognition: Of the stage.
        storage: How sources are fetched.
        stages: What does the work.
    """

    def __init__(
        self,
        bundle: str,
        own: ReaderSettings,
        preprocess: PreprocessSettings,
        detection: DetectionSettings,
        recognition: RecognitionSettings,
        storage: StorageSettings,
        stages: Stages,
    ) -> None:
        self._preprocessor = stages.preprocessor(preprocess, storage)
        self._detector = stages.detector(bundle, detection)
        self._recognizer = stages.recognizer(bundle, recognition)
        self._decoded = DecodedPages(own.max_decoded_bytes)
        self._recycling = Recycling(own)

    def reconfigure(self, user_config: dict[str, dict[str, Any]]) -> None:
        """Take new limits and options of each stage, live. Called by Serve with the deployment's `user_config`."""
        self._preprocessor.reconfigure(user_config["preprocess"])
        self._detector.reconfigure(user_config["detection"])
        self._recognizer.reconfigure(user_config["recognition"])

    async def fetch(self, location: str, max_bytes: int, context: RequestContext) -> Document:
        """See `Preprocessor.fetch`."""
        return await self._preprocessor.fetch(location, max_bytes, context)

    async def read(
        self, document: Document, number: int, sent_at: float, context: RequestContext, options: ReadOptions
    ) -> PageText:
        """Read one page of a document.

        Args:
            document: Passed by reference where it was fetched.
            number: Counted from 1.
            sent_at: When the pipeline called, in seconds since the epoch.
            context: The request's id and deadline.
            options: What the request asks for.

        Raises:
            RayocrError: See `Preprocessor.page`, `Detector.detect` and `Recognizer.recognize`.
        """
        with context.presence():
            async with self._page(document, number, sent_at, context, options) as page:
                found = await self._detect(page, context, options)
                return await self._recognizer.recognize(page, found, time.time(), context, options)

    async def detect(
        self, document: Document, number: int, sent_at: float, context: RequestContext, options: ReadOptions
    ) -> PageQuads:
        """Find the lines of one page, without reading them. See `read`.

        Args:
            document: As for `read`.
            number: As for `read`.
            sent_at: As for `read`.
            context: As for `read`.
            options: As for `read`.
        """
        async with self._page(document, number, sent_at, context, options) as page:
            return await self._detect(page, context, options)

    async def page_count(self, document: Document, context: RequestContext, options: ReadOptions) -> int:
        """See `Preprocessor.page_count`."""
        return await self._preprocessor.page_count(document, context, options)

    async def draw(
        self,
        document: Document,
        number: int,
        sent_at: float,
        drawing: Drawing,
        context: RequestContext,
        options: ReadOptions,
    ) -> bytes:
        """A page with polygons drawn on it, as a PNG file. See `read`.

        Args:
            document: As for `read`.
            number: As for `read`.
            sent_at: As for `read`.
            drawing: What is drawn on it.
            context: As for `read`.
            options: As for `read`.
        """
        async with self._page(document, number, sent_at, context, options) as page:
            return await self._preprocessor.draw(page, drawing, context)

    def check_health(self) -> None:
        """Called by Serve.

        Raises:
            RuntimeError: This replica hangs, or has worked long enough, and is to be replaced.
        """
        self._recycling.check()
        for stage in (self._preprocessor, self._detector, self._recognizer):
            stage.check_health()

    def _page(
        self, document: Document, number: int, sent_at: float, context: RequestContext, options: ReadOptions
    ) -> AbstractAsyncContextManager[Page]:
        self._recycling.count_page()

        def decode() -> Awaitable[Page]:
            return self._preprocessor.page(document, number, sent_at, context, options)

        return self._decoded.page(decode, context.priority)

    async def _detect(self, page: Page, context: RequestContext, options: ReadOptions) -> PageQuads:
        return await self._detector.detect(page, time.time(), context, options.detection)
