"""Pictures of mixed sizes: those of the sets, and scaled copies of them, in an order that a seed decides."""

import io
import math
import random
from collections.abc import Iterator
from dataclasses import replace

from PIL import Image

from loadtest.data.pictures import Picture

__all__ = ["FACTORS", "MAX_PIXELS", "mixed_order", "scaled"]

FACTORS = (0.3, 2.0)
"""Smallest and largest factor of a copy's sides."""

MAX_PIXELS = 24_000_000
"""Most pixels of a copy: a page of A4 at 500 dpi, below what the service takes by default."""

_JPEG_QUALITY = 90


def mixed_order(pictures: int, seed: int) -> Iterator[tuple[int, float | None]]:
    """Index of a picture and the factor to scale it by (None: as it is), without end.

    All pictures come in each round, newly shuffled; every other one on average is scaled, as often down as up in
    proportion (the logarithm of the factor is uniform).
    """
    draw = random.Random(seed)
    low, high = (math.log(factor) for factor in FACTORS)
    while True:
        for index in draw.sample(range(pictures), pictures):
            yield index, math.exp(draw.uniform(low, high)) if draw.random() < 0.5 else None


def scaled(picture: Picture, factor: float) -> Picture:
    """Copy of a picture with its sides times `factor`, at most MAX_PIXELS; of a format that Pillow can't read, itself.

    A JPEG stays one, all else becomes PNG. The label is left out: its corners no longer fit.
    """
    try:
        with Image.open(io.BytesIO(picture.content)) as opened:
            is_jpeg = opened.format == "JPEG"
            image = opened.convert("RGB") if opened.mode not in ("L", "RGB") else opened.copy()
    except (OSError, ValueError, Image.DecompressionBombError):
        return picture
    factor = min(factor, math.sqrt(MAX_PIXELS / (image.width * image.height)))
    size = (max(1, math.floor(image.width * factor)), max(1, math.floor(image.height * factor)))
    out = io.BytesIO()
    resized = image.resize(size, Image.Resampling.BILINEAR)
    if is_jpeg:
        resized.save(out, "JPEG", quality=_JPEG_QUALITY)
    else:
        resized.save(out, "PNG", compress_level=1)  # the generator shares its cores with the service
    suffix = "jpg" if is_jpeg else "png"
    return replace(picture, name=f"{picture.name}-{factor:.2f}.{suffix}", content=out.getvalue(), label=None)
