"""The fonts of the drawn pictures, by exact family and style.

They come from a short list of Debian packages, so that the pictures do not depend on what else is installed.
"""

import subprocess
from dataclasses import dataclass
from functools import cache, lru_cache

from PIL import ImageFont

from models.errors import ConfigurationError

__all__ = [
    "FACES",
    "HAND",
    "LATIN",
    "MONO",
    "SANS",
    "SERIF",
    "SIMPLIFIED",
    "TRADITIONAL",
    "Face",
    "check_fonts",
    "drawable",
    "installed_fonts",
    "load",
]


# A code point that no font may have a glyph for: shows what is drawn for a letter that is missing.
_NO_LETTER = "\uffff"


@dataclass(frozen=True, slots=True)
class Face:
    """One font.

    Args:
        family: As fontconfig names it first.
        style: As fontconfig names it first.
        package: The Debian package that carries it.
    """

    family: str
    style: str
    package: str


def _faces(package: str, *names: tuple[str, str]) -> tuple[Face, ...]:
    return tuple(Face(family, style, package) for family, style in names)


SANS = (
    *_faces("fonts-dejavu-core", ("DejaVu Sans", "Book"), ("DejaVu Sans", "Bold")),
    *_faces("fonts-liberation", ("Liberation Sans", "Regular"), ("Liberation Sans", "Bold")),
    *_faces("fonts-liberation", ("Liberation Sans", "Italic")),
    *_faces("fonts-freefont-ttf", ("FreeSans", "Regular"), ("FreeSans", "Bold Oblique")),
)
SERIF = (
    *_faces("fonts-dejavu-core", ("DejaVu Serif", "Book"), ("DejaVu Serif", "Bold")),
    *_faces("fonts-liberation", ("Liberation Serif", "Regular"), ("Liberation Serif", "Bold")),
    *_faces("fonts-liberation", ("Liberation Serif", "Italic")),
    *_faces("fonts-freefont-ttf", ("FreeSerif", "Regular"), ("FreeSerif", "Bold Italic")),
)
MONO = (
    *_faces("fonts-dejavu-core", ("DejaVu Sans Mono", "Book"), ("DejaVu Sans Mono", "Bold")),
    *_faces("fonts-liberation", ("Liberation Mono", "Regular"), ("Liberation Mono", "Bold")),
    *_faces("fonts-freefont-ttf", ("FreeMono", "Regular"), ("FreeMono", "Bold")),
)
#: Like handwriting, each in its way: a print hand, and slanted text faces.
HAND = (
    *_faces("fonts-dancingscript", ("Dancing Script", "Regular")),
    *_faces("fonts-freefont-ttf", ("FreeSerif", "Italic")),
    *_faces("fonts-liberation", ("Liberation Serif", "Italic")),
)
LATIN = (*SANS, *SERIF, *MONO)
SIMPLIFIED = (
    *_faces("fonts-noto-cjk", ("Noto Sans CJK SC", "Regular"), ("Noto Sans CJK SC", "Bold")),
    *_faces("fonts-noto-cjk", ("Noto Serif CJK SC", "Regular"), ("Noto Serif CJK SC", "Bold")),
    *_faces("fonts-arphic-uming", ("AR PL UMing CN", "Light")),
    *_faces("fonts-arphic-ukai", ("AR PL UKai CN", "Book")),
)
#: Draw kana as well.
TRADITIONAL = (
    *_faces("fonts-noto-cjk", ("Noto Sans CJK TC", "Regular"), ("Noto Sans CJK TC", "Bold")),
    *_faces("fonts-noto-cjk", ("Noto Serif CJK TC", "Regular"), ("Noto Serif CJK TC", "Bold")),
)
FACES = tuple(dict.fromkeys((*LATIN, *HAND, *SIMPLIFIED, *TRADITIONAL)))


def check_fonts() -> None:
    """See that every font of the pictures is installed.

    Raises:
        ConfigurationError: One is not, or fontconfig is not; says which packages to install.
    """
    installed = installed_fonts()
    missing = sorted({face.package for face in FACES if (face.family, face.style) not in installed})
    if missing:
        raise ConfigurationError(f"fonts for drawn pictures are missing: apt-get install {' '.join(missing)}")


@lru_cache(maxsize=128)
def load(face: Face, size_px: int) -> ImageFont.FreeTypeFont:
    """Open a font at a size.

    Args:
        face: Which.
        size_px: Of the em square, in pixels.

    Raises:
        ConfigurationError: It is not installed; says which package to install.
    """
    try:
        file, index = installed_fonts()[face.family, face.style]
    except KeyError:
        raise ConfigurationError(
            f"font {face.family} {face.style} is missing: apt-get install {face.package}"
        ) from None
    # The basic layout: the other one is an optional part of Pillow, and places letters otherwise.
    return ImageFont.truetype(file, size_px, index=index, layout_engine=ImageFont.Layout.BASIC)


def drawable(face: Face, text: str) -> str:
    """The text without the letters that a font lacks, for which it would draw boxes.

    Raises:
        ConfigurationError: See `load`.
    """
    return "".join(letter for letter in text if letter.isascii() or _has_glyph(face, letter))


@cache
def _has_glyph(face: Face, letter: str) -> bool:
    font = load(face, 20)
    return bytes(font.getmask(letter)) != bytes(font.getmask(_NO_LETTER))


@cache
def installed_fonts() -> dict[tuple[str, str], tuple[str, int]]:
    """All fonts that fontconfig knows.

    Returns:
        (family, style) -> (file, index of the face in it).

    Raises:
        ConfigurationError: fontconfig is not installed.
    """
    form = "%{family[0]}\t%{style[0]}\t%{file}\t%{index}\n"
    try:
        run = subprocess.run(["fc-list", "--format", form], capture_output=True, encoding="utf-8", check=True)
    except FileNotFoundError:
        raise ConfigurationError("fc-list finds the fonts, and is missing: apt-get install fontconfig") from None
    rows = sorted(line.split("\t") for line in run.stdout.splitlines())
    return {(family, style): (file, int(index)) for family, style, file, index in rows}
