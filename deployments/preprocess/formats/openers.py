"""Opens a picture by the one class of Pillow for its format, kept lean."""

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

# Pillow's limit is the whole process's, and is set here once. It must not warn below our own, which comes first.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS_BOUND
# By default, AVIF takes a thread for each CPU of the machine, however few of them are this replica's.
AvifImagePlugin.DEFAULT_MAX_THREADS = 1


class _LeanWebPImageFile(WebPImageFile):
    """WebP that gives its decoder back early, since it holds two canvases, 8 bytes a pixel.

    `keeps_decoder` is set if more than one frame is read.
    """

    keeps_decoder = False

    def load_prepare(self) -> None:
        """Free the canvases. The frame has been copied out of them by now."""
        if not self.keeps_decoder:
            del self._decoder
        super().load_prepare()


class _LeanAvifImageFile(AvifImagePlugin.AvifImageFile):
    """AVIF that gives its decoder back early, since it holds the planes.

    `keeps_decoder` is set if more than one frame is read.
    """

    keeps_decoder = False

    def load_prepare(self) -> None:
        """Free the planes. The frame has been copied out of them by now."""
        if not self.keeps_decoder:
            del self._decoder
        super().load_prepare()


# Pillow's classes are used directly, not Image.open. So only the sniffed format is tried, and the size is known even if
# Image.open would raise or warn by its own limit.
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
        file: A file of that format.
        image_format: The format that `sniff` found.

    Raises:
        Exception: The header is damaged. The kind may be any, see `pillow_errors_translated`.
    """
    if image_format is ImageFormat.HEIC:
        from deployments.preprocess.formats.heif import HeifImageFile  # libheif takes 5 MB that few services need

        return HeifImageFile(file)
    return _OPENERS[image_format](file)
