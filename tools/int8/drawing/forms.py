"""Scanned forms: small print, thin lines, typed and handwritten answers, many copies old."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from tools.int8.drawing import degrade
from tools.int8.drawing.fonts import HAND, LATIN, MONO, SANS, SERIF
from tools.int8.drawing.sheet import Sheet, Style, text_width
from tools.int8.drawing.words import (
    Rng,
    amount,
    code,
    date,
    name,
    number,
    phone,
    phrase,
    pick,
    scramble,
    sentence,
    time,
)

__all__ = ["form"]


def form(rng: Rng) -> Sheet:
    """One gray page of about 762 x 1000 pixels, one in five up to twice as large."""
    scale = float(rng.uniform(1.3, 2.0)) if rng.random() < 0.2 else float(rng.uniform(0.95, 1.05))
    height, width = round(1000 * scale), round(scale * rng.uniform(740, 790))
    white = float(rng.uniform(225, 255))
    sheet = Sheet(degrade.paper(rng, height, width, (white, white, white), float(rng.uniform(0, 6))), rng)
    _fill_in(rng, sheet, scale)
    return _copied(rng, sheet)


class _Print:
    """Sizes and faces of one form, and a hand that draws its lines.

    Args:
        sheet: What is printed on.
        rng: Source of randomness.
        scale: 1 for a page 1,000 pixels high.
    """

    def __init__(self, sheet: Sheet, rng: Rng, scale: float) -> None:
        self.sheet, self.rng = sheet, rng
        width, height = sheet.size
        self.left, self.right, self.bottom = width * 0.08, width * 0.93, height * 0.95
        body = int(rng.integers(10, 16) * scale)
        self.label = Style(pick(rng, (*SANS[:4], *SERIF[:3])), body, (25, 25, 25))
        self.heading = Style(pick(rng, (SANS[1], SANS[3], SERIF[3])), int(body * rng.uniform(1.2, 1.9)), (15, 15, 15))
        self.answer = Style(
            pick(rng, (*MONO, *HAND)),
            int(body * rng.uniform(1.0, 1.6)),
            (45, 45, 50),
            slant=float(rng.uniform(0, 0.25)),
        )
        self.line_px = max(1, round(scale * rng.uniform(0.6, 2)))

    def rule(self, left: float, right: float, y: float) -> None:
        """A thin horizontal line."""
        self.sheet.pixels[int(y) : int(y) + self.line_px, int(left) : int(right)] = 60

    def post(self, x: float, top: float, bottom: float) -> None:
        """A thin vertical line."""
        self.sheet.pixels[int(top) : int(bottom), int(x) : int(x) + self.line_px] = 60

    def reply(self) -> str:
        """What someone fills in."""
        kinds: tuple[Callable[[], str], ...] = (
            lambda: name(self.rng),
            lambda: date(self.rng),
            lambda: phone(self.rng),
            lambda: number(self.rng),
            lambda: amount(self.rng, 90000),
            lambda: code(self.rng, 8),
            lambda: phrase(self.rng, 1, 4),
            lambda: scramble(self.rng, 12),
            lambda: time(self.rng),
        )
        return pick(self.rng, kinds)()


def _fill_in(rng: Rng, sheet: Sheet, scale: float) -> None:
    form = _Print(sheet, rng, scale)
    width, height = sheet.size
    if rng.random() < 0.4:  # what a fax machine adds
        header = (
            f"{date(rng)} {time(rng)}  FROM {phrase(rng, 1, 2, 'upper')}  TO {phone(rng)}  P.{int(rng.integers(9))}"
        )
        sheet.write(header, Style(MONO[1], int(12 * scale), (20, 20, 20)), form.left, height * 0.025)
    y = height * float(rng.uniform(0.06, 0.12))
    title = phrase(rng, 2, 5, "upper")
    sheet.write(title, form.heading, (width - text_width(title, form.heading)) * pick(rng, (0.15, 0.5)), y)
    y += form.heading.size_px
    blocks = (_fields, _fields, _table, _prose, _choices)
    while y < form.bottom - 60 * scale:
        if rng.random() < 0.35:
            y += form.heading.size_px * 1.4
            sheet.write(phrase(rng, 1, 4, "upper"), form.heading, form.left, y)
        y = pick(rng, blocks)(form, y + form.label.size_px) + form.label.size_px * float(rng.uniform(0.3, 2.5))
    number_at_foot = Style(pick(rng, LATIN), int(11 * scale), (30, 30, 30))
    sheet.write(code(rng, int(rng.integers(6, 12))), number_at_foot, form.right - 90 * scale, height * 0.985)


def _fields(form: _Print, y: float) -> float:
    """Labels with a line or a box after each, some filled in."""
    rng, size = form.rng, form.label.size_px
    columns = pick(rng, (1, 2, 2, 3))
    pitch = max(size, form.answer.size_px) * float(rng.uniform(1.5, 2.2))
    is_boxed = rng.random() < 0.3
    for _ in range(int(rng.integers(2, 7))):
        if y + pitch > form.bottom:
            break
        y += pitch
        for column in range(columns):
            left = form.left + (form.right - form.left) * column / columns
            right = form.left + (form.right - form.left) * (column + 1) / columns - size
            label = phrase(rng, 1, 2, "title" if is_boxed else None)[: 34 // columns] + ":"
            form.sheet.write(label, form.label, left + 2, y)
            start = left + text_width(label, form.label) + size * 0.7
            if is_boxed:
                form.rule(left - 3, right, y + size * 0.45)
                form.post(left - 3, y + size * 0.45 - pitch, y + size * 0.45)
            elif start < right:
                form.rule(start, right, y + 2)
            answer = form.reply()
            if rng.random() < 0.75 and start + text_width(answer, form.answer) < right:
                form.sheet.write(answer, form.answer, start, y - float(rng.uniform(-1, 3)))
    return y


def _table(form: _Print, y: float) -> float:
    """A ruled table with a heading row and figures."""
    rng, size = form.rng, form.label.size_px
    edges = np.linspace(form.left, form.right, int(rng.integers(4, 8)))
    top, pitch = y, size * float(rng.uniform(1.5, 2.0))
    is_ruled = rng.random() < 0.7
    for row in range(int(rng.integers(3, 10))):
        if y + pitch > form.bottom:
            break
        if is_ruled:
            form.rule(form.left, form.right, y)
        y += pitch
        for left, right in pairwise(edges):
            text = phrase(rng, 1, 1, "title") if row == 0 else pick(rng, (number(rng), amount(rng), phrase(rng, 1, 1)))
            style = form.label if row == 0 or rng.random() < 0.8 else form.answer
            if text_width(text, style) < right - left - 8 and rng.random() < 0.9:
                form.sheet.write(text, style, float(left) + 4, y - size * 0.35)
    form.rule(form.left, form.right, y)
    if is_ruled:
        for edge in edges:
            form.post(float(edge), top, y)
    return y


def _prose(form: _Print, y: float) -> float:
    """A paragraph of small print."""
    rng = form.rng
    pitch = form.label.size_px * float(rng.uniform(1.15, 1.5))
    rest = " ".join(sentence(rng, int(rng.integers(8, 20))) for _ in range(int(rng.integers(1, 4)))).split()
    while rest and y + pitch < form.bottom:
        y += pitch
        taken = 1
        while taken < len(rest) and text_width(" ".join(rest[: taken + 1]), form.label) < form.right - form.left:
            taken += 1
        form.sheet.write(" ".join(rest[:taken]), form.label, form.left, y)
        rest = rest[taken:]
    return y


def _choices(form: _Print, y: float) -> float:
    """Boxes to tick."""
    rng, size = form.rng, form.label.size_px
    y += size * 1.6
    x = form.left
    while x < form.right - 8 * size:
        form.rule(x, x + size, y - size)
        form.rule(x, x + size, y)
        form.post(x, y - size, y)
        form.post(x + size, y - size, y)
        if rng.random() < 0.4:
            form.sheet.write("X", form.answer, x + 2, y)
        text = phrase(rng, 1, 2, "title")
        form.sheet.write(text, form.label, x + size * 1.7, y - 1)
        x += text_width(text, form.label) + size * float(rng.uniform(3.5, 7))
    return y


def _copied(rng: Rng, sheet: Sheet) -> Sheet:
    """Copy, fax and scan a filled-in form."""
    if rng.random() < 0.8:
        sheet.warp(degrade.perspective(rng, sheet.size, 1.2, 0.003), (250, 250, 250))
    pixels = degrade.blurred(sheet.pixels, float(rng.uniform(0, 0.8)))
    if rng.random() < 0.6:
        pixels = degrade.photocopied(rng, pixels, float(rng.uniform(0.02, 0.12)))
    if rng.random() < 0.6:
        pixels = degrade.speckled(rng, pixels, float(rng.uniform(0.0001, 0.002)))
    if rng.random() < 0.25:  # dirt on the scanner's glass
        for x in rng.integers(0, sheet.size[0], size=int(rng.integers(1, 4))):
            pixels[:, int(x) : int(x) + 2] -= float(rng.uniform(30, 120))
    if rng.random() < 0.25:  # the lid was open: a dark edge
        edge = int(sheet.size[0] * rng.uniform(0.01, 0.05))
        pixels[:, :edge] *= float(rng.uniform(0.1, 0.5))
    if rng.random() < 0.3:
        pixels = degrade.shaded(rng, pixels, float(rng.uniform(0.05, 0.3)))
    pixels = degrade.blurred(degrade.grained(rng, pixels, float(rng.uniform(0, 8))), float(rng.uniform(0, 0.5)))
    gray = pixels.mean(axis=2, keepdims=True).repeat(3, axis=2)
    sheet.pixels = degrade.compressed(gray.astype(np.float32), int(rng.integers(50, 97)))
    return sheet
