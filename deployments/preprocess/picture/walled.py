"""Reads pictures of rare and risky formats in another process, behind a wall, from the parent's side."""

import atexit
import math
from itertools import starmap
from typing import Any, Final

import numpy as np

from deployments.document import Document
from deployments.memory_files import mapped_result
from deployments.preprocess.formats.signatures import ImageFormat
from deployments.preprocess.picture.loading import LoadedPixels
from deployments.sandbox.bounds import SHARE_OF_STEP, CallLimits
from deployments.sandbox.process import SandboxProcess
from deployments.sandbox.task import Refused
from deployments.settings import PreprocessLimits
from models.errors import RayocrError, SourceNotFound, TooLarge, Undecodable, UnsupportedType
from models.page import PageWarning

__all__ = ["WALLED", "WalledPictures"]

WALLED: Final = frozenset({ImageFormat.AVIF, ImageFormat.HEIC, ImageFormat.JPEG_2000, ImageFormat.TIFF})
"""Formats whose decoders are large, and rarely used. docs/decisions/0044 has the costs."""

# The header bounds the memory of decoding. This bound is for a decoder that was taken over, and never met before that
# one: then the message would be one about damage.
_HEADROOM_BYTES: Final = 800_000_000

# JPEG 2000, the slowest, takes 0.3 us a pixel, and may have 34 million by the default limits.
_MOST_S: Final = 120.0

_ERRORS: Final = {kind.code: kind for kind in (SourceNotFound, TooLarge, UnsupportedType, Undecodable)}

# All decoders of this process share one child, since limits come with each call.
_process = SandboxProcess("deployments.preprocess.picture.task:PictureReading")
atexit.register(_process.close)


class WalledPictures:
    """Reads pictures in the child process. Threads may share one.

    Args:
        limits: The most that one page may cost.
        max_work_s: The longest time of a step of work, as `WorkThreads` has it.
    """

    def __init__(self, limits: PreprocessLimits, max_work_s: float = math.inf) -> None:
        self._limits = limits
        self._most_s = min(_MOST_S, SHARE_OF_STEP * max_work_s)

    def page_count(self, document: Document, image_format: ImageFormat) -> int:
        """Count the pages of a picture, as `picture_page_count` does.

        Args:
            document: The picture.
            image_format: Its format.

        Raises:
            RayocrError: It can't be read.
        """
        answer, _ = self._call(document, image_format, {"call": "page_count"})
        return int(answer["page_count"])

    def page(self, document: Document, image_format: ImageFormat, number: int) -> LoadedPixels:
        """Decode one page, as `read_picture` does.

        Args:
            document: The picture.
            image_format: Its format.
            number: The page's number, counted from 1.

        Raises:
            RayocrError: The page can't be read.
        """
        answer, file = self._call(document, image_format, {"call": "page", "number": number})
        height, width, _ = answer["shape"]
        if file is None:
            pixels = np.broadcast_to(np.uint8(0), (height, width, 3))
        else:
            pixels = np.frombuffer(mapped_result(file), np.uint8).reshape(height, width, 3)
        warnings = tuple(starmap(PageWarning, answer["warnings"]))
        return LoadedPixels(pixels, bool(answer["is_new"]), warnings, int(answer["page_count"]))

    def _call(
        self, document: Document, image_format: ImageFormat, request: dict[str, Any]
    ) -> tuple[dict[str, Any], int | None]:
        most = self._limits
        request |= {"name": document.name, "format": image_format, "decode_limits": most.model_dump()}
        memory = most.max_decode_bytes + 2 * len(document.data) + _HEADROOM_BYTES
        limits = CallLimits(self._most_s, self._most_s, memory, 3 * most.max_pixels)
        try:
            return _process.call_again_after_crash(request, limits, document.data)
        except Refused as refused:
            raise self._error(refused, image_format) from refused

    def _error(self, refused: Refused, image_format: ImageFormat) -> RayocrError:
        if refused.reason in _ERRORS:
            return _ERRORS[refused.reason](refused.detail)
        match refused.reason:
            case "cpu" | "wall":
                return TooLarge(
                    f"decoding the {image_format} picture takes more than {self._most_s:g} s; send a smaller one, or "
                    "send it as PNG"
                )
            case "memory" | "file":
                return TooLarge(
                    f"decoding the {image_format} picture takes more memory than its header tells; send it as PNG"
                )
            case "crash" | "idle":
                return Undecodable(
                    f"the {image_format} picture ended the process that decodes it: it is damaged, or the decoder is; "
                    "send an undamaged copy"
                )
        return RayocrError(f"decoding the {image_format} picture failed: {refused.detail}")
