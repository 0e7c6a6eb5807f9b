"""Finds the lines of pages: those of documents by one net, and those of scenes by another."""

from dataclasses import dataclass

from models.detection.detector import TextDetector
from models.detection.page_or_scene import is_document
from models.direction import LineDirection
from models.manifests import BundleManifest
from models.page import Page, Quads
from models.settings import DetectionOptions, NetSettings
from models.steps import Steps, run_steps

__all__ = ["PageDetector"]


@dataclass(frozen=True, slots=True)
class PageDetector:
    """Two detectors, or one for both kinds of page if the bundle has only one.

    Args:
        documents: The detector for pages that are printed or written on a bright ground.
        scenes: The detector for all other pages.
    """

    documents: TextDetector
    scenes: TextDetector

    @classmethod
    def load(
        cls, manifest: BundleManifest, settings: NetSettings, direction: LineDirection | None = None
    ) -> "PageDetector":
        """Check and load the bundle's detectors.

        Args:
            manifest: The bundle.
            settings: Where and how the nets run.
            direction: Tells how pages are turned. None leaves every page as it is.

        Raises:
            ConfigurationError: A file is missing or not the manifest's, or this machine can't meet the settings.
        """
        scenes = TextDetector.load(manifest.detection, settings, direction)
        if manifest.detection_documents is None:
            return cls(scenes, scenes)
        return cls(TextDetector.load(manifest.detection_documents, settings, direction, "detection_documents"), scenes)

    def steps(self, page: Page, options: DetectionOptions) -> Steps[Quads]:
        """Find the lines of one page. The net that the steps name answers each input with its map."""
        shows_document = is_document(page.pixels)
        detector = self.documents if shows_document else self.scenes
        return (yield from detector.steps(page, options, is_document=shows_document))

    def detect(self, page: Page, options: DetectionOptions) -> Quads:
        """Find the lines of one page, and do all steps here."""
        return run_steps(self.steps(page, options), lambda inputs: self._of_net(inputs.net).run_net(inputs))

    def _of_net(self, name: str) -> TextDetector:
        return self.documents if name == self.documents.net_name else self.scenes
