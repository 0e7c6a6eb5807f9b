"""Pictures at the edge of what people send: inverted, nearly empty, huge letters, faint, very noisy."""

from collections.abc import Callable

from tools.int8.drawing import degrade
from tools.int8.drawing.chinese import chinese
from tools.int8.drawing.chinese_pages import chinese_page
from tools.int8.drawing.fonts import LATIN, SIMPLIFIED
from tools.int8.drawing.forms import form
from tools.int8.drawing.receipts import receipt
from tools.int8.drawing.scenes import background
from tools.int8.drawing.sheet import Sheet, Style, text_width
from tools.int8.drawing.words import Rng, phrase, pick, scramble, sentence

__all__ = ["faint_page", "inverted_page", "large_letters", "noisy_page", "sparse_page"]

_DOCUMENTS: tuple[Callable[[Rng], Sheet], ...] = (receipt, form, chinese_page)


def inverted_page(rng: Rng) -> Sheet:
    """A document, light on dark."""
    sheet = pick(rng, _DOCUMENTS)(rng)
    sheet.pixels = 255 - sheet.pixels
    return sheet


def faint_page(rng: Rng) -> Sheet:
    """A document that has almost faded away, or lies in the dark."""
    sheet = pick(rng, _DOCUMENTS)(rng)
    contrast = float(rng.uniform(0.1, 0.3))
    sheet.pixels = degrade.contrasted(sheet.pixels, contrast, float(rng.uniform(-140, 15)))
    sheet.pixels = degrade.grained(rng, sheet.pixels, 14 * contrast)
    return sheet


def noisy_page(rng: Rng) -> Sheet:
    """A document under the noise of a bad sensor."""
    sheet = pick(rng, _DOCUMENTS)(rng)
    noisy = degrade.grained(rng, sheet.pixels, float(rng.uniform(25, 60)), float(rng.uniform(0, 0.8)))
    sheet.pixels = degrade.compressed(noisy, int(rng.integers(20, 60)))
    return sheet


def sparse_page(rng: Rng) -> Sheet:
    """An empty sheet, white or dark, with one to three lines."""
    height, width = int(rng.integers(700, 1800)), int(rng.integers(600, 1300))
    ground = float(pick(rng, (255, 255, 245, 200, 12)))
    sheet = Sheet(degrade.paper(rng, height, width, (ground, ground, ground), 0), rng)
    ink = 20.0 if ground > 128 else 230.0
    for row in range(int(rng.integers(1, 4))):
        text = pick(rng, (scramble(rng, 18), sentence(rng, 5), phrase(rng, 1, 3)))
        style = Style(pick(rng, LATIN), int(rng.integers(12, 36)), (ink, ink, ink))
        while text_width(text, style) > width * 0.9:
            text = text[:-1]
        sheet.write(text, style, width * 0.05, height * (0.1 + 0.3 * row))
    return sheet


def large_letters(rng: Rng) -> Sheet:
    """A few letters as high as a third of the picture, on paper or on a texture."""
    height, width = 720, 1280
    ground = background(rng, height, width) if rng.random() < 0.5 else degrade.paper(rng, height, width, (240,) * 3, 10)
    sheet = Sheet(ground, rng)
    y = 40.0
    while y < height - 150:
        size = int(rng.integers(130, 330))
        y += size * 1.05
        light = float(pick(rng, (10, 250))) if ground.mean() < 128 else float(rng.uniform(0, 60))
        ink = (light, light, light)
        is_chinese = rng.random() < 0.4
        text = chinese(rng, int(rng.integers(2, 5))) if is_chinese else phrase(rng, 1, 1, "upper")[: 900 // size]
        face = pick(rng, SIMPLIFIED if is_chinese else LATIN)
        sheet.write(text, Style(face, size, ink), width * 0.04, y - size * 0.15)
    sheet.pixels = degrade.grained(rng, sheet.pixels, float(rng.uniform(0, 6)))
    return sheet
