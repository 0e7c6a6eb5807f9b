"""Reads HEIC and other HEIF pictures by libheif (ISO/IEC 23008-12)."""

from typing import Any

import _pi_heif
import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.ImageFile import ImageFile

__all__ = ["HeifImageFile"]

# Arguments of `load_file`. One thread decodes a page, as everywhere in this stage. Colors of more than 8 bits are
# reduced to 8, rows follow each other without gaps, and libheif's own limits are on.
_THREADS = 1
_TO_8_BITS = True
_AS_BGR = False
_WITHOUT_GAPS = True
_TO_16_BITS = False
_ANY_DECODER = ""
_WITHOUT_LIMITS = False


class HeifImageFile(ImageFile):
    """The pictures of one file: the primary one first, then the others in their order.

    libheif turns and mirrors each picture as the file asks. An EXIF orientation says the same once more, and does not
    count. libheif has limits of its own, and refuses a picture that is larger than the header says.
    """

    format = "HEIF"
    format_description = "HEIF picture"

    def _open(self) -> None:
        assert self.fp is not None
        # `pi_heif.HeifFile` would also read metadata, which nothing here needs. It crashes over damaged ones (1.4).
        pictures = _pi_heif.load_file(
            self.fp.read(),
            _THREADS,
            _TO_8_BITS,
            _AS_BGR,
            _WITHOUT_GAPS,
            _TO_16_BITS,
            _ANY_DECODER,
            _WITHOUT_LIMITS,
        )
        pictures = [picture for picture in pictures if picture is not None]
        if not pictures:
            raise SyntaxError("no picture in it")
        self._pictures: list[Any] = sorted(pictures, key=lambda picture: not picture.primary)
        self.n_frames = len(self._pictures)
        self._choose(0)

    def seek(self, frame: int) -> None:
        """Choose a picture.

        Args:
            frame: The picture's number, counted from 0.
        """
        if not 0 <= frame < self.n_frames:
            raise EOFError("no such picture")
        self._choose(frame)

    @property
    def bit_depth(self) -> int:
        """Bits of each channel as stored."""
        return int(self._pictures[self._frame].bit_depth)

    def decoded(self) -> npt.NDArray[np.uint8] | Image.Image:
        """Decode the chosen picture.

        Returns:
            RGB as (height, width, 3) uint8, C-contiguous, read only. Any other mode as a picture, which must not be
            used after this object is gone.
        """
        picture = self._pictures[self._frame]
        data = picture.data
        # The size is known only now, since the picture may have been turned.
        (width, height), mode = picture.size_mode
        if mode == "RGB" and picture.stride == 3 * width:
            return _held(np.frombuffer(data, np.uint8).reshape(height, width, 3), picture)
        return Image.frombuffer(mode, (width, height), data, "raw", mode, picture.stride, 1)

    def _choose(self, frame: int) -> None:
        self._frame = frame
        self._size, self._mode = self._pictures[frame].size_mode
        self.tile = []


class _Holder:
    """The base of a view of foreign memory: it keeps the memory's owner alive as long as the view."""

    def __init__(self, view: npt.NDArray[np.uint8], owner: object) -> None:
        self.__array_interface__ = view.__array_interface__
        self.owner = owner


def _held(view: npt.NDArray[np.uint8], owner: object) -> npt.NDArray[np.uint8]:
    # libheif gives a buffer that does not keep its memory alive.
    return np.asarray(_Holder(view, owner))
