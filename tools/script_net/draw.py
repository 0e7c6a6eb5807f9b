"""Draws lines of text in every script that the script net tells apart.

python -m tools.script_net.draw NAMES OUTPUT.npz

NAMES is the folder `main` of the npm package cldr-localenames-full; its words are set in every installed font that has
their letters.
"""

import json
import random
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from fontTools.ttLib import TTCollection, TTFont
from PIL import Image, ImageDraw, ImageFont

from models.languages import SCRIPTS, script_of
from models.languages.script_net import INPUT_COLUMNS, script_input

_LINES_A_SCRIPT = 1600
_LEAST_WORDS = 150
_SYMBOLS = "0123456789.,:;-/()%&'\"!?€$"

Pixels = npt.NDArray[np.uint8]


def main(names: Path, output: Path) -> None:
    """Draw the lines of all scripts, and write them with their classes."""
    chosen = random.Random(0)
    words = _words(names)
    fonts = _fonts()
    lines, classes = [], []
    for number, script in enumerate(SCRIPTS):
        own = sorted(words[script])
        letters = sorted({letter for word in own for letter in word if script_of(letter) == script}) or _letters(script)
        if len(own) < _LEAST_WORDS:
            own += [_invented(letters, chosen) for _ in range(_LEAST_WORDS)]
        with_letters = [path for path, known in fonts if len(known & set(map(ord, letters))) > 0.85 * len(letters)]
        print(f"{script}: {len(own)} words, {len(letters)} letters, {len(with_letters)} fonts", flush=True)
        for _ in range(_LINES_A_SCRIPT if with_letters else 0):
            lines.append(_line(own, letters, chosen.choice(with_letters), chosen))
            classes.append(number)
    np.savez(output, lines=np.stack(lines), classes=np.array(classes, np.int64))


def _words(names: Path) -> dict[str, set[str]]:
    """The words of names in CLDR, by their script."""
    words: dict[str, set[str]] = defaultdict(set)
    for path in names.glob("*/*.json"):
        for text in _texts(json.loads(path.read_text(encoding="utf-8"))):
            for word in text.split():
                letters = [script for letter in word if (script := script_of(letter)) is not None]
                if len(letters) >= 2 and len(set(letters)) == 1:
                    words[letters[0]].add(word)
    return words


def _texts(tree: object) -> "list[str]":
    if isinstance(tree, dict):
        return [text for branch in tree.values() for text in _texts(branch)]
    return [tree] if isinstance(tree, str) else []


def _letters(script: str) -> list[str]:
    return [chr(code) for code in range(0x250, 0x1800) if script_of(chr(code)) == script and chr(code).isalpha()]


def _invented(letters: list[str], chosen: random.Random) -> str:
    return "".join(chosen.choices(letters, k=chosen.randint(2, 8)))


def _fonts() -> list[tuple[tuple[str, int], set[int]]]:
    """Path, number in the file and characters of each installed font that is upright text."""
    found = subprocess.run(["fc-list", "--format", "%{file}\t%{style}\n"], capture_output=True, text=True, check=True)
    usual = ("regular", "bold", "book", "medium", "roman", "italic", "light")
    paths = {
        line.split("\t")[0]
        for line in found.stdout.splitlines()
        if line.partition("\t")[2].split(",")[0].casefold() in usual
    }
    fonts = []
    for path in sorted(path for path in paths if path.endswith((".ttf", ".otf", ".ttc"))):
        opened = TTCollection(path).fonts if path.endswith(".ttc") else [TTFont(path, lazy=True)]
        known = set(opened[0].getBestCmap() or ())
        fonts.append(((path, 0), known))
    return fonts


def _line(words: list[str], letters: list[str], font: tuple[str, int], chosen: random.Random) -> Pixels:
    """Draw one line, crop it as a detector would, and make the net's input of it."""
    text = ""
    wanted = chosen.choice((4, 8, 14, 22, 30))
    while len(text) < wanted:
        if chosen.random() < 0.12 and text:
            text += "".join(chosen.choices(_SYMBOLS, k=chosen.randint(1, 4)))
        else:
            text += chosen.choice(words) if chosen.random() < 0.85 else _invented(letters, chosen)
        text += " " if chosen.random() < 0.9 else ""
    text = text.strip()
    if chosen.random() < 0.15:
        text = text.upper()
    size = chosen.randint(16, 56)
    face = ImageFont.truetype(font[0], size, font[1], layout_engine=ImageFont.Layout.RAQM)
    left, top, right, bottom = map(round, face.getbbox(text))
    margin = size
    canvas = Image.new("L", (right - left + 2 * margin, bottom - top + 2 * margin), 255)
    ImageDraw.Draw(canvas).text((margin - left, margin - top), text, font=face, fill=0)
    ink = (255 - np.asarray(canvas, dtype=np.float32)) / 255
    turned = cv2.getRotationMatrix2D((ink.shape[1] / 2, ink.shape[0] / 2), chosen.gauss(0, 0.7), 1)
    turned[0, 1] += chosen.gauss(0, 0.06)
    ink = np.asarray(cv2.warpAffine(ink, turned, (ink.shape[1], ink.shape[0])), np.float32)
    rows, columns = np.flatnonzero(ink.max(axis=1) > 0.3), np.flatnonzero(ink.max(axis=0) > 0.3)
    if not len(rows):
        return _line(words, letters, font, chosen)
    high = int(rows[-1] - rows[0] + 1)
    above, below, before, after = (round(chosen.uniform(-0.04, most) * high) for most in (0.3, 0.3, 0.4, 0.4))
    shown = ink[max(0, rows[0] - above) : rows[-1] + 1 + below, max(0, columns[0] - before) : columns[-1] + 1 + after]
    if chosen.random() < 0.5:
        shown = np.asarray(cv2.GaussianBlur(shown, (0, 0), chosen.uniform(0.3, 0.03 * size + 0.4)), np.float32)
    paper, dark = chosen.uniform(150, 255), chosen.uniform(0, 110)
    gray = paper + (dark - paper) * shown
    noise = np.random.default_rng(chosen.getrandbits(32))
    gray += noise.normal(0, chosen.choice((1, 4, 12)), gray.shape)
    if chosen.random() < 0.3:
        gray += np.linspace(0, chosen.uniform(-40, 40), gray.shape[1])[None]
    if chosen.random() < 0.1:
        gray = 255 - gray
    pixels = gray.clip(0, 255).astype(np.uint8)
    if chosen.random() < 0.3:
        _, file = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, chosen.randint(25, 80)])
        pixels = np.asarray(cv2.imdecode(file, cv2.IMREAD_GRAYSCALE), np.uint8)
    whole = script_input(pixels, chosen.uniform(0, 1))
    assert whole.shape[1] == INPUT_COLUMNS
    return whole


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
