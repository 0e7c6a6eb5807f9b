"""Draws single lines of text as a detector would cut them out: printed, worn, scanned or photographed."""

import re
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from tools.distil.fonts import Fonts, LineFont, opened
from tools.distil.texts import Texts
from tools.distil.worn import dotted, hardened, worn
from tools.int8.drawing.words import Rng

__all__ = ["HEIGHT_PX", "MOST_COLUMNS", "DrawnLine", "draw_line"]

#: Height of the net's input.
HEIGHT_PX = 32
#: Wider lines are not drawn.
MOST_COLUMNS = 640
_INK = 0.25
# Smaller letters can't be read from a dot matrix printer.
_LEAST_DOTTED_PX = 26
# The em of small print, of print of all sizes, and of what a scanner sees before a page is made smaller.
_SMALL_PX, _EM_PX = (8.5, 18.0), (10.0, 44.0)
_LEAST_SCANNED_PX, _MOST_SCANNED_PX = 19, 48

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class DrawnLine:
    """A line, and what is written on it.

    Args:
        pixels: (32, columns) uint8.
        text: Its text.
        places: The middle of each character of the text, in columns, float32.
        whole: (any height, any width) uint8, the line before it was scaled.
    """

    pixels: npt.NDArray[np.uint8]
    text: str
    places: Floats
    whole: npt.NDArray[np.uint8]


def draw_line(rng: Rng, texts: Texts, fonts: Fonts) -> DrawnLine:
    """Draw one line.

    Args:
        rng: Source of all randomness.
        texts: What may be written.
        fonts: What it may be set in.
    """
    while True:
        # Now and then a label, and a value that was filled in.
        faces = [fonts.pick(rng) for _ in range(2 if rng.random() < 0.15 else 1)]
        known = frozenset.intersection(*(face.letters for face in faces))
        text = "".join(one for one in texts(rng) if ord(one) in known or one == " ").strip()
        if text and (line := _drawn(rng, re.sub(" +", " ", text), faces)) is not None:
            return line


def _drawn(rng: Rng, text: str, faces: list[LineFont]) -> DrawnLine | None:
    """Draw the text, unless nothing of it is seen or it gets too wide."""
    em = float(np.exp(rng.uniform(*np.log(_SMALL_PX if rng.random() < 0.3 else _EM_PX))))
    finer = 1.0 if rng.random() < 0.45 else 2.0
    is_scanned = rng.random() < 0.4
    if is_scanned:
        finer = float(np.clip(rng.uniform(1.3, 4), _LEAST_SCANNED_PX / em, _MOST_SCANNED_PX / em))
    ink, places = _inked(rng, text, faces, round(em * finer))
    if em * finer > _LEAST_DOTTED_PX and rng.random() < 0.08:
        ink = dotted(ink, em * finer)
    ink, places = _laid(rng, ink, places, em * finer)
    if is_scanned:
        ink = hardened(rng, ink)
    if finer > 1:
        less = (round(ink.shape[1] / finer), round(ink.shape[0] / finer))
        places = places * np.float32(less[0] / ink.shape[1])
        way = cv2.INTER_AREA if rng.random() < 0.8 else cv2.INTER_LINEAR
        ink = np.asarray(cv2.resize(ink, less, interpolation=way), np.float32)
    rows, columns = np.flatnonzero(ink.max(axis=1) > _INK), np.flatnonzero(ink.max(axis=0) > _INK)
    if len(rows) < 2 or len(columns) < 2:
        return None
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    high = bottom - top
    ink = _with_rulings(rng, ink, (top, bottom, left, right))
    if rng.random() < 0.22:  # the lines above and below
        pitch = max(high + 1, round(high * rng.uniform(1.0, 1.4)))
        other = np.roll(ink[:, ::-1], pitch if rng.random() < 0.5 else -pitch, axis=0)
        if pitch + high < len(ink):
            ink = np.maximum(ink, other)
    # Detectors leave more or less paper around, and now and then cut into the letters.
    share = rng.uniform(0.45, 0.95) if rng.random() < 0.93 else rng.uniform(0.95, 1.06)
    before, after = (rng.uniform(-0.03, 0.45) * high for _ in range(2))
    if rng.random() < 0.5:  # as most quads are
        share, before, after = rng.uniform(0.5, 0.75), *(rng.uniform(0.08, 0.25) * high for _ in range(2))
    room = high / share - high
    above = rng.uniform(0.25, 0.75) * room
    if rng.random() < 0.08:
        after = rng.uniform(0, 3) * high
    y0, y1 = max(0, round(top - above)), min(len(ink), round(bottom + room - above))
    x0, x1 = max(0, round(left - before)), min(ink.shape[1], round(right + after))
    gray = worn(rng, ink[y0:y1, x0:x1], em, is_scanned)
    if rng.random() < 0.12:  # a line that fills its quad gets paper above and below
        added = int(rng.integers(1, 1 + max(1, (y1 - y0) // 6)))
        paper = float(np.median(gray))
        gray = np.asarray(cv2.copyMakeBorder(gray, added, added, 0, 0, cv2.BORDER_CONSTANT, value=paper), np.float32)
        y0, y1 = y0 - added, y1 + added
    width = max(8, round((x1 - x0) * HEIGHT_PX / (y1 - y0) * rng.choice((1, 1, 1, rng.uniform(0.85, 1)))))
    if width > MOST_COLUMNS:
        return None
    places = (places - x0) * np.float32(width / (x1 - x0))
    whole = np.clip(np.rint(gray), 0, 255).astype(np.uint8)
    pixels = np.asarray(cv2.resize(whole, (width, HEIGHT_PX), interpolation=cv2.INTER_LINEAR), np.uint8)
    return DrawnLine(pixels, text, np.clip(places, 0, width - 1).astype(np.float32), whole)


def _inked(rng: Rng, text: str, faces: list[LineFont], size: int) -> tuple[Floats, Floats]:
    """Ink of the text, (H, W) float32 in [0, 1], and the middle of each character."""
    # A printer's own letters of few dots, each of them some pixels wide and high.
    is_coarse = rng.random() < 0.12
    dots = int(rng.integers(10, 21)) if is_coarse else size
    first = opened(faces[0].path, max(dots, 7))
    other = first if len(faces) == 1 else opened(faces[-1].path, max(7, round(dots * rng.uniform(0.9, 1.3))))
    begins = text.rfind(" ", 0, len(text) // 2 + 4) + 1  # of the other font
    letters = dots * rng.uniform(-0.03, 0.14) if rng.random() < 0.15 else 0.0
    roll = rng.random()
    gap = 0.0 if roll < 0.72 else dots * (rng.uniform(-0.08, 0) if roll < 0.8 else rng.exponential(0.5))
    between, lower = (0.0, 0.0) if first is other else (dots * rng.exponential(0.7), dots * rng.uniform(-0.15, 0.15))
    ascent, descent = first.getmetrics()
    pad = dots + 4
    starts = np.empty(len(text) + 1, np.float32)
    x = 0.0
    for index, letter in enumerate(text):
        x += between if index == begins else 0.0
        starts[index] = x
        x += (other if index >= begins else first).getlength(letter) + letters + (gap if letter == " " else 0)
    starts[-1] = x
    image = Image.new("L", (max(1, int(x)) + 2 * pad, ascent + descent + 2 * pad))
    draw = ImageDraw.Draw(image)
    draw.fontmode = "1" if is_coarse else "L"
    pieces = re.finditer(r"\S" if letters else r"\S+", text)
    for piece in pieces:
        is_other = piece.start() >= begins
        place = (pad + float(starts[piece.start()]), ascent + pad + (lower if is_other else 0))
        draw.text(place, piece.group(), fill=255, font=other if is_other else first, anchor="ls")
    ink = np.asarray(image, dtype=np.float32) / np.float32(255)
    places = ((starts[:-1] + starts[1:] - letters) / 2 + pad).astype(np.float32)
    if is_coarse:
        scale = size / dots
        wide = scale * rng.choice((1, 1, rng.uniform(0.7, 1.4)))
        shape = (max(1, round(ink.shape[1] * wide)), max(1, round(ink.shape[0] * scale)))
        way = cv2.INTER_NEAREST if scale > 1 else cv2.INTER_AREA
        places = places * np.float32(shape[0] / ink.shape[1])
        ink = np.asarray(cv2.resize(ink, shape, interpolation=way), np.float32)
    if rng.random() < 0.25:
        kernel = np.ones((2, 2), np.uint8)
        thicker = rng.random() < 0.6
        changed = cv2.dilate(ink, kernel) if thicker else cv2.erode(ink, kernel)
        ink = ink + np.float32(rng.uniform(0.2, 1) if thicker else rng.uniform(0.1, 0.6)) * (changed - ink)
    return ink, places


def _laid(rng: Rng, ink: Floats, places: Floats, size: float) -> tuple[Floats, Floats]:
    """The paper not quite straight, letters narrower, wider or slanted, a base line that bends."""
    height, width = ink.shape
    stretch = float(rng.uniform(0.7, 1.3)) if rng.random() < 0.5 else 1.0
    slant = float(rng.uniform(-0.12, 0.3)) if rng.random() < 0.15 else 0.0
    turn = float(rng.normal(0, 0.5)) if rng.random() < 0.5 else 0.0
    turn = np.deg2rad(np.clip(turn, -1.5, 1.5)) * min(1.0, 12 * height / width)
    if stretch != 1 or slant or turn:
        middle = height / 2
        matrix = np.array([[stretch, -slant, slant * middle], [turn * stretch, 1, -turn * stretch * width / 2]])
        size_px = (int(width * max(1.0, stretch)), height)
        ink = np.asarray(cv2.warpAffine(ink, matrix, size_px, flags=cv2.INTER_LINEAR), np.float32)
        places = places * np.float32(stretch)
    if rng.random() < 0.08:
        x = np.arange(ink.shape[1], dtype=np.float32)
        bend = size * rng.uniform(0.03, 0.12) * np.sin(x / rng.uniform(6, 25) / size + rng.uniform(0, 6))
        rows = np.arange(height, dtype=np.float32)[:, None] + bend[None].astype(np.float32)
        ink = np.asarray(cv2.remap(ink, np.tile(x, (height, 1)), rows, cv2.INTER_LINEAR), np.float32)
    return ink, places


def _with_rulings(rng: Rng, ink: Floats, box: tuple[int, int, int, int]) -> Floats:
    """Rules below, above and beside the text, as forms and tables have them."""
    top, bottom, left, right = box
    high = bottom - top
    thick = max(1, round(high * rng.uniform(0.02, 0.09)))
    dark = np.float32(rng.uniform(0.4, 1))
    if rng.random() < 0.2:
        y = bottom + round(high * rng.uniform(-0.04, 0.35))
        ink[y : y + thick, max(0, round(left - high * rng.uniform(0, 2))) :] = dark
    if rng.random() < 0.04:
        y = max(0, top - round(high * rng.uniform(0.06, 0.35)))
        ink[y : y + thick] = dark
    if rng.random() < 0.1:
        x = max(0, left - round(high * rng.uniform(0.12, 0.45)))
        ink[:, x : x + thick] = dark
    if rng.random() < 0.04:  # a box to tick
        side, x = round(high * rng.uniform(0.6, 1.1)), left - round(high * rng.uniform(1.0, 1.9))
        y = (top + bottom - side) // 2
        corners = (max(0, x), max(0, y)), (max(0, x + side), y + side)
        cv2.rectangle(ink, *corners, float(dark), thick)
        if rng.random() < 0.3:
            cv2.line(ink, *corners, float(dark), thick)
    if rng.random() < 0.05:
        x = right + round(high * rng.uniform(0.12, 0.45))
        ink[:, x : x + thick] = dark
    return ink
