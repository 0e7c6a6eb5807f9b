"""Finds and reads bar codes and codes of squares, such as QR, by ZXing-C++.

The whole page is read once as it stands, which finds most codes at little cost. What may be another one, a patch of
dense edges that is thicker than a line of text, is then read alone and in more ways: turned, inverted, enlarged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import cv2
import numpy as np
import zxingcpp

from models.page import Line, PageText, PageWarning
from models.polygons import bounds
from models.steps import Steps
from models.structure.codes.bars import bars_polygon
from models.structure.codes.patches import Box, Gray, patches, reduced
from models.structure.part import PageView, Part, StructureOptions
from models.structure.result import Code, PageStructure, PartName

__all__ = ["CodePart", "CodesSeen"]

# A letter at 300 dpi has 8.4 million pixels. On more, time is spent on pixels that the bars do not need.
_MOST_PIXELS = 12_000_000
# At this resolution the finest bars that office printers print, 0.19 mm, are two pixels wide.
_ENOUGH_DPI = 300.0
# Patches that are read, the largest first, and the most pixels of each. Together they may have as many as the page.
_MOST_PATCHES, _MOST_PATCH_PIXELS = 16, 4_000_000
# A patch is not read again if codes cover so much of it.
_COVERED = 0.25
# Only small patches are enlarged: blurred bars of a photograph that are hardly wider than a pixel.
_ENLARGED, _MOST_ENLARGED_PX = 2.0, 800
_MOST_CODES = 1000
_LINEAR = zxingcpp.barcode_formats_list(zxingcpp.barcode_formats_from_str("AllLinear"))
# The share of a line that lies on a code if the line is its bars.
_ON_BARS = 0.6
# So many characters in common with the code are its text in print, not its bars.
_PRINTED = 4


@dataclass(frozen=True, slots=True)
class CodesSeen:
    """The codes on a page's pixels.

    Args:
        codes: The codes, from the top.
        binary: How many of them hold bytes that are not text.
        left_out: How many were left out.
        is_scaled: Whether places that may be codes were read on a smaller picture, or not at all.
    """

    codes: tuple[Code, ...] = ()
    binary: int = 0
    left_out: int = 0
    is_scaled: bool = False


class CodePart(Part):
    """Reads codes of all kinds that ZXing-C++ knows. It holds no state, so threads may share one."""

    name: ClassVar[PartName] = "codes"

    def look(self, page: PageView, seen: Mapping[PartName, Any]) -> Steps[CodesSeen]:
        """Find and read the page's codes.

        Args:
            page: The page.
            seen: Not used.
        """
        gray = np.asarray(cv2.cvtColor(page.pixels, cv2.COLOR_RGB2GRAY), np.uint8)
        enough = 1.0 if page.dpi is None else _ENOUGH_DPI / page.dpi
        whole, scale = reduced(gray, _MOST_PIXELS, enough)
        found = _grown(gray, _read(whole, scale, (0, 0), is_thorough=False))
        is_lost = False
        pixels = count = 0
        for left, top, right, bottom in patches(gray, page.quads):
            if _covered((left, top, right, bottom), found) > _COVERED:
                continue
            patch, of_patch = reduced(np.ascontiguousarray(gray[top:bottom, left:right]), _MOST_PATCH_PIXELS, enough)
            count += 1
            pixels += patch.size
            is_lost |= of_patch < min(1.0, enough) or pixels > _MOST_PIXELS
            if count > _MOST_PATCHES or pixels > _MOST_PIXELS:
                break
            found += _grown(gray, _read_patch(patch, of_patch, (left, top)))
        codes = _distinct(found)
        kept = sorted(codes[:_MOST_CODES], key=lambda one: bounds(one.code.polygon)[1::-1])
        return CodesSeen(
            tuple(one.code for one in kept),
            sum(one.is_binary for one in kept),
            len(codes) - len(kept),
            is_lost and scale < min(1.0, enough),
        )
        yield  # the nets are not needed

    def build(
        self, seen: Any, text: PageText, structure: PageStructure, options: StructureOptions
    ) -> tuple[PageStructure, tuple[PageWarning, ...]]:
        """Tell the lines that are a code's bars, as `Part.build` says."""
        codes = tuple(replace(code, lines=_bars(code, text.lines)) for code in seen.codes)
        return replace(structure, codes=codes), _warnings(seen, text.number)


@dataclass(frozen=True, slots=True)
class _Reading:
    """One reading of a code: the code, whether it holds bytes that are not text, and whether it is made of bars."""

    code: Code
    is_binary: bool
    is_linear: bool


def _warnings(seen: CodesSeen, page: int) -> tuple[PageWarning, ...]:
    warnings = []
    if seen.is_scaled:
        message = (
            "the page is very large, and has many places that look like codes: they were read on a smaller picture; "
            "small codes may be missing, so send the parts with codes alone"
        )
        warnings.append(PageWarning("codes_scaled_down", message, page))
    if seen.binary:
        message = f"the content of {seen.binary:,} codes is bytes and not text: it is given in hexadecimal digits"
        warnings.append(PageWarning("codes_binary", message, page))
    if seen.left_out:
        message = f"{seen.left_out + _MOST_CODES:,} codes were found; {_MOST_CODES:,} were kept"
        warnings.append(PageWarning("too_many_codes", message, page))
    return tuple(warnings)


def _read_patch(patch: Gray, scale: float, corner: tuple[int, int]) -> list[_Reading]:
    found = _read(patch, scale, corner, is_thorough=True)
    if found or max(patch.shape) > _MOST_ENLARGED_PX:
        return found
    enlarged = cv2.resize(patch, None, fx=_ENLARGED, fy=_ENLARGED, interpolation=cv2.INTER_CUBIC)
    blurred = cv2.GaussianBlur(enlarged, (0, 0), 2 * _ENLARGED)
    sharp = np.asarray(cv2.addWeighted(enlarged, 2.0, blurred, -1.0, 0), np.uint8)
    for binarizer in (zxingcpp.Binarizer.LocalAverage, zxingcpp.Binarizer.GlobalHistogram):
        found = _read(sharp, scale * _ENLARGED, corner, is_thorough=True, binarizer=binarizer)
        if found:
            break
    return found


def _read(
    gray: Gray,
    scale: float,
    corner: tuple[int, int],
    *,
    is_thorough: bool,
    binarizer: zxingcpp.Binarizer = zxingcpp.Binarizer.LocalAverage,
) -> list[_Reading]:
    """Read all codes of a picture that is a part of the page, scaled."""
    found = zxingcpp.read_barcodes(
        gray,
        try_rotate=is_thorough,
        try_invert=is_thorough,
        try_downscale=is_thorough,
        text_mode=zxingcpp.TextMode.Plain,
        binarizer=binarizer,
    )
    return [_reading(barcode, scale, corner) for barcode in found]


def _reading(barcode: zxingcpp.Barcode, scale: float, corner: tuple[int, int]) -> _Reading:
    kind = str(barcode.format).lower().replace(" ", "").replace("-", "")
    text = _text(barcode)
    is_binary = text is None
    said = bytes(barcode.bytes).hex() if text is None else text
    # A UPC code is an EAN code that begins with a zero, which is not printed.
    if kind in ("ean13", "upca", "upce") and len(said) == 13 and said.startswith("0"):
        kind, said = "upce" if kind == "upce" else "upca", said[1:]
    place = barcode.position
    corners = (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
    polygon = tuple((round(at.x / scale + corner[0], 1), round(at.y / scale + corner[1], 1)) for at in corners)
    is_linear = barcode.format in _LINEAR
    return _Reading(Code(kind, said, polygon), is_binary, is_linear)


def _text(barcode: zxingcpp.Barcode) -> str | None:
    """The text of a code, or None if it holds other bytes."""
    if barcode.content_type == zxingcpp.ContentType.Binary:
        return None
    try:
        text = str(barcode.text)
        text.encode()
    except UnicodeError:  # half a pair of UTF-16
        return None
    return None if "\0" in text else text


def _grown(gray: Gray, readings: Sequence[_Reading]) -> list[_Reading]:
    """Give linear codes all of their bars, and leave out those that are not bars."""
    grown = []
    for one in readings:
        polygon = bars_polygon(gray, one.code.polygon) if one.is_linear else one.code.polygon
        if polygon is not None:
            grown.append(replace(one, code=replace(one.code, polygon=polygon)))
    return grown


def _covered(box: Box, readings: Sequence[_Reading]) -> float:
    """The share of a box that codes cover."""
    middles = [np.mean(one.code.polygon, axis=0) for one in readings]
    areas = [
        cv2.contourArea(np.array(one.code.polygon, np.float32))
        for one, (x, y) in zip(readings, middles, strict=True)
        if box[0] <= x <= box[2] and box[1] <= y <= box[3]
    ]
    return float(sum(areas)) / ((box[2] - box[0]) * (box[3] - box[1]))


def _distinct(readings: Sequence[_Reading]) -> list[_Reading]:
    """Keep one reading of each code: the largest, since another one in its place is a part of it. Largest first."""
    corners = np.array([one.code.polygon for one in readings], np.float32).reshape(-1, 4, 2)
    low, high, middles = corners.min(axis=1), corners.max(axis=1), corners.mean(axis=1)
    sizes = np.array([cv2.contourArea(polygon) for polygon in corners])
    is_kept = np.zeros(len(readings), bool)
    order = np.argsort(-sizes, kind="stable")
    for index in order:
        at = middles[index]
        around = np.flatnonzero(is_kept & (low <= at).all(axis=1) & (high >= at).all(axis=1))
        is_kept[index] = not any(cv2.pointPolygonTest(corners[other], at.tolist(), False) >= 0 for other in around)
    return [readings[index] for index in order if is_kept[index]]


def _bars(code: Code, lines: Sequence[Line]) -> tuple[int, ...]:
    """Find the lines that are a code's bars rather than text."""
    if not lines:
        return ()
    hull = cv2.convexHull(np.array(code.polygon, np.float32))
    points = hull.reshape(-1, 2)
    quads = np.array([line.polygon for line in lines], np.float32)
    low, high = quads.min(axis=1), quads.max(axis=1)
    are_near = (low < points.max(axis=0)).all(axis=1) & (high > points.min(axis=0)).all(axis=1)
    bars = []
    for index in np.flatnonzero(are_near).tolist():
        quad = cv2.convexHull(quads[index])
        common, _ = cv2.intersectConvexConvex(quad, hull)
        if common > _ON_BARS * cv2.contourArea(quad) and not _is_printed(lines[index].text, code.text):
            bars.append(index)
    return tuple(bars)


def _is_printed(line: str, code: str) -> bool:
    """Whether a line on a code shows the code's own text, as some have it amid their bars."""
    shown = "".join(filter(str.isalnum, line))
    return len(shown) >= _PRINTED and shown in "".join(filter(str.isalnum, code))
