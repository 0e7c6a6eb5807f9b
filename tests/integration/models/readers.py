"""Reading pages with one bundle on one runtime, as the stages do, in one process."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from models.detection import TextDetector
from models.manifests import BundleManifest
from models.page import Page
from models.recognition import TextRecognizer
from models.settings import DetectionOptions, NetSettings, RecognitionOptions

__all__ = ["RUNTIMES", "Reader", "page_of"]

RUNTIMES = ("onnxruntime", "openvino")


@dataclass(frozen=True)
class Reader:
    """Both nets of a bundle, one page at a time."""

    detector: TextDetector
    recognizer: TextRecognizer

    @classmethod
    def load(cls, manifest: BundleManifest, runtime: str) -> "Reader":
        """Load both nets, on the CPU."""
        settings = NetSettings.model_validate({"runtime": runtime, "device": "cpu", "threads": 2})
        return cls(TextDetector.load(manifest.detection, settings), TextRecognizer.load(manifest.recognition, settings))

    def read(self, page: Page) -> list[str]:
        """The texts of a page's lines, in reading order."""
        quads = self.detector.detect(page, DetectionOptions())
        lines, _ = self.recognizer.recognize(page, quads, RecognitionOptions())
        return [line.text for line in lines]


def page_of(path: Path) -> Page:
    """A picture as the preprocessing stage would hand it on."""
    with Image.open(path) as picture:
        upright = ImageOps.exif_transpose(picture)
        return Page(np.array(upright.convert("RGB")))
