"""A picture on which lines are written, and which remembers where each one is."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from tools.int8.drawing.fonts import Face, drawable, load
from tools.int8.drawing.words import Rng

__all__ = ["Color", "DrawnPage", "Floats", "Sheet", "Style", "text_width"]

Color = tuple[float, float, float]
Floats = npt.NDArray[np.float32]

# A quad leaves this share of its height, drawn anew for each line, around the ink: as much as a detector's quads do.
_MARGIN = (0.03, 0.16)


@dataclass(frozen=True, slots=True)
class DrawnPage:
    """A drawn picture, and what is written on it.

    Args:
        kind: What it looks like: one of `KINDS`.
        pixels: (H, W, 3) uint8 RGB.
        quads: (K, 4, 2) float32, page pixels, clockwise from the top left of each line.
        texts: The K lines.
    """

    kind: str
    pixels: npt.NDArray[np.uint8]
    quads: npt.NDArray[np.float32]
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Style:
    """How a line is written.

    Args:
        face: Font.
        size_px: Of the em square.
        color: RGB, 0 to 255.
        stretch: Factor on the width of letters.
        slant: Sideways shift for each pixel of height; 0.2 leans like an italic.
        spacing_px: Added between letters.
        opacity: 1 covers what is below, 0 leaves it.
        shadow: Color of a copy behind the line, two pixels to the right and below; none by default.
    """

    face: Face
    size_px: int
    color: Color = (0, 0, 0)
    stretch: float = 1.0
    slant: float = 0.0
    spacing_px: float = 0.0
    opacity: float = 1.0
    shadow: Color | None = None


def text_width(text: str, style: Style) -> float:
    """How far a line will reach, in pixels."""
    letters = float(load(style.face, style.size_px).getlength(text))
    return (letters + style.spacing_px * len(text)) * style.stretch


class Sheet:
    """A picture in the making.

    Args:
        pixels: (H, W, 3) float32 RGB, 0 to 255; drawn upon in place. Owned by the sheet.
        rng: For the margins of quads.
    """

    def __init__(self, pixels: Floats, rng: Rng) -> None:
        self.pixels = pixels
        self._rng = rng
        self._quads: list[Floats] = []
        self._texts: list[str] = []

    @property
    def size(self) -> tuple[int, int]:
        """Width and height, in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]

    def write(
        self, text: str, style: Style, left: float, baseline: float, plane: Floats | None = None, is_text: bool = True
    ) -> None:
        """Write one line, unless it would leave the picture.

        Args:
            text: One line. Spaces at its ends are dropped, and letters that the font lacks.
            style: Font, size, color.
            left: Where the first letter begins, in pixels of the plane.
            baseline: Where letters stand, in pixels of the plane.
            plane: (3, 3) float32 homography from the plane that is written on to the picture; the picture by default.
            is_text: Whether it counts as a line; rules made of letters do not.
        """
        text = drawable(style.face, text).strip()
        mask, origin = _mask(text, style)
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        if not len(rows):
            return
        top, bottom, first, last = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
        mask = mask[top:bottom, first:last]
        # Whole pixels without a plane: letters stay as crisp as the font draws them.
        x, y = round(left) + first - origin[0], round(baseline) + top - origin[1]
        box = _box(x, y, x + last - first, y + bottom - top)
        margin = (bottom - top) * self._rng.uniform(*_MARGIN, size=4).astype(np.float32)
        grown = _box(box[0, 0] - margin[0], box[0, 1] - margin[1], box[2, 0] + margin[2], box[2, 1] + margin[3])
        quad = grown if plane is None else _project(grown, plane)
        if not self._holds(quad if plane is not None else box):
            return
        shift = np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], dtype=np.float32)
        transform = shift if plane is None else np.asarray(plane @ shift, dtype=np.float32)
        if style.shadow is not None:
            lower = np.array([[1, 0, 2], [0, 1, 2], [0, 0, 1]], dtype=np.float32)
            self._blend(mask, np.asarray(transform @ lower, dtype=np.float32), style.shadow, style.opacity)
        self._blend(mask, transform, style.color, style.opacity)
        if is_text:
            self._quads.append(np.clip(quad, 0, np.array(self.size, dtype=np.float32)))
            self._texts.append(text)

    def warp(self, transform: Floats, border: Color) -> None:
        """Move the whole picture; lines that leave it are forgotten.

        Args:
            transform: (3, 3) float32 homography, picture to picture.
            border: What shows where nothing was.
        """
        self.pixels = np.asarray(
            cv2.warpPerspective(
                self.pixels,
                transform,
                self.size,
                flags=cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_CONSTANT,
                borderValue=border,
            ),
            dtype=np.float32,
        )
        moved = [_project(quad, transform) for quad in self._quads]
        kept = [index for index, quad in enumerate(moved) if self._holds(quad)]
        self._quads = [moved[index] for index in kept]
        self._texts = [self._texts[index] for index in kept]

    def finish(self, kind: str) -> DrawnPage:
        """The picture as it is now, rounded to whole values."""
        pixels = np.clip(np.rint(self.pixels), 0, 255).astype(np.uint8)
        quads = np.array(self._quads, dtype=np.float32).reshape(-1, 4, 2)
        return DrawnPage(kind, pixels, quads, tuple(self._texts))

    def _holds(self, quad: Floats) -> bool:
        return bool((quad >= 0).all() and (quad <= np.array(self.size)).all())

    def _blend(self, mask: Floats, transform: Floats, color: Color, opacity: float) -> None:
        """Lay a color over the picture where the transformed mask is."""
        height, width = mask.shape
        corners = _project(_box(0, 0, width, height), transform)
        left, top = np.maximum(np.floor(corners.min(axis=0)).astype(int) - 1, 0)
        right, bottom = np.minimum(np.ceil(corners.max(axis=0)).astype(int) + 1, self.size)
        if left >= right or top >= bottom:
            return
        local = np.array([[1, 0, -left], [0, 1, -top], [0, 0, 1]]) @ transform
        cover = cv2.warpPerspective(mask, local, (int(right - left), int(bottom - top)), flags=cv2.INTER_LINEAR)
        below = self.pixels[top:bottom, left:right]
        below += (np.array(color, dtype=np.float32) - below) * (np.asarray(cover, dtype=np.float32) * opacity)[
            :, :, None
        ]


def _mask(text: str, style: Style) -> tuple[Floats, tuple[int, int]]:
    """Ink of a line, (H, W) float32 in [0, 1], and the pixel (x, y) in it where the first letter's baseline begins."""
    font = load(style.face, style.size_px)
    ascent, descent = font.getmetrics()
    # Accents and slanted letters reach past their advance and past the font's own metrics.
    pad = style.size_px
    width = int(font.getlength(text) + style.spacing_px * len(text)) + 2 * pad
    height = ascent + descent + pad
    image = Image.new("L", (width, height))
    draw = ImageDraw.Draw(image)
    baseline = ascent + pad // 2
    if style.spacing_px:
        x = float(pad)
        for letter in text:
            draw.text((x, baseline), letter, fill=255, font=font, anchor="ls")
            x += font.getlength(letter) + style.spacing_px
    else:
        draw.text((pad, baseline), text, fill=255, font=font, anchor="ls")
    mask: Floats = np.asarray(image, dtype=np.float32) / np.float32(255)
    if style.stretch != 1 or style.slant:
        # x' = stretch * x - slant * (y - baseline): the baseline stays where it is.
        matrix = np.array([[style.stretch, -style.slant, style.slant * baseline], [0, 1, 0]], dtype=np.float32)
        shape = (int(width * max(style.stretch, 1)) + pad, height)
        mask = np.asarray(cv2.warpAffine(mask, matrix, shape, flags=cv2.INTER_LINEAR), dtype=np.float32)
    return mask, (round(pad * style.stretch), baseline)


def _box(left: float, top: float, right: float, bottom: float) -> Floats:
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], dtype=np.float32)


def _project(points: Floats, transform: Floats) -> Floats:
    moved = cv2.perspectiveTransform(points[None].astype(np.float32), transform.astype(np.float32))
    return np.asarray(moved[0], dtype=np.float32)
