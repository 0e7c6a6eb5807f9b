"""The values that travel between the stages: pages, quads, lines and warnings."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from models.upright import upright_points, upright_size

if TYPE_CHECKING:
    from models.structure.result import PageStructure

__all__ = [
    "Character",
    "FormField",
    "Line",
    "Page",
    "PageQuads",
    "PageText",
    "PageWarning",
    "Polygon",
    "Quads",
    "Samples",
    "TextSource",
    "Word",
    "most_lines",
]

# A newspaper page has about 1,000 lines. A map of specks without any text can give 50,000 and hold a replica for
# minutes; so can a text layer that is made for it.
_MOST_LINES = 3000
# A page of more pixels may have more lines in proportion: A3 at 300 dpi has 17 million pixels.
_PIXELS_OF_MOST_LINES = 20_000_000
# A warning about places names so many of them.
_PLACES_TOLD = 5

Polygon = tuple[tuple[float, float], ...]
"""Four (x, y) corners in pixels of the upright page, clockwise from the text's top left."""

TextSource = Literal["ocr", "text_layer"]
"""The source of a page's text: its pixels, which were read, or the text that the document itself carries."""


def _no_boxes() -> npt.NDArray[np.float32]:
    return np.empty((0, 4), np.float32)


@dataclass(frozen=True, slots=True)
class PageWarning:
    """A warning to the caller that something was cut, scaled down, skipped or guessed.

    Args:
        code: A stable word in snake_case, listed in docs/reference/errors.md.
        message: One sentence for a person.
        page: The page's number, counted from 1; None if the warning is about the whole document.
    """

    code: str
    message: str
    page: int | None = None

    @staticmethod
    def unread_ink(where: str, middles: npt.NDArray[np.floating], page: int) -> "PageWarning":
        """Warn that ink of a character's size was not read as text.

        Args:
            where: Where it is among lines, such as "beside lines".
            middles: (N, 2), the middle of each place, in pixels of the upright page.
            page: The page's number.
        """
        places = ", ".join(f"({x}, {y})" for x, y in np.round(middles[:_PLACES_TOLD]).astype(int).tolist())
        more = f" and {len(middles) - _PLACES_TOLD} more places" if len(middles) > _PLACES_TOLD else ""
        message = f"ink of a character's size {where} was not read as text: at {places}{more}"
        return PageWarning("unread_ink", message, page)


@dataclass(frozen=True, slots=True)
class Character:
    """One character of a word.

    Args:
        text: One character, or several that the charset has as one.
        confidence: The character's probability, in [0, 1].
        polygon: Corners of the character.
    """

    text: str
    confidence: float
    polygon: Polygon


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a line: the text between two runs of white space.

    Args:
        text: The word, never empty and without white space.
        confidence: Mean probability of its characters, in [0, 1].
        polygon: Corners of the word.
        characters: Its characters, in the order of `text`; empty if they were not asked for.
    """

    text: str
    confidence: float
    polygon: Polygon
    characters: tuple[Character, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text.

    Args:
        text: The line's text, never empty.
        confidence: Mean probability of its characters, in [0, 1].
        polygon: Corners of the line.
        words: Its words, in the order of `text`.
        source: The source of the line, if it is not that of its page.
        trained_data: Names of Tesseract's trained data that read it, such as `rus`; None for the bundle's own net.
    """

    text: str
    confidence: float
    polygon: Polygon
    words: tuple[Word, ...] = ()
    source: TextSource | None = None
    trained_data: str | None = None


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of the form that a PDF carries (AcroForm).

    Args:
        kind: What it is.
        name: Its full name in the form.
        value: Its value; empty if it has none. For check boxes and radio buttons: the choice that it stands for.
        polygon: Its corners in pixels of the upright page.
        is_set: Whether a check box or radio button is set, or a signature is there.
    """

    kind: Literal["text", "checkbox", "radio", "choice", "signature"]
    name: str
    value: str
    polygon: Polygon
    is_set: bool = False


@dataclass(frozen=True, slots=True)
class Samples:
    """Lines of a text layer that are to be compared with the page.

    Args:
        pixels: (height, width, 3) uint8, RGB: pictures of the lines, one beneath the other. Read only.
        points: (K, 4, 2) float32, corners of the lines in `pixels`, clockwise from the text's top left.
        texts: K texts, as the layer has them.
    """

    pixels: npt.NDArray[np.uint8]
    points: npt.NDArray[np.float32]
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One decoded page.

    Args:
        pixels: (height, width, 3) uint8, RGB, C-contiguous, upright as a person sees it. Read only.
        number: Counted from 1.
        rotation: Degrees (0, 90, 180, 270) by which the stored picture was turned clockwise to stand upright; the EXIF
            orientation, which every viewer applies, does not count.
        warnings: Warnings of the decoding.
        timings_ms: Work time by stage so far, in milliseconds.
        work_s: Seconds that its steps of work took so far, without any waiting.
        page_count: Number of pages in its document.
        text_layer: The lines that the document itself carries, in reading order, if they are taken in place of reading
            the pixels. Without `unread`, `pixels` is then (0, 0, 3) unless the page's structure is asked
            for, and `text_layer_size` gives the page's size.
        text_layer_size: (width, height) of a page with a text layer, in pixels.
        unread: (K, 4) float32: left, top, right and bottom of parts of the page, such as pictures, whose text is not in
            the text layer and is to be read. `pixels` are then turned by `rotation`, upright as the layer's lines.
        samples: Lines of the text layer that must be what the page shows; None if the layer is taken as it is.
        dpi: Pixels an inch, if the page has a size on paper, as those of PDFs have.
        form: The fields of the PDF's form on this page, if they were asked for.
    """

    pixels: npt.NDArray[np.uint8]
    number: int = 1
    rotation: int = 0
    warnings: tuple[PageWarning, ...] = ()
    timings_ms: dict[str, float] = field(default_factory=dict)
    work_s: float = 0.0
    page_count: int = 1
    text_layer: tuple[Line, ...] | None = None
    text_layer_size: tuple[int, int] | None = None
    unread: npt.NDArray[np.float32] = field(default_factory=_no_boxes)
    samples: Samples | None = None
    dpi: float | None = None
    form: tuple[FormField, ...] = ()

    @property
    def is_carried(self) -> bool:
        """Whether the text layer is all of the page's text, so that no net is needed."""
        return self.text_layer is not None and self.samples is None and not len(self.unread)

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.pixels.shape[1]) if self.text_layer_size is None else self.text_layer_size[0]

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.pixels.shape[0]) if self.text_layer_size is None else self.text_layer_size[1]


@dataclass(frozen=True, slots=True)
class Quads:
    """Text-line quadrilaterals of one page, in reading order.

    Args:
        points: (K, 4, 2) float32, pixels of the page as stored, each clockwise from its text's top left, however the
            page is turned. K may be 0.
        scores: (K,) float32 in [0, 1], mean text probability inside each quad.
        warnings: Warnings of the detection.
        rotation: Degrees (0, 90, 180, 270) clockwise that turn the page upright.
    """

    points: npt.NDArray[np.float32]
    scores: npt.NDArray[np.float32]
    warnings: tuple[PageWarning, ...] = ()
    rotation: int = 0

    def __len__(self) -> int:
        return len(self.points)

    def of(self, flags: npt.NDArray[np.bool_]) -> "Quads":
        """The flagged quads, in their order."""
        return replace(self, points=self.points[flags], scores=self.scores[flags])


@dataclass(frozen=True, slots=True)
class PageQuads:
    """The result of detection on one page. It is small, unlike the page itself.

    Args:
        number: The page's number, counted from 1.
        width: Width of the upright page, in pixels.
        height: Height of the upright page, in pixels.
        rotation: Degrees (0, 90, 180, 270) clockwise that turn the page upright.
        quads: The lines' quads, in reading order.
        warnings: Warnings of all stages so far.
        timings_ms: Work time by stage so far, in milliseconds.
        work_s: Seconds that the page's steps of work took so far, without any waiting.
        page_count: Number of pages in the document.
        dpi: Pixels an inch, if the page has a size on paper.
    """

    number: int
    width: int
    height: int
    rotation: int
    quads: Quads
    warnings: tuple[PageWarning, ...] = ()
    timings_ms: dict[str, float] = field(default_factory=dict)
    work_s: float = 0.0
    page_count: int = 1
    dpi: float | None = None

    @classmethod
    def carried(cls, page: Page) -> "PageQuads":
        """The result without quads for a page whose text the document itself carries."""
        return cls(
            number=page.number,
            width=page.width,
            height=page.height,
            rotation=page.rotation,
            quads=Quads(np.empty((0, 4, 2), np.float32), np.empty(0, np.float32)),
            warnings=page.warnings,
            timings_ms=page.timings_ms,
            work_s=page.work_s,
            page_count=page.page_count,
            dpi=page.dpi,
        )

    @property
    def polygons(self) -> tuple[Polygon, ...]:
        """The corners of each line in the upright page, to a tenth of a pixel."""
        stored_size = upright_size((self.width, self.height), self.rotation)
        upright = upright_points(self.quads.points, stored_size, self.rotation)
        return tuple(tuple((round(float(x), 1), round(float(y), 1)) for x, y in quad) for quad in upright)


@dataclass(frozen=True, slots=True)
class PageText:
    """The text of one page, which is the result of the last stage.

    Args:
        number: The page's number, counted from 1.
        width: Width of the upright page, in pixels.
        height: Height of the upright page, in pixels.
        rotation: Degrees (0, 90, 180, 270) clockwise that turn the page upright.
        lines: The page's lines, in reading order.
        warnings: Warnings of all stages.
        timings_ms: Work time by stage, in milliseconds.
        page_count: Number of pages in the document.
        source: The source of the lines: the page's pixels or the document's own text.
        refused_layer: A warning that the page's text layer is not what the page shows; None if it is, or if there is
            none. The page is then to be read without it.
        dpi: Pixels an inch, if the page has a size on paper.
        structure: What the page is made of; None if nobody asked.
    """

    number: int
    width: int
    height: int
    rotation: int
    lines: tuple[Line, ...]
    warnings: tuple[PageWarning, ...] = ()
    timings_ms: dict[str, float] = field(default_factory=dict)
    page_count: int = 1
    source: TextSource = "ocr"
    refused_layer: PageWarning | None = None
    dpi: float | None = None
    structure: "PageStructure | None" = None

    @classmethod
    def carried(cls, page: Page) -> "PageText":
        """The text that the document itself carries for a page.

        Args:
            page: A page with a `text_layer`. If that has no lines, the page shows nothing new, such as a repeated frame
                of an animation.
        """
        return cls(
            number=page.number,
            width=page.width,
            height=page.height,
            rotation=page.rotation,
            lines=page.text_layer or (),
            warnings=page.warnings,
            timings_ms=page.timings_ms,
            page_count=page.page_count,
            dpi=page.dpi,
            source="text_layer" if page.text_layer else "ocr",
        )

    @property
    def text(self) -> str:
        """The texts of the lines, one a row."""
        return "\n".join(line.text for line in self.lines)


def most_lines(width: int, height: int, limit: int | None) -> int:
    """Find the most lines that a page may have.

    Args:
        width: Width of the page in pixels.
        height: Height of the page in pixels.
        limit: The setting; None for 3,000, and in proportion for a page of more than 20 megapixels.
    """
    return limit or round(_MOST_LINES * max(1.0, width * height / _PIXELS_OF_MOST_LINES))
