# ruff: noqa: RUF001 - full-width punctuation is meant
"""Chinese pages as printed or exported: dense paragraphs, titles, tables, one or two columns."""

from dataclasses import replace
from itertools import pairwise

import numpy as np

from tools.int8.drawing import degrade
from tools.int8.drawing.chinese import chinese, chinese_prose
from tools.int8.drawing.fonts import SERIF, SIMPLIFIED, TRADITIONAL
from tools.int8.drawing.sheet import Sheet, Style, text_width
from tools.int8.drawing.words import Rng, amount, date, number, phrase, pick, sentence

__all__ = ["chinese_page"]


def chinese_page(rng: Rng) -> Sheet:
    """One page of 1000 x 1400 to 1700 x 2300 pixels."""
    width = int(rng.integers(1000, 1701))
    height = int(width * rng.uniform(1.33, 1.42))
    white = pick(rng, ((255.0, 255.0, 255.0), (255.0, 255.0, 255.0), (246.0, 240.0, 222.0), (228.0, 228.0, 225.0)))
    sheet = Sheet(degrade.paper(rng, height, width, white, 0.0 if white[0] == 255 else 8.0), rng)
    _set(rng, sheet)
    return _scanned(rng, sheet, white)


class _Column:
    """A column of text that is being set, from the top down.

    Args:
        sheet: What is printed on.
        rng: Source of randomness.
        standard: `gb2312` or `big5`.
        body: Style of running text.
        left: Edge, in pixels.
        right: Edge, in pixels.
        top: Where it begins.
    """

    def __init__(
        self, sheet: Sheet, rng: Rng, standard: str, body: Style, left: float, right: float, top: float
    ) -> None:
        self.sheet, self.rng, self.standard, self.body = sheet, rng, standard, body
        self.left, self.right, self.y = left, right, top
        self.bottom = sheet.size[1] * 0.93
        self.pitch = body.size_px * float(rng.uniform(1.35, 1.95))

    @property
    def is_full(self) -> bool:
        """Whether no further line fits."""
        return self.y + self.pitch > self.bottom

    def set_lines(self, text: str, indent: float) -> None:
        """Break a paragraph into lines, the first indented by so many letters."""
        left = self.left + indent * self.body.size_px
        while text and not self.is_full:
            self.y += self.pitch
            taken, reach = 0, left
            while taken < len(text) and reach <= self.right:
                reach += text_width(text[taken], self.body)
                taken += 1
            if reach > self.right:
                taken = max(1, taken - 1)
            self.sheet.write(text[:taken], self.body, left, self.y)
            text, left = text[taken:].lstrip(), self.left

    def heading(self) -> None:
        """A numbered heading, larger or bold."""
        rng = self.rng
        text = pick(rng, ("一、", "（二）", "3.1 ", "第四章 ", "")) + chinese(
            rng, int(rng.integers(4, 14)), self.standard
        )
        style = replace(self.body, size_px=int(self.body.size_px * rng.uniform(1.05, 1.6)), color=(0, 0, 0))
        while text_width(text, style) > self.right - self.left:
            text = text[:-1]
        self.y += style.size_px * 1.9
        if self.y < self.bottom:
            self.sheet.write(text, style, self.left, self.y)

    def paragraph(self) -> None:
        """Prose; now and then all in English."""
        if self.rng.random() < 0.08:
            self.set_lines(sentence(self.rng, int(self.rng.integers(10, 40))), 0)
        else:
            self.set_lines(chinese_prose(self.rng, int(self.rng.integers(30, 260)), self.standard), 2)

    def items(self) -> None:
        """A numbered list."""
        for index in range(int(self.rng.integers(2, 6))):
            mark = pick(self.rng, (f"{index + 1}. ", f"（{index + 1}）", "• "))
            self.set_lines(mark + chinese_prose(self.rng, int(self.rng.integers(8, 40)), self.standard), 1)

    def table(self) -> None:
        """A ruled table of words and figures."""
        rng, size = self.rng, self.body.size_px
        edges = np.linspace(self.left, self.right, int(rng.integers(4, 7)))
        self.y += size
        for row in range(int(rng.integers(3, 9))):
            if self.is_full:
                break
            self.sheet.pixels[int(self.y) : int(self.y) + 2, int(edges[0]) : int(edges[-1])] = 70
            for column, (left, right) in enumerate(pairwise(edges)):
                is_word = row == 0 or column == 0
                text = chinese(rng, int(rng.integers(2, 6)), self.standard) if is_word else self._figure()
                if text_width(text, self.body) < right - left - 6:
                    at = left + (right - left - text_width(text, self.body)) / 2
                    self.sheet.write(text, self.body, float(at), self.y + size * 1.25)
            self.sheet.pixels[int(self.y) : int(self.y + size * 1.7), edges[:-1].astype(int)] = 70
            self.y += size * 1.7
        self.sheet.pixels[int(self.y) : int(self.y) + 2, int(edges[0]) : int(edges[-1])] = 70

    def _figure(self) -> str:
        return pick(self.rng, (number(self.rng), amount(self.rng, 90000), date(self.rng), phrase(self.rng, 1, 1)))


def _set(rng: Rng, sheet: Sheet) -> None:
    width, height = sheet.size
    standard = "big5" if rng.random() < 0.2 else "gb2312"
    face = pick(rng, TRADITIONAL if standard == "big5" else SIMPLIFIED)
    dark = float(rng.uniform(0, 60))
    # 14 to 36 pixels: 8 to 14 points at 120 to 200 pixels an inch.
    body = Style(face, int(rng.integers(14, 30) * width / 1300) + 2, (dark, dark, dark))
    left, right, y = width * 0.09, width * 0.91, height * 0.08
    head = Style(pick(rng, SERIF), int(body.size_px * 0.8), (70, 70, 70))
    if rng.random() < 0.6:
        sheet.write(phrase(rng, 2, 5), head, left, height * 0.045)
        sheet.pixels[int(height * 0.052) : int(height * 0.052) + 2, int(left) : int(right)] = 90
    sheet.write(
        pick(rng, ("- {} -", "{}", "{} / 24")).format(int(rng.integers(1, 300))), head, width / 2, height * 0.965
    )
    if rng.random() < 0.6:
        color = pick(rng, ((0.0, 0.0, 0.0), (170.0, 20.0, 25.0), (20.0, 50.0, 130.0)))
        title = replace(body, size_px=int(body.size_px * rng.uniform(1.6, 3.2)), color=color)
        text = chinese(rng, int(rng.integers(5, 16)), standard)
        y += title.size_px
        sheet.write(text, title, (width - text_width(text, title)) / 2, y)
        y += title.size_px * 0.6
    columns = pick(rng, (1, 1, 2))
    gap = body.size_px * 1.5
    each = (right - left - gap * (columns - 1)) / columns
    for index in range(columns):
        start = left + index * (each + gap)
        column = _Column(sheet, rng, standard, body, start, start + each, y)
        while not column.is_full:
            pick(
                rng, (column.paragraph, column.paragraph, column.paragraph, column.heading, column.items, column.table)
            )()
            column.y += body.size_px * float(rng.uniform(0, 1.2))
            if rng.random() < 0.04:
                break


def _scanned(rng: Rng, sheet: Sheet, white: tuple[float, float, float]) -> Sheet:
    """Half of the pages stay as exported; the others are printed and scanned."""
    if rng.random() < 0.5:
        sheet.pixels = degrade.compressed(sheet.pixels, int(rng.integers(75, 99)))
        return sheet
    sheet.warp(degrade.perspective(rng, sheet.size, 0.8, 0.004), pick(rng, (white, (40.0, 40.0, 40.0))))
    pixels = degrade.blurred(sheet.pixels, float(rng.uniform(0, 1.0)))
    if rng.random() < 0.6:
        pixels = degrade.shaded(rng, pixels, float(rng.uniform(0.05, 0.6)))
    pixels = degrade.grained(rng, pixels, float(rng.uniform(0, 9)), float(rng.uniform(0, 1)))
    sheet.pixels = degrade.compressed(pixels, int(rng.integers(45, 95)))
    return sheet
