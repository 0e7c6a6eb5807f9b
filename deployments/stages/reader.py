"""All stages in one process, which a page never leaves.

Replicas that hold all stages, workers of bulk runs and `rayocr read` use it. If one machine's CPUs do everything, a
replica for each stage only moves pages between processes, which takes an eighth of a photograph's CPU time
(docs/decisions/0018-colocated-stages.md).
"""

import asyncio
from collections.abc import Awaitable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any

from deployments.context import PageCall, RequestContext
from deployments.document import Document
from deployments.operation.metrics import StageMetrics
from deployments.operation.recycling import Recycling
from deployments.preprocess.draw import Drawing
from deployments.read_options import NO_STRUCTURE
from deployments.settings import (
    DetectionSettings,
    PreprocessSettings,
    ReaderSettings,
    RecognitionSettings,
    StructureSettings,
)
from deployments.stages.decoded_pages import DecodedPages
from deployments.stages.detection import Detector
from deployments.stages.preprocessing import Preprocessor
from deployments.stages.recognition import Recognizer
from deployments.stages.rereading import read_or_reread
from deployments.stages.structure import Structurer, structured
from deployments.storage import SERVICE_SCHEMES, StorageSettings
from models.errors import MalformedRequest
from models.manifests import BundleManifest
from models.page import Page, PageQuads, PageText

__all__ = ["Reader", "ReaderSetup", "Stages"]


@dataclass(frozen=True, slots=True)
class Stages:
    """The classes that do the work of each stage; a subclass may stand in for one."""

    preprocessor: type[Preprocessor] = Preprocessor
    detector: type[Detector] = Detector
    recognizer: type[Recognizer] = Recognizer
    structurer: type[Structurer] = Structurer


@dataclass(frozen=True, slots=True)
class ReaderSetup:
    """Everything that a reader is built from.

    Args:
        manifest: Manifest of the model bundle.
        reader: Settings of the reader itself: how much it may hold, and when it is replaced.
        preprocess: Settings of the preprocessing stage.
        detection: Settings of the detection stage.
        recognition: Settings of the recognition stage.
        storage: How documents are fetched.
        structure: Settings of the structure stage, which is built for the first page that asks for it; None if it is
            not served.
        stages: The classes that do the work.
        schemes: Schemes that the locations of documents may have.
        metrics: Metrics that count the work; None for those of each stage.
        is_prepared: Whether the recognizer's net is prepared for the usual widths of lines.
        loads_at_once: Whether the nets are loaded at once, or for the first page that needs them.
    """

    manifest: BundleManifest
    reader: ReaderSettings
    preprocess: PreprocessSettings
    detection: DetectionSettings
    recognition: RecognitionSettings
    storage: StorageSettings
    structure: StructureSettings | None = None
    stages: Stages = Stages()
    schemes: frozenset[str] = SERVICE_SCHEMES
    metrics: StageMetrics | None = None
    is_prepared: bool = True
    loads_at_once: bool = True


@dataclass(frozen=True, slots=True)
class _Nets:
    """The stages that have nets."""

    detector: Detector
    recognizer: Recognizer


class Reader:
    """Reads pages from end to end.

    Args:
        setup: Everything that the reader is built from.
    """

    def __init__(self, setup: ReaderSetup) -> None:
        self._setup = setup
        self._preprocessor = setup.stages.preprocessor(setup.preprocess, setup.storage, setup.schemes, setup.metrics)
        self._nets = self._load() if setup.loads_at_once else None
        self._loading = asyncio.Lock()
        self._structurer: Structurer | None = None
        self._decoded = DecodedPages(setup.reader.max_decoded_bytes)
        self._recycling = Recycling(setup.reader)

    def reconfigure(self, user_config: dict[str, dict[str, Any]]) -> None:
        """Take new limits and options of each stage. Serve calls this with the deployment's `user_config`."""
        self._preprocessor.reconfigure(user_config["preprocess"])
        if self._nets is not None:
            self._nets.detector.reconfigure(user_config["detection"])
            self._nets.recognizer.reconfigure(user_config["recognition"])

    async def fetch(self, location: str, max_bytes: int, context: RequestContext) -> Document:
        """Fetch a document. Arguments and errors are those of `Preprocessor.fetch`."""
        return await self._preprocessor.fetch(location, max_bytes, context)

    async def page_count(self, document: Document, call: PageCall) -> int:
        """Count the pages of a document. Arguments and errors are those of `Preprocessor.page_count`."""
        return await self._preprocessor.page_count(document, call)

    async def read(self, document: Document, call: PageCall) -> PageText:
        """Read one page of a document.

        Args:
            document: The document, passed by reference if it was fetched.
            call: The page, and how it is read.

        Raises:
            RayocrError: A stage failed (`Preprocessor.page`, `Detector.detect`, `Recognizer.recognize`).
            ConfigurationError: The nets can't be loaded.
        """
        with call.context.makes_jobs_yield():
            return await read_or_reread(lambda call: self._read(document, call), call)

    async def _read(self, document: Document, call: PageCall) -> PageText:
        async with self._page(document, call) as page:
            if page.is_carried:  # no net is needed, and perhaps none is loaded yet
                found = PageQuads.carried(page)
            else:
                nets = await self._loaded()
                found = await nets.detector.detect(page, call.sent_now())

            async def read() -> PageText:
                if page.is_carried:
                    return PageText.carried(page)
                return await nets.recognizer.recognize(page, found, call.sent_now())

            if not call.options.structure:
                return await read()
            structurer = await self._loaded_structurer()
            return await structured(found, call, partial(structurer.look, page), read, structurer.build)

    async def detect(self, document: Document, call: PageCall) -> PageQuads:
        """Find the lines of one page, without reading them. Arguments and errors are those of `read`."""
        async with self._page(document, call) as page:
            nets = await self._loaded()
            return await nets.detector.detect(page, call.sent_now())

    async def draw(self, document: Document, drawing: Drawing, call: PageCall) -> bytes:
        """Draw polygons on one page.

        Args:
            document: The document, passed by reference if it was fetched.
            drawing: The polygons.
            call: The page, and how it is decoded.

        Returns:
            The picture's file.
        """
        async with self._page(document, call) as page:
            return await self._preprocessor.draw(page, drawing, call.context)

    async def wake(self) -> None:
        """Do nothing. To answer this, Serve starts a replica if none runs."""

    def check_health(self) -> None:
        """Tell Serve whether this replica is to be replaced.

        Raises:
            RuntimeError: This replica hangs, or has worked long enough.
        """
        self._recycling.check()
        self._preprocessor.check_health()
        if self._nets is not None:
            self._nets.detector.check_health()
            self._nets.recognizer.check_health()
        if self._structurer is not None:
            self._structurer.check_health()

    def _page(self, document: Document, call: PageCall) -> AbstractAsyncContextManager[Page]:
        self._recycling.count_page()

        def decode() -> Awaitable[Page]:
            return self._preprocessor.page(document, call)

        return self._decoded.page(decode, call.context.priority)

    def _load(self) -> _Nets:
        setup = self._setup
        return _Nets(
            setup.stages.detector(setup.manifest, setup.detection, setup.metrics),
            setup.stages.recognizer(setup.manifest, setup.recognition, setup.metrics, is_prepared=setup.is_prepared),
        )

    async def _loaded_structurer(self) -> Structurer:
        """The structure stage, which is built for the first page that asks for it."""
        async with self._loading:
            if self._structurer is None:
                settings, metrics = self._setup.structure, self._setup.metrics
                if settings is None:
                    raise MalformedRequest(NO_STRUCTURE)
                self._structurer = await asyncio.to_thread(self._setup.stages.structurer, settings, metrics)
            return self._structurer

    async def _loaded(self) -> _Nets:
        async with self._loading:
            if self._nets is None:
                self._nets = await asyncio.to_thread(self._load)
            return self._nets
