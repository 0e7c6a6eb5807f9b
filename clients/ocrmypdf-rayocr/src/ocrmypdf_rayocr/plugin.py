"""The hooks that OCRmyPDF calls: options, checks, and the engine."""

import argparse
import math
import os
import statistics
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ocrmypdf import hookimpl
from ocrmypdf.exceptions import BadArgsError
from ocrmypdf.hocrtransform import HocrParser, OcrElement
from ocrmypdf.pluginspec import OcrEngine, OrientationConfidence
from pydantic import BaseModel

from ocrmypdf_rayocr.readers import Reader, reader_of

__all__ = ["RayocrEngine", "RayocrOptions", "add_options", "check_options", "get_ocr_engine", "register_options"]

_NAME = "rayocr"
# OCRmyPDF turns a page if the confidence is at least 14 of 15 (--rotate-pages-threshold). rayocr turns a page only if
# several of its lines say so.
_SURE = 15.0
# Lines of a page that stands straight differ by less than this, in degrees.
_STRAIGHT = 0.1


class RayocrOptions(BaseModel):
    """The options of this plug-in, as OCRmyPDF hands them to its worker processes."""

    url: str | None = None
    api_key_file: str | None = None


@hookimpl
def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of this plug-in, and its name to --ocr-engine."""
    for action in parser._actions:
        if action.dest == "ocr_engine" and action.choices is not None and _NAME not in action.choices:
            action.choices = [*action.choices, _NAME]
    group = parser.add_argument_group("rayocr", "Reading with rayocr")
    group.add_argument(
        "--rayocr-url",
        metavar="URL",
        default=os.environ.get("RAYOCR_URL"),
        help="Address of a rayocr service, such as http://127.0.0.1:8000 (or the variable RAYOCR_URL). Without it, "
        "pages are read in this process, for which rayocr has to be installed here.",
    )
    group.add_argument(
        "--rayocr-api-key-file",
        metavar="FILE",
        help="File with the API key for the service. The variable RAYOCR_API_KEY does the same.",
    )


@hookimpl
def register_options() -> dict[str, type[BaseModel]]:
    """Tell OCRmyPDF the names and types of the options."""
    return {_NAME: RayocrOptions}


@hookimpl
def check_options(options: Any) -> None:
    """Refuse options that rayocr can't follow, before any page is read."""
    if not _is_chosen(options):
        return
    if options.pdf_renderer == "sandwich":
        raise BadArgsError("--pdf-renderer sandwich is not for rayocr: leave it out, or choose fpdf2")
    _reader(options)


@hookimpl
def get_ocr_engine(options: Any) -> OcrEngine | None:
    """Give the engine, unless another is chosen with --ocr-engine."""
    return RayocrEngine() if options is None or _is_chosen(options) else None


class RayocrEngine(OcrEngine):
    """Reads pages with rayocr. It reads all its languages at once, so that -l changes nothing."""

    @staticmethod
    def version() -> str:
        """Return the version of this plug-in."""
        return version("ocrmypdf-rayocr")

    @staticmethod
    def creator_tag(options: Any) -> str:
        """Name rayocr in the metadata of the PDF."""
        del options
        return f"rayocr {RayocrEngine.version()}"

    def __str__(self) -> str:
        """Name the engine in messages."""
        return f"rayocr {self.version()}"

    @staticmethod
    def languages(options: Any) -> set[str]:
        """Accept the languages that are asked for: rayocr needs no data of a language."""
        return set(options.languages)

    @staticmethod
    def get_orientation(input_file: Path, options: Any) -> OrientationConfidence:
        """Find the clockwise turn that makes a page upright."""
        rotation, lines = _reader(options).lines(input_file)
        return OrientationConfidence(rotation, _SURE if lines else 0.0)

    @staticmethod
    def get_deskew(input_file: Path, options: Any) -> float:
        """Find the counterclockwise turn, in degrees, that makes the lines of a page level."""
        _, lines = _reader(options).lines(input_file)
        angles = [
            math.degrees(math.atan2(right[1] - left[1], right[0] - left[0]))
            for left, right, *_ in lines
            if right[0] - left[0] > abs(right[1] - left[1])
        ]
        angle = statistics.median(angles) if angles else 0.0
        return angle if abs(angle) >= _STRAIGHT else 0.0

    @staticmethod
    def supports_generate_ocr() -> bool:
        """Say that pages come as trees."""
        return True

    @staticmethod
    def generate_ocr(input_file: Path, options: Any, page_number: int = 0) -> tuple[OcrElement, str]:
        """Read a page image, and return its tree and its text."""
        hocr = input_file.with_suffix(".rayocr.hocr")
        hocr.write_bytes(_reader(options).hocr(input_file))
        page = HocrParser(hocr).parse()
        page.page_number = page_number
        return page, _text(page)

    @staticmethod
    def generate_hocr(input_file: Path, output_hocr: Path, output_text: Path, options: Any) -> None:
        """Read a page image, and write its hOCR and its text."""
        output_hocr.write_bytes(_reader(options).hocr(input_file))
        output_text.write_text(_text(HocrParser(output_hocr).parse()), encoding="utf-8")

    @staticmethod
    def generate_pdf(input_file: Path, output_pdf: Path, output_text: Path, options: Any) -> None:
        """Refuse, since OCRmyPDF itself draws the text layer."""
        raise BadArgsError("--pdf-renderer sandwich is not for rayocr: leave it out, or choose fpdf2")


def _text(page: OcrElement) -> str:
    paragraphs = page.paragraphs or [page]
    return "\n\n".join("\n".join(line.get_text_recursive() for line in paragraph.lines) for paragraph in paragraphs)


def _is_chosen(options: Any) -> bool:
    return getattr(options, "ocr_engine", "auto") in ("auto", _NAME)


def _reader(options: Any) -> Reader:
    own = options.rayocr
    key = os.environ.get("RAYOCR_API_KEY")
    if own.api_key_file is not None:
        try:
            key = Path(own.api_key_file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise BadArgsError(f"--rayocr-api-key-file {own.api_key_file}: {error.strerror}") from error
    return reader_of(own.url, key or None)
