"""Estimates the memory that decoding a picture takes, from its header."""

from dataclasses import dataclass

from PIL.AvifImagePlugin import AvifImageFile
from PIL.ExifTags import Base as Tag
from PIL.ImageFile import ImageFile
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from deployments.preprocess.formats.jpeg2000 import Codestream

__all__ = ["Decoding", "decode_bytes"]

# Bytes a pixel of Pillow's storage by mode. Every other mode takes 4, also RGB, which is padded.
_STORED_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16L": 2, "I;16B": 2, "I;16N": 2}

# Bytes a pixel of our RGB output.
_OUTPUT_BYTES = 3

# A picture that is turned by 90 degrees is held twice for a moment.
_TURNED_BYTES = 2 * _OUTPUT_BYTES

# WebP, measured with libwebp 1.6: two canvases of 4 bytes, and a copy of the frame of 4; see openers.py.
_WEBP_BYTES = 12

# AVIF, measured with libavif 1.4: the planes, the frame in RGB or RGBA, and Pillow's storage.
_AVIF_BYTES = 9

# HEIC, measured with libheif 1.23: the planes and the output in one piece; without and with transparency.
_HEIF_BYTES = 5, 8
# Planes of more than 8 bits take two bytes a sample.
_HEIF_DEEP_BYTES = 3

# A later frame of an animation: the decoder's own memory, the frame before, and both as RGBA to be compared. Measured:
# 24 (GIF) to 40 (AVIF).
_FRAME_BYTES = 42

# JPEG 2000, measured with OpenJPEG 2.5: bytes for each sample of a tile, for each tile, and for each component of one.
_JPEG_2000_SAMPLE_BYTES = 6
_JPEG_2000_TILE_BYTES = 6_000
_JPEG_2000_COMPONENT_BYTES = 1_200


@dataclass(frozen=True, slots=True)
class Decoding:
    """The way in which a picture is decoded.

    Args:
        scans: How many scans a JPEG has.
        frame: Number of the frame of an animation, counted from 0.
        is_at_once: Whether `decoded_at_once` decodes it.
        band_rows: Rows of a band, if `decoded_in_bands` decodes it; else 0.
        document_bytes: Size of the whole file, which both of these copy.
        orientation: The EXIF orientation, 1 to 8.
        codestream: The codestream of a JPEG 2000.
    """

    scans: int = 1
    frame: int = 0
    is_at_once: bool = False
    band_rows: int = 0
    document_bytes: int = 0
    orientation: int = 1
    codestream: Codestream | None = None


def decode_bytes(image: ImageFile, how: Decoding) -> int:
    """Estimate the peak of memory that decoding takes, with the RGB output and without the document's bytes.

    The figures follow from the way the decoders work. They are at most 3 % below the resident memory measured on
    pictures of 36 to 144 million pixels (Pillow 13.0, OpenCV 5.0).

    Args:
        image: The opened picture, not loaded.
        how: The way of decoding, and facts that `image` does not hold.

    Returns:
        The peak in bytes.
    """
    width, height = image.size
    pixels = width * height
    if how.frame:
        return _FRAME_BYTES * pixels
    stored = _STORED_BYTES.get(image.mode, 4)
    afterwards = (stored + _OUTPUT_BYTES) * pixels
    decoding = stored * pixels
    if how.is_at_once:
        afterwards = decoding = _OUTPUT_BYTES * pixels + how.document_bytes
    if how.band_rows:
        band = width * min(how.band_rows, height)
        decoding = _OUTPUT_BYTES * pixels + how.document_bytes + afterwards * band // pixels
        afterwards = 0
    if isinstance(image, JpegImageFile):
        decoding += _coefficient_bytes(image, how.scans)
    elif isinstance(image, WebPImageFile):
        decoding = _WEBP_BYTES * pixels
    elif isinstance(image, AvifImageFile):
        decoding = _AVIF_BYTES * pixels
    elif isinstance(image, Jpeg2KImageFile):
        decoding += _jpeg_2000_bytes(how.codestream)
    elif isinstance(image, TiffImageFile):
        decoding += _tiff_block_bytes(image)
        if image.tag_v2.get(Tag.Orientation, 1) != 1:
            decoding += stored * pixels
    elif image.format == "HEIF":
        decoding = afterwards = _heif_bytes(image) * pixels
    if how.orientation >= 5:
        afterwards = max(afterwards, _TURNED_BYTES * pixels)
    return max(decoding, afterwards)


def _coefficient_bytes(image: JpegImageFile, scans: int) -> int:
    """Tell the bytes of the coefficients, 2 a sample, which libjpeg keeps until the last of several scans."""
    if scans == 1 and "progressive" not in image.info:
        return 0
    factors = [(horizontal, vertical) for _, horizontal, vertical, _ in image.layer]
    most = max(horizontal for horizontal, _ in factors) * max(vertical for _, vertical in factors)
    samples = sum(horizontal * vertical for horizontal, vertical in factors) / max(1, most)
    return round(2 * samples * image.width * image.height)


def _jpeg_2000_bytes(stream: Codestream | None) -> int:
    if stream is None:
        return 0
    for_tiles = stream.tiles * (_JPEG_2000_TILE_BYTES + stream.components * _JPEG_2000_COMPONENT_BYTES)
    return stream.tile_pixels * stream.components * _JPEG_2000_SAMPLE_BYTES + for_tiles


def _heif_bytes(image: ImageFile) -> int:
    opaque, transparent = _HEIF_BYTES
    is_deep = getattr(image, "bit_depth", 8) > 8
    return (transparent if "A" in image.mode.upper() else opaque) + is_deep * _HEIF_DEEP_BYTES


def _tiff_block_bytes(image: TiffImageFile) -> int:
    """Tell the bytes of a strip or tile, which libtiff decodes whole. A tile may be far larger than the picture."""
    tags = image.tag_v2
    bits = sum(tags.get(Tag.BitsPerSample, (1,)))
    samples = tags.get(Tag.SamplesPerPixel, 1)
    if samples > len(tags.get(Tag.BitsPerSample, (1,))):
        bits *= samples
    # YCbCr is decoded through libtiff's RGBA interface, which needs 4 bytes a pixel beside the samples.
    if tags.get(Tag.PhotometricInterpretation) == 6:
        bits += 32
    width, height = image.size
    if Tag.TileWidth in tags and Tag.TileLength in tags:
        block_pixels = tags[Tag.TileWidth] * tags[Tag.TileLength]
    elif tags.get(Tag.Orientation, 1) >= 5:
        # Pillow tells the size of the turned picture, but the strips lie along the stored one.
        block_pixels = height * min(tags.get(Tag.RowsPerStrip, width), width)
    else:
        block_pixels = width * min(tags.get(Tag.RowsPerStrip, height), height)
    return int(block_pixels) * int(bits) // 8
