"""Opens a picture and checks its header against the limits. No pixel is decoded."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PIL import Image
from PIL.ExifTags import Base as Tag
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.TiffImagePlugin import TiffImageFile

from deployments.document import Document
from deployments.preprocess.formats.avif import coded_pixels
from deployments.preprocess.formats.jpeg import Scans, find_scans
from deployments.preprocess.formats.jpeg2000 import codestream
from deployments.preprocess.formats.page_index import PageEntry, find_page
from deployments.preprocess.formats.signatures import ImageFormat
from deployments.preprocess.formats.sniff import unsupported
from deployments.preprocess.picture.exif_orientation import read_orientation
from deployments.preprocess.picture.large import is_decoded_at_once
from deployments.preprocess.picture.memory import Decoding, decode_bytes
from deployments.preprocess.picture.tiff_bands import band_rows
from deployments.settings import PreprocessLimits
from models.errors import RayocrError, TooLarge, Undecodable
from models.page import PageWarning

__all__ = ["Header", "check_memory", "open_header", "pillow_errors_translated"]

# A progressive JPEG has about ten scans. Each costs a pass over the whole picture however few bytes it has: 0.03 s on
# 30 million pixels. So a small file with thousands of scans would keep a core busy for minutes.
_MAX_JPEG_SCANS = 50

# Pillow decodes these in Python, value by value. A pixel of run-length BMP takes 0.28 us; a file of 2.4 kB took 10 s.
_SLOW_CODECS = {"bmp_rle": "run-length BMP", "ppm": "Netpbm of unusual depth", "ppm_plain": "plain-text Netpbm"}
_MAX_SLOW_PIXELS = 4_000_000

# The frames of an animation build on one another, so that one costs the decoding of all before it, at 12 to 21 ns a
# pixel.
_MAX_FRAME_PIXELS = 200_000_000

# A tile of an AVIF may have so many pixels although the whole picture has fewer.
_MAX_OVERHANG_PIXELS = 1_000_000

_ADVICE = "send a smaller one, or scan at a lower resolution"


@dataclass(frozen=True, slots=True)
class Header:
    """A page whose header was read and found acceptable.

    Args:
        number: The page's number, counted from 1.
        entry: The page in its file, with its picture opened and not loaded.
        image_format: The file's format.
        how: The way in which the page is to be decoded.
        scans: The scans of a JPEG; a single one for other formats.
        warnings: Warnings about everything that was skipped or guessed so far.
    """

    number: int
    entry: PageEntry
    image_format: ImageFormat
    how: Decoding
    scans: Scans
    warnings: tuple[PageWarning, ...]

    @property
    def image(self) -> ImageFile:
        """The opened picture."""
        return self.entry.image


@contextmanager
def pillow_errors_translated(image_format: ImageFormat) -> Iterator[None]:
    """Translate the errors that Pillow raises over a document into ours.

    RayocrError passes as it is. MemoryError passes too, since it tells of this machine, not of the document.
    `Image.DecompressionBombError` becomes TooLarge (413). Everything else becomes Undecodable (422): over damaged
    bytes Pillow's plugins raise OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError,
    OverflowError, AttributeError, AssertionError, ZeroDivisionError, struct.error, zlib.error and more. A block
    should hold little beside calls to Pillow, or it would blame the document for our own faults.

    Args:
        image_format: The document's format, for the message.

    Raises:
        TooLarge: Pillow refused the size by its own limit.
        Undecodable: The bytes are damaged.
    """
    try:
        yield
    except (RayocrError, MemoryError):
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as exc:
        raise TooLarge(
            f"the {image_format} picture declares far more pixels than the limit of one page; send a smaller one"
        ) from exc
    except Exception as exc:
        # libheif's messages have several lines.
        cause = " ".join(str(exc).split()) or type(exc).__name__
        raise Undecodable(
            f"the {image_format} picture is damaged and can't be read ({cause}); send an undamaged copy"
        ) from exc


def open_header(document: Document, image_format: ImageFormat, limits: PreprocessLimits, number: int = 1) -> Header:
    """Read the header of one page and check it against the limits.

    Args:
        document: The document.
        image_format: The format that `sniff` found; any but PDF.
        limits: The most pixels and memory that one page may cost.
        number: The page's number, counted from 1.

    Returns:
        The header, with the opened picture; its pixels are not decoded yet.

    Raises:
        SourceNotFound: The page does not exist.
        TooLarge: The page has more pixels than allowed, or decoding it would take more memory.
        Undecodable: The header is damaged, or the file is built to waste time.
        UnsupportedType: The document is a camera's raw file, whose first page is only a preview.
    """
    with pillow_errors_translated(image_format):
        entry = find_page(document.data, image_format, number, limits.max_pixels)
        image = entry.image
        if isinstance(image, TiffImageFile) and _is_camera_raw(document, entry.is_first, image):
            raise unsupported(document, "camera raw picture")
        _check_pixels(entry, image_format, limits)
        if image_format is ImageFormat.AVIF:
            _check_coded_size(document, entry)
        scans = _checked_scans(document, image)
        orientation, warnings = read_orientation(image, document.data)
        how = Decoding(
            scans=scans.count,
            frame=entry.frame if entry.is_animation else 0,
            is_at_once=is_decoded_at_once(image, entry.page_count),
            band_rows=band_rows(image),
            document_bytes=len(document.data),
            orientation=orientation,
            codestream=codestream(document.data) if image_format is ImageFormat.JPEG_2000 else None,
        )
        if how.codestream is not None and (how.codestream.width, how.codestream.height) != image.size:
            raise Undecodable("the JPEG 2000 picture says two different sizes; save it anew")
        header = Header(number, entry, image_format, how, scans, (*entry.warnings, *warnings))
        check_memory(header, how, limits)
    return header


def check_memory(header: Header, how: Decoding, limits: PreprocessLimits) -> None:
    """Check the memory that decoding a picture takes.

    Args:
        header: The picture's header.
        how: The way in which it would be decoded.
        limits: The most memory that one page may cost.

    Raises:
        TooLarge: Decoding the picture so would take more memory.
    """
    needed = decode_bytes(header.image, how)
    if needed > limits.max_decode_bytes:
        raise TooLarge(
            f"{_shown_size(header.entry.canvas, header.image_format)}, and decoding this kind of "
            f"{header.image_format} would take {needed / 1e6:.0f} MB of memory, more than the limit of "
            f"{limits.max_decode_bytes / 1e6:.0f} MB; {_ADVICE}, or send it as PNG"
        )


def _shown_size(canvas: tuple[int, int], image_format: ImageFormat) -> str:
    width, height = canvas
    return f"the {image_format} picture has {width} x {height} = {width * height / 1e6:.1f} million pixels"


def _check_pixels(entry: PageEntry, image_format: ImageFormat, limits: PreprocessLimits) -> None:
    width, height = entry.canvas
    pixels = width * height
    shown = _shown_size(entry.canvas, image_format)
    if pixels > limits.max_pixels:
        raise TooLarge(f"{shown}, more than the limit of {limits.max_pixels / 1e6:.1f} million; {_ADVICE}")
    slow = next((_SLOW_CODECS[tile.codec_name] for tile in entry.image.tile if tile.codec_name in _SLOW_CODECS), None)
    if slow is not None and pixels > _MAX_SLOW_PIXELS:
        raise TooLarge(
            f"{shown}, more than the limit for {slow} of {_MAX_SLOW_PIXELS / 1e6:.1f} million; send it as PNG"
        )
    if entry.is_animation and entry.frame and (entry.frame + 1) * pixels > _MAX_FRAME_PIXELS:
        raise TooLarge(
            f"frame {entry.frame + 1} of the {image_format} animation of {width} x {height} pixels builds on all "
            f"before it, {(entry.frame + 1) * pixels / 1e6:.0f} million pixels, more than the limit of "
            f"{_MAX_FRAME_PIXELS / 1e6:.0f} million; send the frames as pictures of their own"
        )


def _check_coded_size(document: Document, entry: PageEntry) -> None:
    width, height = entry.canvas
    # One tile of a grid may reach over the edge of the picture.
    if not 0 < coded_pixels(document.data) <= max(2 * width * height, _MAX_OVERHANG_PIXELS):
        raise Undecodable("the AVIF picture says two different sizes; save it anew")


def _checked_scans(document: Document, image: ImageFile) -> Scans:
    if not isinstance(image, JpegImageFile) or image.fp is None:
        return Scans(1, is_whole=True)
    # Pillow has read the header, and stands at the first scan's coded data.
    scans = find_scans(document.data, image.fp.tell(), limit=_MAX_JPEG_SCANS + 1)
    if scans.count > _MAX_JPEG_SCANS:
        raise Undecodable(f"the JPEG picture has more than {_MAX_JPEG_SCANS} scans; save it anew as baseline JPEG")
    return scans


def _is_camera_raw(document: Document, is_first: bool, image: TiffImageFile) -> bool:
    """Recognize DNG, and raw files (NEF, ARW ...) that keep their picture in a SubIFD behind a reduced preview."""
    if not is_first:
        # The file's first directory tells. Damage in it does not concern this page.
        try:
            image = TiffImageFile(io.BytesIO(document.data))
        except MemoryError:
            raise
        except Exception:
            return False
    tags = image.tag_v2
    is_preview = tags.get(Tag.NewSubfileType, 0) == 1 and Tag.SubIFDs in tags
    return Tag.DNGVersion in tags or is_preview
