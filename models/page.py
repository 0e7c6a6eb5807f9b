"""The things that travel between the stages: pages, quads, lines, and warnings."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

__all__ = ["Line", "Page", "PageQuads", "PageText", "PageWarning", "Quads"]


@dataclass(frozen=True, slots=True)
class PageWarning:
    """Something that was cut, scaled down, skipped or guessed, told to the caller.

    Args:
        code: A stable word in snake_case, listed in docs/errors.md.
        message: One sentence for a person.
        page: The page's number, counted from 1; None where the whole document is meant.
    """

    code: str
    message: str
    page: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One decoded page.

    Args:
        pixels: (height, width, 3) uint8, RGB, C-contiguous, upright as a person sees it. Read only.
        number: Counted from 1.
        rotation: Degrees (0, 90, 180, 270) that the stored picture was turned clockwise to stand upright; the EXIF
            orientation, which every viewer applies, does not count.
        warnings: What happened while this page was decoded.
        timings_ms: Work time by stage so far, in milliseconds.
        work_s: Seconds that its steps of work took so far, without any waiting.
    """

    pixels: npt.NDArray[np.uint8]
    number: int = 1
    rotation: int = 0
    warnings: tuple[PageWarning, ...] = ()
    timings_ms: dict[str, float] = field(default_factory=dict)
    work_s: float = 0.0

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.pixels.shape[0])


@dataclass(frozen=True, slots=True)
class Quads:
    """Text-line quadrilaterals of one page, in reading order.

    Args:
        points: (K, 4, 2) float32, page pixels, clockwise from the text's top left. K may be 0.
        scores: (K,) float32 in [0, 1], mean text probability inside each quad.
        warnings: What happened while they were found.
    """

    points: npt.NDArray[np.float32]
    scores: npt.NDArray[np.float32]
    warnings: tuple[PageWarning, ...] = ()

    def __len__(self) -> int:
        return len(self.points)


@dataclass(frozen=True, slots=True)
class PageQuads:
    """What was detected on one page: small, where the page itself is large.

    Args:
        number: The page's number, counted from 1.
        width: Of the upright page, in pixels.
        height: Of the upright page, in pixels.
        rotation: As `Page.rotation`.
        quads: In reading order.
        warnings: Of all stages so far.
        timings_ms: Work time by stage so far, in milliseconds.
        work_s: As `Page.work_s`.
    """

    number: int
    width: int
    height: int
    rotation: int
    quads: Quads
    warnings: tuple[PageWarning, ...] = ()
    timings_ms: dict[str, float] = field(default_factory=dict)
    work_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text.

    Args:
        text: What is written there; never empty.
        confidence: Mean probability of its characters, in [0, 1].
        polygon: Four (x, y) corners in page pixels, clockwise from the text's top left.
    """

    text: str
    confidence: float
    polygon: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class PageText:
    """What was read on one page: the result of the last stage.

    Args:
        number: The page's number, counted from 1.
        width: Of the upright page, in pixels.
        height: Of the upright page, in pixels.
        rotation: As `Page.rotation`.
        lines: In reading order.
        warnings: Of all stages.
        timings_ms: Work time by stage, in milliseconds.
    """

    number: int
    width: int
    height: int
    rotation: int
    lines: tuple[Line, ...]
    warnings: tuple[PageWarning, ...] = ()
    timings_ms: dict[str, float] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The lines' texts, one a row."""
        return "\n".join(line.text for line in self.lines)
