"""Limits on what one document may cost to decode."""

from pydantic import Field

from models.settings import SettingsSection

__all__ = ["MAX_PIXELS_BOUND", "PreprocessLimits"]

# The most that `max_pixels` can be set to. Pages are arrays that later stages index by 32-bit numbers in places
# (OpenCV); 3 bytes a pixel of this many still fit.
MAX_PIXELS_BOUND = 700_000_000


class PreprocessLimits(SettingsSection):
    """What a document may cost before it is refused with `too_large`.

    Those of pictures are checked from the header alone, those of a PDF while it is drawn.
    """

    max_pixels: int = Field(
        default=150_000_000,
        ge=1_000_000,
        le=MAX_PIXELS_BOUND,
        description=(
            "Most pixels of one page. A4 at 600 dpi has 34.8 million, A2 at 600 dpi 139 million. More lets larger "
            "scans in, but each page is held uncompressed (3 bytes a pixel) by every stage that works on it."
        ),
    )
    max_decode_bytes: int = Field(
        default=650_000_000,
        ge=50_000_000,
        le=16_000_000_000,
        description=(
            "Most memory, in bytes, that decoding one page may take, estimated from its header: 3 bytes a pixel for "
            "large JPEG, PNG and TIFF in RGB, 4 to 7 for most other pictures, 12 for WebP, more for animations and "
            "JPEG 2000. More reads larger pictures of the costly kinds; plan this much memory for each page that a "
            "replica decodes at once."
        ),
    )
    max_pdf_page_s: float = Field(
        default=5.0,
        gt=0,
        le=600,
        description=(
            "Most seconds that opening a PDF, and drawing or reading one of its pages, may take. Longer reads heavier "
            "drawings; shorter frees a replica sooner from a page built to waste time."
        ),
    )
    max_pdf_bytes: int = Field(
        default=500_000_000,
        ge=100_000_000,
        le=8_000_000_000,
        description=(
            "Most memory, in bytes, of the process that opens and draws the pages of one PDF. More reads pages with "
            "larger pictures in them; plan this much beside `max_decode_bytes` for each preprocessing replica."
        ),
    )
