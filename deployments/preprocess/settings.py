"""Limits on what one document may cost to decode."""

from pydantic import Field

from models.settings import SettingsSection

__all__ = ["PreprocessLimits"]


class PreprocessLimits(SettingsSection):
    """What a picture may cost before it is refused with `too_large`. All are checked from the header alone."""

    # The upper bound is Pillow's own PIL.Image.MAX_IMAGE_PIXELS, above which it warns or refuses by itself.
    max_pixels: int = Field(
        default=50_000_000,
        ge=1_000_000,
        le=89_000_000,
        description=(
            "Most pixels of one page. A4 at 600 dpi has 34.8 million. More lets larger scans in, but each page is held "
            "uncompressed (3 bytes a pixel) by every stage that works on it."
        ),
    )
    max_decode_bytes: int = Field(
        default=450_000_000,
        ge=50_000_000,
        le=8_000_000_000,
        description=(
            "Most memory, in bytes, that decoding one page may take, estimated from its header: 7 bytes a pixel for "
            "most pictures, up to 12 for WebP and progressive JPEG. More reads larger pictures of the costly kinds; "
            "plan this much memory for each page that a replica decodes at once."
        ),
    )
