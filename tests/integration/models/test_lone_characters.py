"""Characters that stand alone on a page, such as quantities of an invoice and page numbers, are all read."""

from random import Random

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from models.page import Page
from tests.integration.models.readers import Reader
from tools.int8.drawing.fonts import LATIN, load

GOODS = ("Bolt", "Washer", "Cable", "Lamp", "Filter", "Hose", "Paper", "Toner", "Bracket", "Switch", "Panel", "Valve")
PAGES = 20

#: A character and its middle.
Lone = tuple[str, tuple[float, float]]


def drawn_invoice(seed: int) -> tuple[Page, list[Lone]]:
    """An A4 page with a table, at 150 to 300 dpi, and the characters that stand alone on it."""
    random = Random(seed)
    dpi, points = random.choice([150, 200, 200, 300]), random.choice([8, 9, 10, 11, 12])
    em = points * dpi // 72
    width, height = round(8.27 * dpi), round(11.69 * dpi)
    picture = Image.new("RGB", (width, height), random.choice(["white", "#faf8f0"]))
    pen, font = ImageDraw.Draw(picture), load(random.choice(LATIN), em)
    left, right = round(0.08 * width), round(0.92 * width)
    quantity = round(random.choice([0.08, 0.45, 0.55, 0.62]) * width)
    goods = quantity + 4 * em if quantity == left else left
    top, pitch = round(0.12 * height), round(em * random.uniform(1.4, 2.6))
    pen.text((left, top - 3 * em), f"Invoice {random.randint(1000, 9999)}", "black", load(random.choice(LATIN), 2 * em))
    is_ruled = random.random() < 0.5
    # Few other texts: each is read, which takes most of the time.
    rows = [("Qty", "Item", "Total")]
    for _ in range(random.randint(8, 14)):
        count, cents = random.choice("1112345678"), random.randint(100, 99_999)
        rows.append((count, random.choice(GOODS), f"{cents * int(count) / 100:.2f}"))
    lone: list[Lone] = []

    def draw_lone(x: int, y: int, text: str) -> None:
        pen.text((x, y), text, "black", font)
        box = pen.textbbox((x, y), text, font)
        lone.append((text, ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)))

    for index, (count, name, total) in enumerate(rows):
        y = top + index * pitch
        draw_lone(quantity, y, count)
        pen.text((goods, y), name, "black", font)
        pen.text((right, y), total, "black", font, anchor="ra")
        if is_ruled:
            pen.line((left, y + pitch - em // 6, right, y + pitch - em // 6), "gray", max(1, dpi // 150))
    draw_lone(width // 2, round(0.95 * height), str(random.randint(1, 9)))
    return Page(np.asarray(picture)), lone[1:]  # the first is the head of its column


@pytest.mark.slow
def test_no_lone_character_is_lost(int8_reader: Reader) -> None:
    lost: list[tuple[int, str]] = []
    wrong: list[tuple[int, str, str]] = []
    count = 0
    for seed in range(PAGES):
        page, characters = drawn_invoice(seed)
        lines = [(line.text, np.array(line.polygon, np.float32)) for line in int8_reader.lines(page)]
        for character, middle in characters:
            count += 1
            texts = [text for text, polygon in lines if cv2.pointPolygonTest(polygon, middle, False) > 0]
            if not texts:
                lost.append((seed, character))
            elif character not in texts:
                wrong.append((seed, character, texts[0]))
    assert count > 200
    assert lost == []
    assert len(wrong) <= 0.01 * count, wrong
