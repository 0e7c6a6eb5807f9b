"""Pictures that tests draw, and the public ones where they lie beside the project."""

import io
import json
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

__all__ = ["DATA", "drawn_page", "drawn_table", "encoded", "labeled", "long_page", "written_page"]

#: Public pictures with labels; tests pass without them, on pictures that they draw.
DATA = Path(__file__).parents[2] / "shared" / "data"


def drawn_page(*rows: str, width: int = 640, marker: tuple[int, int, int] | None = None) -> npt.NDArray[np.uint8]:
    """Black text on white, a row under the other.

    Args:
        rows: What to write, in ASCII.
        width: Of the page, in pixels.
        marker: Color (RGB) of the top left pixel.

    Returns:
        (60 * rows + 60, width, 3) uint8 RGB.
    """
    canvas = np.full((60 * len(rows) + 60, width, 3), 255, dtype=np.uint8)
    for index, row in enumerate(rows):
        cv2.putText(canvas, row, (24, 72 + 60 * index), cv2.FONT_HERSHEY_SIMPLEX, 1.1, (0, 0, 0), 2, cv2.LINE_AA)
    if marker is not None:
        canvas[0, 0] = marker
    return canvas


def drawn_table(*rows: tuple[str, ...]) -> npt.NDArray[np.uint8]:
    """A ruled table, black on white.

    Args:
        rows: The texts of the cells, as many in each row, in ASCII.

    Returns:
        (60 * rows + 60, 240 * columns + 60, 3) uint8 RGB.
    """
    height, width = 60 * len(rows), 240 * len(rows[0])
    canvas = np.full((height + 60, width + 60, 3), 255, dtype=np.uint8)
    for y in range(30, height + 31, 60):
        cv2.line(canvas, (30, y), (width + 30, y), (0, 0, 0), 2)
    for x in range(30, width + 31, 240):
        cv2.line(canvas, (x, 30), (x, height + 30), (0, 0, 0), 2)
    for row, texts in enumerate(rows):
        for column, text in enumerate(texts):
            place = (50 + 240 * column, 72 + 60 * row)
            cv2.putText(canvas, text, place, cv2.FONT_HERSHEY_SIMPLEX, 1.0, (0, 0, 0), 2, cv2.LINE_AA)
    return canvas


def written_page(*rows: str, size: int = 32, width: int = 900) -> npt.NDArray[np.uint8]:
    """Black text of any script that DejaVu Sans has on white, a row under the other.

    Args:
        rows: What to write. Arabic and Hebrew run to the left, as they should.
        size: Of the font, in pixels.
        width: Of the page, in pixels.

    Returns:
        (2 * size * (rows + 1), width, 3) uint8 RGB.
    """
    canvas = Image.new("RGB", (width, 2 * size * (len(rows) + 1)), "white")
    font = ImageFont.truetype("DejaVuSans.ttf", size, layout_engine=ImageFont.Layout.RAQM)
    for index, row in enumerate(rows):
        ImageDraw.Draw(canvas).text((size, size // 2 + 2 * size * index), row, font=font, fill="black")
    return np.array(canvas)


def long_page(rows: int = 24) -> bytes:
    """A PNG file of so many long rows, which takes a while to read."""
    return encoded(drawn_page(*(f"ROW {number} OF A LONG PAGE 0123456789" for number in range(rows)), width=900))


def encoded(*pages: npt.NDArray[np.uint8], kind: str = "PNG") -> bytes:
    """The file of a picture; of several, if the kind of file holds them."""
    first, *others = map(Image.fromarray, pages)
    stream = io.BytesIO()
    first.save(stream, kind, **({"save_all": True, "append_images": others} if others else {}))
    return stream.getvalue()


def labeled(name: str, limit: int | None = None) -> list[Path]:
    """Pictures of one public set, in the order of its labels; none where the data is not here."""
    labels = DATA / name / "labels.jsonl"
    if not labels.exists():
        return []
    rows = labels.read_text(encoding="utf-8").splitlines()[:limit]
    return [DATA / name / json.loads(row)["image"] for row in rows]
