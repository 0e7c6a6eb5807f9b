"""Writes the content stream of one page's invisible text."""

from collections.abc import Iterator
from itertools import zip_longest
from typing import NamedTuple

from serve.searchable_pdf.bidi import visual_order
from serve.searchable_pdf.encoding import Encoding, clean
from serve.searchable_pdf.font import ASCENT, DESCENT
from serve.searchable_pdf.geometry import Baseline, PagePlane, baseline_of
from serve.searchable_pdf.words import PlacedLine

__all__ = ["text_layer"]

# A word whose height or direction differs more than this from its line's stands on its own axes.
_MIN_SAME_HEIGHT = 0.8
_MIN_SAME_COSINE = 0.996  # 5 degrees

# Width of the blank between two words that touch, in shares of the line's height.
_MIN_BLANK = 0.02


def text_layer(
    lines: tuple[PlacedLine, ...], plane: PagePlane, encoding: Encoding, font: str, is_tagged: bool
) -> bytes:
    """Write the content stream.

    The stream stands for itself: it leaves the graphics state as it was, and paints nothing.

    Args:
        lines: The page's lines, in reading order.
        plane: The page's plane.
        encoding: An encoding of all their characters.
        font: The font's name in the page's resources, with the slash.
        is_tagged: Whether the document is a tagged PDF. The text is then marked as an artifact, since text that is
            neither tagged nor an artifact breaks PDF/UA and the levels "a" of PDF/A.

    Returns:
        The stream's data, uncompressed; empty if there is no text.
    """
    parts: list[str] = []
    for line in lines:
        parts += _line(line, plane, encoding, font)
    if not parts:
        return b""
    # Rendering mode 3: neither filled nor stroked (ISO 32000-1, 9.3.6).
    body = ["q", "BT", "3 Tr", *parts, "ET", "Q"]
    if is_tagged:
        body = ["/Artifact BMC", *body, "EMC"]
    return ("\n".join(body) + "\n").encode("ascii")


class _Placed(NamedTuple):
    """Glyphs from left to right, and their position on the line's axes."""

    text: str
    begin: float
    end: float
    lift: float


def _line(line: PlacedLine, plane: PagePlane, encoding: Encoding, font: str) -> Iterator[str]:
    axes, _ = baseline_of(plane, line.polygon)
    straight = axes.straightened()
    placed: list[_Placed] = []
    for word in line.words:
        text = visual_order(clean(word.text))
        own, corners = baseline_of(plane, word.polygon)
        if not text or own.height == 0 or own.length == 0:
            continue
        if _is_on(axes, own):
            placed.append(_Placed(text, *straight.place(corners, own.length)))
        else:
            yield from _run(placed, straight, encoding, font)
            placed = []
            own = own.straightened()
            yield from _run([_Placed(text, *own.place(corners, own.length))], own, encoding, font)
    yield from _run(placed, straight, encoding, font)


def _is_on(line: Baseline, word: Baseline) -> bool:
    if line.height == 0 or not _MIN_SAME_HEIGHT <= word.height / line.height <= 1 / _MIN_SAME_HEIGHT:
        return False
    return line.cosine * word.cosine + line.sine * word.sine >= _MIN_SAME_COSINE


def _run(placed: list[_Placed], axes: Baseline, encoding: Encoding, font: str) -> Iterator[str]:
    """Write the words of one line with blanks between them. All have the line's size, so that viewers see one line.

    A line with a little skew becomes steps, each word straight. poppler takes characters that leave the baseline of the
    first one by 0.5 points for another word, so that no word of a skewed scan would be found.
    """
    if not placed:
        return
    size = axes.height * 1000 / (ASCENT - DESCENT)
    rise = -DESCENT / 1000 * size
    origin = f"{_number(axes.x - rise * axes.sine)} {_number(axes.y + rise * axes.cosine)}"
    cosine, sine = _number(axes.cosine, 6), _number(axes.sine, 6)
    yield f"{font} {_number(size)} Tf"
    yield f"{cosine} {sine} {_number(-axes.sine, 6)} {cosine} {origin} Tm"
    x = y = 0.0
    for word, following in zip_longest(placed, placed[1:]):
        for run in (word,) if following is None else (word, _blank(word, following, axes.height)):
            # The next step makes up for the rounding of this one.
            across, up = round(run.begin - x, 4), round(run.lift - y, 4)
            x, y = x + across, y + up
            width = max(encoding.width(run.text), 1) / 1000 * size
            move = f"{_number(across)} {_number(up)} Td " if across or up else ""
            show = f"{move}{_number(100 * (run.end - run.begin) / width)} Tz {encoding.hex_string(run.text)} Tj"
            yield show if axes.is_straight or run.text == " " else _spelled(run.text, show)


def _spelled(text: str, show: str) -> str:
    """Tell a slanting word's text once more as a whole, since poppler would cut it at each step off the baseline."""
    return f"/Span <</ActualText <FEFF{text.encode('utf-16-be').hex().upper()}>>> BDC {show} EMC"


def _blank(word: _Placed, following: _Placed, height: float) -> _Placed:
    """Place the blank between two words. In right-to-left text, it stands left of the first."""
    begin, end = (following.end, word.begin) if following.end <= word.begin else (word.end, following.begin)
    return _Placed(" ", begin, max(end, begin + _MIN_BLANK * height), word.lift)


def _number(value: float, digits: int = 4) -> str:
    """Write a number as PDF takes it, without exponent."""
    text = f"{value:.{digits}f}".rstrip("0").rstrip(".")
    return "0" if text in ("", "-0") else text
