"""Words stand where they were drawn."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from models.page import Page, Polygon
from tests.integration.models.readers import Reader

ROWS = (
    "Invoice 2041 Total amount due",
    "William will fill the illicit mill",
    "MAXIMUM 12.50 WWW mmm (see Mr. X)",
    "the quick brown fox jumps over it",
)


def drawn() -> tuple[Page, list[tuple[str, float, float]]]:
    """A page, and each of its words with where its ink begins and ends."""
    canvas = Image.new("RGB", (900, 420), "white")
    pen, font = ImageDraw.Draw(canvas), ImageFont.load_default(size=32)
    words = []
    for row, text in enumerate(ROWS):
        left, top = 40.0, 40 + 90 * row
        for word in text.split():
            pen.text((left, top), word, fill="black", font=font)
            ink_left, _, ink_right, _ = pen.textbbox((left, top), word, font=font)
            words.append((word, ink_left, ink_right))
            left += pen.textlength(word + " ", font=font)
    return Page(np.array(canvas)), words


def across(polygon: Polygon) -> tuple[float, float]:
    xs = [x for x, _ in polygon]
    return min(xs), max(xs)


def test_words_and_characters_stand_where_they_were_drawn(readers: dict[str, Reader]) -> None:
    reader = readers["onnxruntime"]
    page, expected = drawn()
    found = [word for line in reader.lines(page, with_characters=True) for word in line.words]
    assert [word.text for word in found] == [text for text, _, _ in expected]
    overlaps = []
    for word, (_, left, right) in zip(found, expected, strict=True):
        begin, end = across(word.polygon)
        overlaps.append((min(end, right) - max(begin, left)) / (max(end, right) - min(begin, left)))
        assert "".join(one.text for one in word.characters) == word.text
        assert across(word.characters[0].polygon)[0] == begin
        assert across(word.characters[-1].polygon)[1] == end
    # 0.93 in the middle on drawn pages of six fonts; a step of the net's, 8 columns, is a fifth of a short word.
    print(sorted(round(overlap, 2) for overlap in overlaps))
    assert np.median(overlaps) > 0.88
    assert min(overlaps) > 0.6
