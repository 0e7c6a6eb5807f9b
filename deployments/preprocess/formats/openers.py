"""Which class of Pillow reads which format, and how each is kept lean."""

import io

from PIL import AvifImagePlugin, Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PcxImagePlugin import PcxImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.PpmImagePlugin import PpmImageFile
from PIL.TgaImagePlugin import TgaImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from deployments.preprocess.formats.signatures import ImageFormat
from deployments.settings import MAX_PIXELS_BOUND

__all__ = ["opened"]

# Of the whole process, set here once. Our own limit is checked from each header first; Pillow's must not warn below it.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS_BOUND
# Else AVIF takes a thread for each CPU of the machine, however few of them are this replica's.
AvifImagePlugin.DEFAULT_MAX_THREADS = 1


class _LeanWebPImageFile(WebPImageFile):
    """WebP that gives its decoder back early: it holds two canvases, 8 bytes a pixel.

    `keeps_decoder` is set where more than one frame is read.
    """

    keeps_decoder = False

    def load_prepare(self) -> None:
        """Free the canvases; the frame has been copied out of them by now."""
        if not self.keeps_decoder:
            del self._decoder
        super().load_prepare()


class _LeanAvifImageFile(AvifImagePlugin.AvifImageFile):
    """AVIF that gives its decoder back early: it holds the planes.

    `keeps_decoder` is set where more than one frame is read.
    """

    keeps_decoder = False

    def load_prepare(self) -> None:
        """Free the planes; the frame has been copied out of them by now."""
        if not self.keeps_decoder:
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
    ImageFormat.AVIF: _LeanAvifImageFile,
    ImageFormat.JPEG_2000: Jpeg2KImageFile,
    ImageFormat.NETPBM: PpmImageFile,
    ImageFormat.PCX: PcxImageFile,
    ImageFormat.TGA: TgaImageFile,
}


def opened(file: io.BytesIO, image_format: ImageFormat) -> ImageFile:
    """Read a picture's header.

    Args:
        file: Of that format.
        image_format: What `sniff` found.

    Raises:
        Exception: The header is damaged; of any kind, see `pillow_errors_translated`.
    """
    if image_format is ImageFormat.HEIC:
        from deployments.preprocess.formats.heif import HeifImageFile  # libheif: 5 MB that few services need

        return HeifImageFile(file)
    return _OPENERS[image_format](file)
