"""Reading pages with one bundle on one runtime, as the stages do, in one process."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from models.detection import PageDetector
from models.direction import LineDirection
from models.manifests import BundleManifest
from models.page import Line, Page
from models.recognition import PageRecognizer, other_languages
from models.settings import DetectionOptions, NetSettings, RecognitionOptions

__all__ = ["RUNTIMES", "THREADS", "Reader", "page_of"]

RUNTIMES = ("onnxruntime", "openvino")
#: That may use a `Reader` at a time.
THREADS = 2


@dataclass(frozen=True)
class Reader:
    """All nets of a bundle, one page at a time."""

    detector: PageDetector
    recognizer: PageRecognizer

    @classmethod
    def load(
        cls, manifest: BundleManifest, runtime: str, precision: str = "f32", *, is_prepared: bool = False
    ) -> "Reader":
        """Load all nets, on the CPU; in f32 every runtime reads the same."""
        settings = NetSettings.model_validate(
            {"runtime": runtime, "device": "cpu", "precision": precision, "threads": THREADS}
        )
        direction = LineDirection.load(manifest, manifest.detection, settings)
        return cls(
            PageDetector.load(manifest, settings, direction),
            PageRecognizer.load(
                manifest.recognition, settings, direction, is_prepared=is_prepared, others=other_languages(manifest)
            ),
        )

    def lines(self, page: Page, *, with_characters: bool = False) -> tuple[Line, ...]:
        """A page's lines, in reading order."""
        return self.turned(page, with_characters=with_characters)[1]

    def turned(self, page: Page, *, with_characters: bool = False) -> tuple[int, tuple[Line, ...]]:
        """By how many degrees clockwise a page is to be turned, and its lines."""
        quads = self.detector.detect(page, DetectionOptions())
        lines = self.recognizer.recognize(page, quads, RecognitionOptions(), with_characters=with_characters).lines
        return quads.rotation, lines

    def read(self, page: Page) -> list[str]:
        """The texts of a page's lines, in reading order."""
        return [line.text for line in self.lines(page)]


def page_of(path: Path) -> Page:
    """A picture as the preprocessing stage would hand it on."""
    with Image.open(path) as picture:
        upright = ImageOps.exif_transpose(picture)
        return Page(np.array(upright.convert("RGB")))
