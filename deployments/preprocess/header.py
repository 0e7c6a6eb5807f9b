"""Opening a picture: its header is read and judged, no pixel is decoded."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.ExifTags import Base as Tag
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from deployments.preprocess.document import Document
from deployments.preprocess.jpeg import count_scans
from deployments.preprocess.memory import decode_bytes
from deployments.preprocess.settings import PreprocessLimits
from deployments.preprocess.signatures import ImageFormat
from deployments.preprocess.sniff import unsupported
from models.errors import RayocrError, TooLarge, Undecodable

__all__ = ["Header", "open_header", "pillow_errors_translated"]

# A progressive JPEG has about ten scans. Each costs a pass over the whole picture however few bytes it has, so a small
# file with thousands of them would keep a core busy for minutes: 0.03 s a scan on 30 million pixels.
_MAX_JPEG_SCANS = 50

# Pillow decodes run-length BMP in Python, byte by byte: 0.28 us a pixel, so that a file of 2.4 kB took 10 s.
_MAX_RUN_LENGTH_BMP_PIXELS = 4_000_000

_ADVICE = "send a smaller one, or scan at a lower resolution"


class _LeanWebPImageFile(WebPImageFile):
    """WebP that gives its decoder back early: it holds two canvases, 8 bytes a pixel, and only page 1 is read."""

    def load_prepare(self) -> None:
        """Free the canvases; the first frame has been copied out of them by now."""
        del self._decoder
        super().load_prepare()


# Pillow's classes are used directly, not Image.open: only the format that was sniffed is tried, and a size is known
# even where Image.open would have raised or warned by its own, process-wide limit.
_OPENERS: dict[ImageFormat, type[ImageFile]] = {
    ImageFormat.JPEG: JpegImageFile,
    ImageFormat.PNG: PngImageFile,
    ImageFormat.WEBP: _LeanWebPImageFile,
    ImageFormat.BMP: BmpImageFile,
    ImageFormat.TIFF: TiffImageFile,
    ImageFormat.GIF: GifImageFile,
}


@dataclass(frozen=True, slots=True)
class Header:
    """A picture whose header was read and found acceptable.

    Args:
        image: Opened, not loaded. `image.size` is (width, height) in pixels.
        image_format: What it is.
        has_more_frames: Whether frames or pages follow the first.
    """

    image: ImageFile
    image_format: ImageFormat
    has_more_frames: bool


@contextmanager
def pillow_errors_translated(image_format: ImageFormat) -> Iterator[None]:
    """Turn what Pillow raises over a document into our errors.

    RayocrError passes as it is. MemoryError passes too: it says something about this machine, not about the document.
    `Image.DecompressionBombError` becomes TooLarge (413). Everything else becomes Undecodable (422): over damaged
    bytes Pillow's plugins raise OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError,
    OverflowError, AttributeError, AssertionError, ZeroDivisionError, struct.error, zlib.error and more. A block
    should hold little beside calls to Pillow, or it would blame the document for our own faults.

    Args:
        image_format: For the message.

    Raises:
        TooLarge: Pillow refused the size by its own limit.
        Undecodable: The bytes are damaged.
    """
    try:
        yield
    except (RayocrError, MemoryError):
        raise
    except Image.DecompressionBombError as exc:
        raise TooLarge(
            f"the {image_format} picture declares far more pixels than the limit of one page; send a smaller one"
        ) from exc
    except Exception as exc:
        raise Undecodable(
            f"the {image_format} picture is damaged and can't be read ({str(exc) or type(exc).__name__}); "
            "send an undamaged copy"
        ) from exc


def open_header(document: Document, image_format: ImageFormat, limits: PreprocessLimits) -> Header:
    """Read a picture's header and check it against the limits.

    Args:
        document: The bytes.
        image_format: What `sniff` found.
        limits: Pixels and memory that one page may cost.

    Returns:
        The opened picture; its pixels are not decoded yet.

    Raises:
        TooLarge: It has more pixels than allowed, or decoding it would take more memory.
        Undecodable: The header is damaged, or the file is built to waste time.
        UnsupportedType: A camera's raw file, whose first page is only a preview.
    """
    with pillow_errors_translated(image_format):
        image = _OPENERS[image_format](io.BytesIO(document.data))
        has_more_frames = bool(getattr(image, "is_animated", False))
        _check_pixels(image, image_format, limits)
        scans = _checked_scans(document, image)
        _check_memory(image, image_format, scans, limits)
        # TIFF tags are parsed when they are asked for; damaged ones are of any type and value.
        if isinstance(image, TiffImageFile) and _is_camera_raw(image):
            raise unsupported(document, "camera raw picture")
    return Header(image, image_format, has_more_frames)


def _shown_size(image: ImageFile, image_format: ImageFormat) -> str:
    width, height = image.size
    return f"the {image_format} picture has {width} x {height} = {width * height / 1e6:.1f} million pixels"


def _check_pixels(image: ImageFile, image_format: ImageFormat, limits: PreprocessLimits) -> None:
    pixels = image.width * image.height
    if pixels > limits.max_pixels:
        raise TooLarge(
            f"{_shown_size(image, image_format)}, more than the limit of {limits.max_pixels / 1e6:.1f} million; "
            f"{_ADVICE}"
        )
    is_run_length = any(tile.codec_name == "bmp_rle" for tile in image.tile)
    if is_run_length and pixels > _MAX_RUN_LENGTH_BMP_PIXELS:
        raise TooLarge(
            f"{_shown_size(image, image_format)}, more than the limit for run-length BMP of "
            f"{_MAX_RUN_LENGTH_BMP_PIXELS / 1e6:.1f} million; send it as PNG"
        )


def _checked_scans(document: Document, image: ImageFile) -> int:
    if not isinstance(image, JpegImageFile) or image.fp is None:
        return 1
    # Having read the header, Pillow stands where the first scan's coded data begin.
    scans = count_scans(document.data, image.fp.tell(), limit=_MAX_JPEG_SCANS + 1)
    if scans > _MAX_JPEG_SCANS:
        raise Undecodable(f"the JPEG picture has more than {_MAX_JPEG_SCANS} scans; save it anew as baseline JPEG")
    return scans


def _check_memory(image: ImageFile, image_format: ImageFormat, scans: int, limits: PreprocessLimits) -> None:
    needed = decode_bytes(image, scans)
    if needed > limits.max_decode_bytes:
        raise TooLarge(
            f"{_shown_size(image, image_format)}, and decoding this kind of {image_format} would take "
            f"{needed / 1e6:.0f} MB of memory, more than the limit of {limits.max_decode_bytes / 1e6:.0f} MB; "
            f"{_ADVICE}, or send it as PNG"
        )


def _is_camera_raw(image: TiffImageFile) -> bool:
    """Ask for DNG, and for raw files (NEF, ARW ...) that keep their picture in a SubIFD behind a reduced preview."""
    tags = image.tag_v2
    is_preview = tags.get(Tag.NewSubfileType, 0) == 1 and Tag.SubIFDs in tags
    return Tag.DNGVersion in tags or is_preview
