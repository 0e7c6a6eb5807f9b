"""Finds fonts below folders, and tells what letters each has."""

import functools
import zlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from fontTools.ttLib import TTFont, TTLibError
from PIL import ImageFont

from models.errors import ConfigurationError
from tools.int8.drawing.words import Rng

__all__ = ["Fonts", "LineFont", "found_fonts", "is_held_out", "opened"]

_NEEDED = frozenset(map(ord, "ABCXYZabcxyz0123456789.,:-/()"))
# Fonts of one script besides Latin, whose Latin letters are those of the plain family; fonts of signs; and fonts whose
# small letters look like capitals.
_LEFT_OUT = (
    *("Noto", "Math", "Symbol", "D050000L", "_K", "Dingbats", "Initials", "Fraktur", "Swash", "Outline", "OCRBE"),
    *("OCRBX", "Smallcaps", "Smcp", "caps", "Titling", "ADFStyle", "Bebas", "Humor", "Ubuntu-Title", "Solothurn"),
    *("dkg", "unifur"),
)
_PLAIN_NOTO = ("NotoSans", "NotoSerif", "NotoSansMono", "NotoMono", "NotoSansDisplay", "NotoSerifDisplay")
# What documents are mostly set in: the metrics and shapes of Arial, Times, Courier, Helvetica and their like.
_COMMON = (
    *("Liberation", "DejaVu", "FreeSans", "FreeSerif", "FreeMono", "Nimbus", "texgyre", "Carlito", "Caladea"),
    *("Roboto-", "OpenSans", "NotoSans-", "NotoSerif-", "Courier", "OCR", "3270", "Glass", "Inconsolata", "Clear"),
)
_COMMON_WEIGHT = 5.0
# One family of this many is kept for validation.
_HELD_OUT = 14


@dataclass(frozen=True, slots=True)
class LineFont:
    """A font that lines are set in.

    Args:
        path: Its file.
        letters: The code points that it has a glyph for.
    """

    path: str
    letters: frozenset[int]


class Fonts:
    """Fonts, of which common ones are drawn more often.

    Args:
        faces: The fonts, in families by the name of their file.
    """

    def __init__(self, faces: Iterable[LineFont]) -> None:
        families: dict[str, list[LineFont]] = defaultdict(list)
        for face in faces:
            families[family_of(face.path)].append(face)
        self.families = [families[name] for name in sorted(families)]
        if not self.families:
            raise ConfigurationError("there are no fonts to draw lines with: `make distil-data` fetches Debian's")
        weights = [_COMMON_WEIGHT if _is_common(family[0].path) else 1.0 for family in self.families]
        self._shares = np.cumsum(weights) / sum(weights)

    def pick(self, rng: Rng) -> LineFont:
        """One face of a random family."""
        family = self.families[int(np.searchsorted(self._shares, rng.random()))]
        return family[int(rng.integers(len(family)))]


def family_of(path: str) -> str:
    """The part of a font file's name that its faces share.

    >>> family_of("/fonts/LiberationSans-BoldItalic.ttf")
    'LiberationSans'
    """
    return Path(path).stem.split("-")[0].split("_")[0]


def is_held_out(path: str) -> bool:
    """Whether a font is kept for validation, and no line of training is set in it."""
    return zlib.crc32(family_of(path).encode()) % _HELD_OUT == 0


def _is_common(path: str) -> bool:
    return Path(path).name.startswith(_COMMON)


@functools.cache
def found_fonts(folder: Path) -> tuple[LineFont, ...]:
    """Every font below a folder that has Latin letters and digits, by the name of its file."""
    paths = {path.name: path for path in sorted(folder.rglob("*.[ot]tf")) if path.is_file()}
    faces = []
    for name in sorted(paths):
        is_special = any(word in name for word in _LEFT_OUT) and family_of(name) not in _PLAIN_NOTO
        if is_special or (letters := _letters(paths[name])) is None or not letters >= _NEEDED:
            continue
        faces.append(LineFont(str(paths[name]), letters))
    return tuple(faces)


def _letters(path: Path) -> frozenset[int] | None:
    try:
        with TTFont(path, lazy=True) as font:
            return frozenset(font.getBestCmap() or ())
    except (TTLibError, KeyError, AssertionError):
        return None


@functools.lru_cache(maxsize=512)
def opened(path: str, size_px: int) -> ImageFont.FreeTypeFont:
    """Open a font at a size of the em square, in pixels."""
    return ImageFont.truetype(path, size_px, layout_engine=ImageFont.Layout.BASIC)
