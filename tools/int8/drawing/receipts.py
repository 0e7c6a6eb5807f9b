"""Till receipts: narrow paper, thermal ink, columns of prices."""

from dataclasses import replace

import cv2
import numpy as np

from tools.int8.drawing import degrade
from tools.int8.drawing.chinese import chinese
from tools.int8.drawing.fonts import MONO, SANS, SERIF, SIMPLIFIED
from tools.int8.drawing.sheet import Sheet, Style, text_width
from tools.int8.drawing.words import Rng, amount, code, date, name, number, phone, phrase, pick, time

__all__ = ["receipt"]


def receipt(rng: Rng) -> Sheet:
    """One receipt of 463 x 1013 to 900 x 2000 pixels, printed and scanned or photographed."""
    width = int(rng.integers(463, 901))
    height = int(width * rng.uniform(1.7, 2.22))
    white = float(rng.uniform(205, 255))
    tint = (white, white - float(rng.uniform(0, 6)), white - float(rng.uniform(0, 16)))
    sheet = Sheet(degrade.paper(rng, height, width, tint, float(rng.uniform(0, 14))), rng)
    _print(rng, sheet)
    if rng.random() < 0.3:
        _scribble(rng, sheet)
    return _worn(rng, sheet, tint)


class _Roll:
    """The paper as a printer sees it: rows, one under the other.

    Args:
        sheet: What is printed on.
        rng: Source of randomness.
    """

    def __init__(self, sheet: Sheet, rng: Rng) -> None:
        self._sheet, self._rng = sheet, rng
        width, height = sheet.size
        dark = float(rng.uniform(0, 90))
        ink = (dark, dark, dark + float(pick(rng, (0, 0, 30, 60))))
        family = pick(rng, (MONO, MONO, SANS, SERIF))
        # 30 to 50 columns of letters that are 0.6 em wide.
        size = int(width * 0.92 / int(rng.integers(30, 51)) / 0.6)
        self.style = Style(pick(rng, family), size, ink, stretch=float(rng.uniform(0.85, 1.1)))
        self.left, self.right = width * float(rng.uniform(0.03, 0.09)), width * float(rng.uniform(0.91, 0.97))
        self.y = height * float(rng.uniform(0.02, 0.08))
        self._pitch = float(rng.uniform(1.15, 1.7))
        self._end = height * 0.97

    @property
    def has_room(self) -> bool:
        """Whether another row fits."""
        return self.y + 3 * self.style.size_px < self._end

    def row(self, *cells: tuple[str, float], style: Style | None = None) -> None:
        """Print cells: text, and where on the row from 0 (left) to 1 (right edge), by which it is aligned as well."""
        used = style or self.style
        if self.y + used.size_px * 1.4 > self._end:
            return
        self.y += used.size_px * self._pitch
        for text, place in cells:
            fitted = used
            while text_width(text, fitted) > self.right - self.left and fitted.size_px > 9:
                fitted = replace(fitted, size_px=fitted.size_px - 1)
            x = self.left + (self.right - self.left - text_width(text, fitted)) * place
            self._sheet.write(text, fitted, x, self.y)

    def rule(self) -> None:
        """Print a line across: letters, dots or ink."""
        shape = pick(self._rng, ("-", "=", "*", ".", "solid", "dotted"))
        self.y += self.style.size_px * (self._pitch - 0.3)
        if len(shape) == 1:
            count = int((self.right - self.left) / max(1.0, text_width(shape, self.style)))
            self._sheet.write(shape * count, self.style, self.left, self.y, is_text=False)
            return
        step = 1 if shape == "solid" else int(self._rng.integers(4, 10))
        y, thickness = int(self.y - self.style.size_px / 4), int(self._rng.integers(1, 3))
        for x in range(int(self.left), int(self.right), step):
            self._sheet.pixels[y : y + thickness, x : x + max(1, step // 2)] = self.style.color


def _print(rng: Rng, sheet: Sheet) -> None:
    roll = _Roll(sheet, rng)
    plain = roll.style
    big = replace(plain, size_px=int(plain.size_px * rng.uniform(1.3, 2.2)))
    if rng.random() < 0.15:
        roll.row((chinese(rng, int(rng.integers(4, 10))), 0.5), style=replace(big, face=pick(rng, SIMPLIFIED)))
    roll.row((phrase(rng, 1, 3, "upper"), 0.5), style=big)
    side = pick(rng, (0.0, 0.5, 0.5))
    for text in (
        f"{phrase(rng, 2, 3)} SDN BHD",
        f"({code(rng, 8)})",
        f"No. {number(rng)}, {phrase(rng, 2, 4, 'title')},",
        f"{int(rng.integers(10000, 99999))} {phrase(rng, 1, 2, 'title')}",
        f"Tel: {phone(rng)}  Fax: {phone(rng)}",
        f"GST Reg No: {code(rng, 12)}",
    ):
        if rng.random() < 0.8:
            roll.row((text, side))
    roll.rule()
    roll.row((pick(rng, ("TAX INVOICE", "RECEIPT", "CASH SALES", "Invoice / Bill")), 0.5), style=big)
    for _ in range(int(rng.integers(2, 6))):
        label = f"{phrase(rng, 1, 2)}:"
        roll.row((f"{label} {pick(rng, (code(rng, 9), name(rng), number(rng)))}", 0.0))
    roll.row((f"Date: {date(rng)}", 0.0), (time(rng), 1.0))
    roll.rule()
    _items(rng, roll)
    roll.rule()
    for label in ("Subtotal", "Discount", "GST 6%", "Rounding Adj", "TOTAL (RM)", "CASH", "CHANGE"):
        style = big if label.startswith("TOTAL") else plain
        roll.row((label, 0.0), (amount(rng, 3000), 1.0), style=style)
    roll.rule()
    while roll.has_room and rng.random() < 0.88:
        roll.row((phrase(rng, 2, 6), side))
        roll.y += plain.size_px * float(rng.uniform(0, 1))


def _items(rng: Rng, roll: _Roll) -> None:
    layout = pick(rng, ("one row", "two rows", "columns"))
    if layout == "columns":
        roll.row(("Item", 0.0), ("Qty", 0.5), ("Price", 0.7), ("Amt", 1.0))
    for _ in range(int(rng.integers(3, 16))):
        item, price, quantity = phrase(rng, 1, 2), amount(rng), str(int(rng.integers(1, 20)))
        if layout == "one row":
            roll.row((f"{quantity} {item[:22]}", 0.0), (price, 1.0))
        elif layout == "columns":
            each = f"{rng.random() * 99:.2f}"
            roll.row((item[:12], 0.0), (quantity, 0.5), (each, 0.7), (f"{rng.random() * 300:.2f}", 1.0))
        else:
            roll.row((f"{code(rng, 13)} {phrase(rng, 1, 3)[:26]}", 0.0))
            roll.row((f"{quantity} x {amount(rng, 99)}", 0.15), (f"{price} {pick(rng, ('SR', 'ZRL', 'T', ''))}", 1.0))


def _scribble(rng: Rng, sheet: Sheet) -> None:
    """A pen's stroke over the print."""
    width, height = sheet.size
    steps = rng.normal(0, width * 0.03, size=(40, 2)).cumsum(axis=0) * (1.6, 1.0)
    points = steps + np.array([width * rng.uniform(0.3, 0.7), height * rng.uniform(0.1, 0.9)])
    curve = cv2.GaussianBlur(np.repeat(points, 6, axis=0).astype(np.float32), (1, 31), 5)
    color = pick(rng, ((40, 50, 150), (60, 60, 60), (170, 40, 50)))
    cv2.polylines(sheet.pixels, [np.rint(curve).astype(np.int32)], False, color, int(rng.integers(1, 4)), cv2.LINE_AA)


def _worn(rng: Rng, sheet: Sheet, tint: tuple[float, float, float]) -> Sheet:
    """Fade, lay down and scan a printed receipt."""
    if rng.random() < 0.6:
        sheet.pixels = degrade.faded(rng, sheet.pixels, float(rng.uniform(0.2, 0.85)))
    ground = pick(rng, (tint, tint, (255.0, 255.0, 255.0), (25.0, 22.0, 20.0), (120.0, 95.0, 70.0)))
    if rng.random() < 0.7:
        sheet.warp(degrade.perspective(rng, sheet.size, 1.5, 0.008), ground)
    if rng.random() < 0.5:
        sheet.pixels = degrade.shaded(rng, sheet.pixels, float(rng.uniform(0.1, 0.55)))
    sheet.pixels = degrade.blurred(sheet.pixels, float(rng.uniform(0, 1.1)))
    if rng.random() < 0.25:
        sheet.pixels = degrade.photocopied(rng, sheet.pixels, 0.05)
    sheet.pixels = degrade.grained(rng, sheet.pixels, float(rng.uniform(0, 7)), float(rng.uniform(0, 1)))
    sheet.pixels = degrade.compressed(sheet.pixels, int(rng.integers(35, 96)))
    return sheet
