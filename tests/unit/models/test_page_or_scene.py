"""Telling documents from scenes."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from models.detection.page_or_scene import bright_ground_share, is_document
from tests.pictures import drawn_page, labeled

Pixels = npt.NDArray[np.uint8]


def printed(width: int = 1240, height: int = 1754, ground: int = 255, ink: int = 0) -> Pixels:
    """A page with a word in every place where one fits."""
    canvas = np.full((height, width, 3), ground, dtype=np.uint8)
    for y in range(60, height - 20, 40):
        for x in range(40, width - 120, 120):
            cv2.putText(canvas, "words", (x, y), cv2.FONT_HERSHEY_SIMPLEX, 1, (ink, ink, ink), 2, cv2.LINE_AA)
    return canvas


def shaded(pixels: Pixels, darkest: float) -> Pixels:
    """The page in light that falls off from left to right."""
    light = np.linspace(1, darkest, pixels.shape[1])[None, :, None]
    return (pixels * light).astype(np.uint8)


def scene(seed: int) -> Pixels:
    """Patches of all brightnesses, as of houses, streets and sky."""
    small = np.random.default_rng(seed).integers(0, 256, (9, 16, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(small, (1280, 720), interpolation=cv2.INTER_NEAREST), dtype=np.uint8)


@pytest.mark.parametrize(
    ("pixels", "reason"),
    [
        (printed(), "print on white"),
        (printed(2480, 3508), "the same, larger"),
        (printed(400, 600), "the same, small and dense"),
        (printed(ground=190), "recycled paper"),
        (shaded(printed(), 0.75), "a receipt photographed in a room"),
        (np.full((500, 400, 3), 255, np.uint8), "an empty page"),
        (drawn_page("INVOICE 2041"), "one line"),
        (printed(ground=20, ink=255), "light words all over a dark page: a document too"),
    ],
)
def test_document(pixels: Pixels, reason: str) -> None:
    assert is_document(pixels), reason


@pytest.mark.parametrize(
    ("pixels", "reason"),
    [
        (scene(1), "patches"),
        (scene(2), "other patches"),
        (255 - drawn_page("TITLE", width=1200), "a light word on a dark slide"),
        (shaded(printed(), 0.1), "half of it in the dark"),
        (np.zeros((500, 400, 3), np.uint8), "black"),
        (np.full((1, 60000, 3), 255, np.uint8), "a strip, too thin to tell"),
        (np.full((1, 1, 3), 0, np.uint8), "one pixel"),
    ],
)
def test_scene(pixels: Pixels, reason: str) -> None:
    assert not is_document(pixels), reason


def test_share_is_that_of_the_bright_ground() -> None:
    pixels = np.zeros((1024, 1024, 3), np.uint8)
    pixels[:, :512] = 250
    assert bright_ground_share(pixels) == 0.5


@pytest.mark.parametrize("name", ["sroie", "funsd", "zh_docs_pdf", "icdar2015_test"])
def test_public_pictures_are_told_apart(name: str) -> None:
    pages = [np.asarray(cv2.imread(str(path)), np.uint8) for path in labeled(name, 20)]
    assert all(is_document(page) == (name != "icdar2015_test") for page in pages)
