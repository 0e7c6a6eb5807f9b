"""Stages that wait as long as their net would take, and read nothing.

On one machine a few nets take all cores, and hide what else would saturate. These leave the cores to everything but
the nets: HTTP, Ray, decoding. No figure with them is a speed of reading.
"""

import asyncio
import os

import numpy as np

from deployments.context import RequestContext
from deployments.operation.logs import quiet_expected_errors
from deployments.operation.metrics import StageMetrics
from deployments.read_options import ReadOptions
from deployments.settings import DetectionSettings, RecognitionSettings
from deployments.stages.detection import Detector
from deployments.stages.recognition import Recognizer
from loadtest.scale.point import DETECTION_VARIABLE, RECOGNITION_VARIABLE
from models.page import Line, Page, PageQuads, PageText, Quads
from models.settings import DetectionOptions

__all__ = ["SimulatedDetector", "SimulatedRecognizer"]

# What a receipt has, so that results have their usual size. The readiness probe looks for its first word.
_LINES = 40
_TEXT = "ready, but nothing was read: simulated"


class SimulatedRecognizer(Recognizer):
    """Waits, one page at a time, and answers with a line for each quad."""

    def __init__(self, bundle: str, settings: RecognitionSettings) -> None:  # without the net of its base
        quiet_expected_errors()
        self._options = settings.options
        self._metrics = StageMetrics("recognition")
        self._wait_s = float(os.environ[RECOGNITION_VARIABLE]) / 1e3
        self._net = asyncio.Lock()

    async def recognize(
        self, page: Page, found: PageQuads, sent_at: float, context: RequestContext, options: ReadOptions
    ) -> PageText:
        """See `Recognizer.recognize`."""
        with self._metrics.page(found.number, sent_at):
            async with context.limit("recognition"), self._net:
                await asyncio.sleep(self._wait_s)
        corners = [tuple((float(x), float(y)) for x, y in quad) for quad in found.quads.points]
        return PageText(
            number=found.number,
            width=found.width,
            height=found.height,
            rotation=found.rotation,
            lines=tuple(Line(_TEXT, 1.0, polygon) for polygon in corners),
            warnings=found.warnings,
            timings_ms=found.timings_ms,
        )

    def check_health(self) -> None:
        """There is no thread that could hang."""


class SimulatedDetector(Detector):
    """Waits, one page at a time, and answers with the same number of quads for each."""

    def __init__(self, bundle: str, settings: DetectionSettings) -> None:  # without the net of its base
        quiet_expected_errors()
        self._options = settings.options
        self._metrics = StageMetrics("detection")
        self._wait_s = float(os.environ[DETECTION_VARIABLE]) / 1e3
        self._net = asyncio.Lock()

    async def detect(self, page: Page, sent_at: float, context: RequestContext, options: DetectionOptions) -> PageQuads:
        """See `Detector.detect`."""
        with self._metrics.page(page.number, sent_at):
            async with context.limit("detection"), self._net:
                await asyncio.sleep(self._wait_s)
        tops = np.linspace(0, page.height, _LINES, endpoint=False, dtype=np.float32)
        step = page.height / _LINES
        points = np.array(
            [[(0, top), (page.width, top), (page.width, top + step), (0, top + step)] for top in tops], np.float32
        )
        return PageQuads(
            number=page.number,
            width=page.width,
            height=page.height,
            rotation=page.rotation,
            quads=Quads(points, np.ones(_LINES, np.float32), ()),
            warnings=page.warnings,
            timings_ms=page.timings_ms,
        )

    def check_health(self) -> None:
        """There is no thread that could hang."""
