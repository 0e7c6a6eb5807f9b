"""The result of a document as JSON, the same over HTTP and on the command line."""

from collections.abc import Iterable, Sequence
from operator import not_

from pydantic import BaseModel, ConfigDict, Field

from models.page import Character, Line, PageQuads, PageText, PageWarning, Polygon, TextSource, Word
from serve.structure_results import StructureResult

__all__ = [
    "CharacterResult",
    "DetectionPage",
    "DetectionResult",
    "LineResult",
    "OcrPage",
    "OcrResult",
    "QuadResult",
    "WarningResult",
    "WordResult",
    "summed",
]

_POLYGON = Field(
    description="Four corners in pixels of the upright page, clockwise from the text's top left.",
    examples=[[[72.0, 25.0], [326.0, 25.0], [326.0, 64.0], [72.0, 64.0]]],
)
_CONFIDENCE = Field(ge=0, le=1, description="Mean probability.", examples=[0.9871])


class _Result(BaseModel):
    model_config = ConfigDict(frozen=True)


class WarningResult(_Result):
    """A warning that something was cut, scaled down, skipped or guessed."""

    code: str = Field(description="A stable word; docs/reference/errors.md lists them.", examples=["truncated"])
    message: str = Field(description="One sentence for a person.")
    page: int | None = Field(description="The page's number, counted from 1; null for the whole document.")

    @classmethod
    def of(cls, warning: PageWarning) -> "WarningResult":
        """Make it from a stage's warning."""
        return cls(code=warning.code, message=warning.message, page=warning.page)


class CharacterResult(_Result):
    """One character of a word."""

    text: str = Field(examples=["T"])
    confidence: float = _CONFIDENCE
    polygon: Polygon = _POLYGON

    @classmethod
    def of(cls, character: Character) -> "CharacterResult":
        """Make it from a recognized character."""
        return cls(text=character.text, confidence=character.confidence, polygon=character.polygon)


class WordResult(_Result):
    """One word of a line: the text between two runs of white space."""

    text: str = Field(examples=["TOTAL"])
    confidence: float = _CONFIDENCE
    polygon: Polygon = _POLYGON
    characters: tuple[CharacterResult, ...] = Field(
        default=(),
        exclude_if=not_,
        description="Its characters, in the order of `text`; present only if they were asked for.",
    )

    @classmethod
    def of(cls, word: Word) -> "WordResult":
        """Make it from a recognized word."""
        if not word.characters:
            return cls(text=word.text, confidence=word.confidence, polygon=word.polygon)
        characters = tuple(CharacterResult.of(character) for character in word.characters)
        return cls(text=word.text, confidence=word.confidence, polygon=word.polygon, characters=characters)


class LineResult(_Result):
    """One line of text."""

    text: str = Field(examples=["TOTAL 12.50"])
    confidence: float = _CONFIDENCE
    polygon: Polygon = _POLYGON
    words: list[WordResult] = Field(default=[], description="Its words, in the order of `text`.")
    source: TextSource | None = Field(
        default=None,
        exclude_if=not_,
        description="The line's source; present only if it is not the page's, as on a picture beside a text layer.",
    )
    trained_data: str | None = Field(
        default=None,
        exclude_if=not_,
        examples=["rus"],
        description="Names of Tesseract's trained data that read the line; present only if the model's net did not.",
    )

    @classmethod
    def of(cls, line: Line) -> "LineResult":
        """Make it from a recognized line."""
        words = [WordResult.of(word) for word in line.words]
        return cls(
            text=line.text,
            confidence=line.confidence,
            polygon=line.polygon,
            words=words,
            source=line.source,
            trained_data=line.trained_data,
        )


class _Page(_Result):
    page: int = Field(ge=1, description="The page's number, counted from 1.")
    width: int = Field(ge=1, description="Width of the upright page, in pixels.")
    height: int = Field(ge=1, description="Height of the upright page, in pixels.")
    rotation: int = Field(
        description="Degrees by which the picture was turned clockwise to stand upright, after its EXIF orientation."
    )
    dpi: float | None = Field(
        default=None,
        exclude_if=not_,
        description="Pixels an inch at which the page of a PDF was drawn; present only for PDFs.",
    )


class OcrPage(_Page):
    """The text of one page."""

    source: TextSource = Field(
        default="ocr",
        description="`ocr`: read from the page's pixels. `text_layer`: taken from the text that the document carries; "
        "lines of pictures have a `source` of their own.",
    )
    lines: list[LineResult] = Field(description="The page's lines, in reading order.")
    text: str = Field(description="The lines' texts, one a row.")
    structure: StructureResult | None = Field(
        default=None, exclude_if=not_, description="What the page is made of; present only if it was asked for."
    )

    @classmethod
    def of(cls, page: PageText) -> "OcrPage":
        """Make it from the last stage's result."""
        return cls(
            page=page.number,
            width=page.width,
            height=page.height,
            rotation=page.rotation,
            dpi=page.dpi,
            source=page.source,
            lines=[LineResult.of(line) for line in page.lines],
            text=page.text,
            structure=None if page.structure is None else StructureResult.of(page.structure),
        )


class OcrResult(_Result):
    """The text of a document."""

    id: str = Field(description="Id of the request, as in X-Request-ID.")
    model: str = Field(description="Name of the model bundle.", examples=["ppocrv6-small"])
    pages: list[OcrPage]
    text: str = Field(description="The pages' texts, a form feed between two pages.")
    warnings: list[WarningResult]
    timings_ms: dict[str, float] = Field(description="Time in each stage, its queue for the net included.")

    @classmethod
    def of(
        cls, request_id: str, model: str, pages: Sequence[PageText], warnings: Sequence[PageWarning] = ()
    ) -> "OcrResult":
        """Make the result of a document from those of its pages.

        Args:
            request_id: Id of the request.
            model: Name of the model bundle.
            pages: The pages that were read, in their order.
            warnings: Warnings about the document, beside those of its pages.
        """
        results = [OcrPage.of(page) for page in pages]
        return cls(
            id=request_id,
            model=model,
            pages=results,
            text="\f".join(page.text for page in results),
            warnings=[
                WarningResult.of(warning)
                for warning in (*(warning for page in pages for warning in page.warnings), *warnings)
            ],
            timings_ms=summed(page.timings_ms for page in pages),
        )


class QuadResult(_Result):
    """The place of one line of text."""

    confidence: float = _CONFIDENCE
    polygon: Polygon = _POLYGON


class DetectionPage(_Page):
    """The places of one page's lines."""

    lines: list[QuadResult] = Field(description="The page's lines, in reading order.")

    @classmethod
    def of(cls, page: PageQuads) -> "DetectionPage":
        """Make it from the detection stage's result."""
        return cls(
            page=page.number,
            width=page.width,
            height=page.height,
            rotation=page.rotation,
            dpi=page.dpi,
            lines=[
                QuadResult(confidence=round(float(score), 4), polygon=polygon)
                for polygon, score in zip(page.polygons, page.quads.scores, strict=True)
            ],
        )


class DetectionResult(_Result):
    """The places of a document's lines."""

    id: str = Field(description="Id of the request, as in X-Request-ID.")
    model: str = Field(description="Name of the model bundle.", examples=["ppocrv6-small"])
    pages: list[DetectionPage]
    warnings: list[WarningResult]
    timings_ms: dict[str, float] = Field(description="Time in each stage, its queue for the net included.")

    @classmethod
    def of(
        cls, request_id: str, model: str, pages: Sequence[PageQuads], warnings: Sequence[PageWarning] = ()
    ) -> "DetectionResult":
        """Make it from the results of the pages, in their order. Arguments are those of `OcrResult.of`."""
        return cls(
            id=request_id,
            model=model,
            pages=[DetectionPage.of(page) for page in pages],
            warnings=[
                WarningResult.of(warning)
                for warning in (*(warning for page in pages for warning in page.warnings), *warnings)
            ],
            timings_ms=summed(page.timings_ms for page in pages),
        )


def summed(timings: Iterable[dict[str, float]]) -> dict[str, float]:
    """Add the times up that the pages of a document took in each stage."""
    total: dict[str, float] = {}
    for one in timings:
        for stage, elapsed in one.items():
            total[stage] = round(total.get(stage, 0.0) + elapsed, 1)
    return total
