"""Draws the lines and pages that nets are trained on and compared on: numbers and made-up Latin words."""

import random
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

__all__ = ["ALPHABET", "DrawnPage", "draw_line", "draw_page", "draw_text"]

Pixels = npt.NDArray[np.uint8]

# Fonts of Debian's fonts-dejavu-core and fonts-liberation in which I, l, 1, O and 0 look different.
_FONTS = ("DejaVuSerif.ttf", "DejaVuSansMono.ttf", "LiberationSerif-Regular.ttf")
# Letters whose capitals have another shape: alone, an o is an O.
_CONSONANTS, _VOWELS = "bdfghjlmnprt", "aeiou"
_LINE_PX, _MARGIN_PX = 44, 40
ALPHABET = "0123456789 abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class DrawnPage:
    """A page with its lines.

    Args:
        pixels: (H, W, 3) uint8 RGB.
        texts: The text of each line.
        boxes: Left, top, right and bottom of its ink, in pixels.
    """

    pixels: Pixels
    texts: list[str]
    boxes: list[tuple[int, int, int, int]]


def draw_text(chance: random.Random) -> str:
    """Make up a number, a word, or a word and a number."""
    kind = chance.random()
    if kind < 0.3:
        return str(chance.randrange(10 ** chance.randint(2, 8)))
    word = "".join(chance.choice(_CONSONANTS) + chance.choice(_VOWELS) for _ in range(chance.randint(2, 4)))
    word = chance.choice([word, word.upper(), word.capitalize()])
    return f"{word} {chance.randrange(10**4)}" if kind > 0.85 else word


def draw_line(text: str, chance: random.Random, height: int = 32) -> tuple[Pixels, list[float]]:
    """Draw one line as a detector cuts it out, with some room around its ink.

    Returns:
        (height, width, 3) uint8 RGB, dark on bright, and the column of each character's middle.
    """
    font = ImageFont.truetype(chance.choice(_FONTS), 40)
    left, top, right, bottom = (round(side) for side in font.getbbox(text))
    room = [round(40 * chance.uniform(0.05, 0.35)) for _ in range(4)]
    size = (right - left + room[0] + room[2], bottom - top + room[1] + room[3])
    picture = Image.new("L", size, chance.randint(225, 255))
    ImageDraw.Draw(picture).text((room[0] - left, room[1] - top), text, chance.randint(0, 70), font)
    width = max(8, round(height * size[0] / size[1] * chance.uniform(0.92, 1.08)))
    gray = np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR))
    ends = [room[0] - left + font.getlength(text[:count]) for count in range(len(text) + 1)]
    middles = [(start + end) / 2 * width / size[0] for start, end in pairwise(ends)]
    return np.repeat(gray[..., None], 3, axis=2), middles


def draw_page(chance: random.Random, height: int, width: int, lines: int | None = None) -> DrawnPage:
    """Draw a page with a line of text in each row, at a random place."""
    picture = Image.new("RGB", (width, height), (chance.randint(235, 255),) * 3)
    draw = ImageDraw.Draw(picture)
    page = DrawnPage(np.empty(0, np.uint8), [], [])
    rows = (height - _MARGIN_PX) // _LINE_PX
    for row in range(min(rows, lines or rows)):
        text = draw_text(chance)
        font = ImageFont.truetype(chance.choice(_FONTS), chance.randint(22, 28))
        wide = round(font.getlength(text))
        place = (chance.randint(8, max(9, width - wide - 8)), _MARGIN_PX // 2 + row * _LINE_PX)
        draw.text(place, text, (chance.randint(0, 60),) * 3, font)
        left, top, right, bottom = draw.textbbox(place, text, font)
        page.texts.append(text)
        page.boxes.append((round(left), round(top), round(right), round(bottom)))
    return DrawnPage(np.asarray(picture), page.texts, page.boxes)
