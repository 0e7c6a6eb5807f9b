"""Reads PDFs back with poppler and PDFium, as the viewers of this world do."""

import io
import re
import shutil
import subprocess
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pypdfium2  # type: ignore[import-untyped]
import pytest
from PIL import Image

__all__ = ["FoundWord", "drawn", "drawn_by_poppler", "found_words", "text_by_pdfium", "text_by_poppler"]

# Marks of direction that pdftotext puts around right-to-left text.
_DIRECTION_MARKS = re.compile("[\u200e\u200f\u202a-\u202e]")

_WORD = re.compile(r'<word xMin="(.+?)" yMin="(.+?)" xMax="(.+?)" yMax="(.+?)">(.*?)</word>')


@dataclass(frozen=True)
class FoundWord:
    """A word as `pdftotext -bbox` finds it; its box in points, from the top left of the page as shown."""

    text: str
    box: tuple[float, float, float, float]

    def overlap(self, box: tuple[float, float, float, float]) -> float:
        """Intersection over union."""
        sides = [min(self.box[i + 2], box[i + 2]) - max(self.box[i], box[i]) for i in (0, 1)]
        shared = max(sides[0], 0) * max(sides[1], 0)
        areas = [(b[2] - b[0]) * (b[3] - b[1]) for b in (self.box, box)]
        return shared / (sum(areas) - shared)


def _run(program: str, *arguments: str, pdf: bytes, folder: Path) -> bytes:
    path = shutil.which(program)
    if path is None:
        pytest.fail(f"no {program} on PATH: apt-get install poppler-utils", pytrace=False)
    file = folder / "document.pdf"
    file.write_bytes(pdf)
    return subprocess.run([path, *arguments, str(file), "-"], capture_output=True, check=True).stdout


def text_by_poppler(pdf: bytes, folder: Path, *, password: str | None = None) -> str:
    """All text, without marks of direction; a form feed ends each page. `password` is the owner's."""
    options = ["-opw", password] if password else []
    return _DIRECTION_MARKS.sub("", _run("pdftotext", *options, pdf=pdf, folder=folder).decode())


def found_words(pdf: bytes, folder: Path) -> list[list[FoundWord]]:
    """The words of each page."""
    html = _run("pdftotext", "-bbox", "-cropbox", pdf=pdf, folder=folder).decode()
    pages = html.split("<page ")[1:]
    return [[_found_word(*found.groups()) for found in _WORD.finditer(page)] for page in pages]


def _found_word(left: str, top: str, right: str, bottom: str, text: str) -> FoundWord:
    box = (float(left), float(top), float(right), float(bottom))
    return FoundWord(_DIRECTION_MARKS.sub("", unescape(text)), box)


def text_by_pdfium(pdf: bytes) -> list[str]:
    """The text of each page."""
    with pypdfium2.PdfDocument(pdf) as document:
        return [page.get_textpage().get_text_bounded() for page in document]


def drawn(pdf: bytes, number: int = 1, scale: float = 1.0) -> npt.NDArray[np.uint8]:
    """A page as PDFium draws it: (height, width, 3) uint8 BGR."""
    with pypdfium2.PdfDocument(pdf) as document:
        return np.array(document[number - 1].render(scale=scale).to_numpy(), np.uint8)


def drawn_by_poppler(pdf: bytes, folder: Path, number: int = 1) -> npt.NDArray[np.uint8]:
    """A page as poppler draws it at 72 dpi: (height, width, 3) uint8 RGB."""
    file = folder / "drawn.pdf"
    file.write_bytes(pdf)
    path = shutil.which("pdftoppm")
    if path is None:
        pytest.fail("no pdftoppm on PATH: apt-get install poppler-utils", pytrace=False)
    numbers = ["-f", str(number), "-l", str(number)]
    drawing = subprocess.run([path, "-r", "72", *numbers, str(file)], capture_output=True, check=True).stdout
    return np.asarray(Image.open(io.BytesIO(drawing)))
