"""Lines as they are found on receipts and forms, drawn with the font that Pillow carries: no machine lacks it.

The pictures that int8 recipes are made from are drawn with other fonts (`tools.int8.drawing.fonts`).
"""

import io
import re

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from models.manifests import load_manifest
from models.recognition.crops import crop_line
from models.recognition.widths import LineWidths, width_table

__all__ = ["Pixels", "drawn_crops", "drawn_line"]

Pixels = npt.NDArray[np.uint8]

_WORDS = re.findall(
    r"\w+",
    "Invoice Total Subtotal Amount Date Due Paid Cash Change Tax Table Guest Server Order Item Price Quantity Thank "
    "you come again Street Avenue Suite Phone Fax Account Balance Customer Address City State Zip Signature Approved "
    "Description Coffee Cake Chicken Rice Water Orange Juice Bread Butter Milk Discount Rounding Receipt Member "
    "Company Limited Branch Office Hours Monday Friday January October Description Comments Requested Department",
)
# The least of these is read with effort, as small print is.
_LETTER_PX = (9, 10, 11, 13, 16, 24)


def drawn_crops(count: int, seed: int) -> list[tuple[str, Pixels]]:
    """Texts, and lines cut out as the recognizer takes them, (48, width, 3) uint8 RGB; for one seed always the same."""
    random = np.random.default_rng(seed)
    manifest = load_manifest("ppocrv6-small").recognition
    widths = width_table(manifest.width_multiple_px)
    crops = []
    for _ in range(count):
        text = _text(random)
        line = drawn_line(text, int(random.choice(_LETTER_PX)), random)
        height, width = line.shape[:2]
        quad = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float32)
        crops.append((text, crop_line(line, quad, manifest.height_px, LineWidths(widths)).pixels))
    return crops


def drawn_line(text: str, letter_px: int, random: np.random.Generator) -> Pixels:
    """One line of text on paper: uneven ink, a soft lens, noise of the sensor, and JPEG.

    Args:
        text: What to write.
        letter_px: Size of the font.
        random: Source of all that differs from line to line.

    Returns:
        (height, width, 3) uint8 RGB, as a detector's quad would cut it out.
    """
    font = ImageFont.load_default(size=letter_px)
    left, top, right, bottom = font.getbbox(text)
    margin = max(2, letter_px // 6)
    paper, ink = int(random.integers(190, 256)), int(random.integers(0, 110))
    canvas = Image.new("L", (round(right - left) + 4 * margin, round(bottom - top) + 2 * margin), paper)
    ImageDraw.Draw(canvas).text((2 * margin - left, margin - top), text, fill=ink, font=font)
    soft = cv2.GaussianBlur(np.asarray(canvas, np.float32), (0, 0), float(random.uniform(0.3, 0.05 * letter_px)))
    gray = soft + random.normal(scale=random.uniform(1, 14), size=soft.shape)
    stream = io.BytesIO()
    Image.fromarray(gray.clip(0, 255).astype(np.uint8)).convert("RGB").save(stream, "JPEG", quality=60)
    return np.asarray(Image.open(stream), dtype=np.uint8)


def _text(random: np.random.Generator) -> str:
    parts = []
    for _ in range(random.integers(1, 4)):
        match random.integers(0, 6):
            case 0:
                parts.append(f"{random.integers(0, 1000)}.{random.integers(0, 100):02}")
            case 1:
                parts.append(f"{random.integers(1, 29):02}/{random.integers(1, 13):02}/{random.integers(1990, 2030)}")
            case 2:
                parts.append(f"#{random.integers(10**6, 10**9)}")
            case _:
                word = str(random.choice(_WORDS))
                parts.append(word.upper() if random.random() < 0.3 else word)
    return " ".join(parts)
