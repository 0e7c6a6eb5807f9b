"""Stages without nets: every page has no text, so that a run's own costs are left."""

import numpy as np

from deployments.context import RequestContext
from deployments.read_options import ReadOptions
from deployments.settings import DetectionSettings, RecognitionSettings
from deployments.stages.detection import Detector
from deployments.stages.recognition import Recognizer
from models.page import Page, PageQuads, PageText, Quads
from models.settings import DetectionOptions

__all__ = ["EmptyDetector", "EmptyRecognizer"]


class EmptyDetector(Detector):
    """Finds no line on any page."""

    def __init__(self, bundle: str, settings: DetectionSettings) -> None:
        """Loads nothing. See `Detector`."""

    async def detect(self, page: Page, sent_at: float, context: RequestContext, options: DetectionOptions) -> PageQuads:
        """See `Detector.detect`."""
        nothing = Quads(np.zeros((0, 4, 2), np.float32), np.zeros(0, np.float32))
        return PageQuads(page.number, page.width, page.height, page.rotation, nothing)


class EmptyRecognizer(Recognizer):
    """Reads no text."""

    def __init__(self, bundle: str, settings: RecognitionSettings) -> None:
        """Loads nothing. See `Recognizer`."""

    async def recognize(
        self, page: Page, found: PageQuads, sent_at: float, context: RequestContext, options: ReadOptions
    ) -> PageText:
        """See `Recognizer.recognize`."""
        return PageText(found.number, found.width, found.height, found.rotation, ())
