"""Reading pictures, as the task of a child process."""

import os
from collections.abc import Sequence
from typing import ClassVar

import cv2

import deployments.preprocess.formats.heif  # noqa: F401 - loaded before the wall stands
from deployments.document import Document
from deployments.memory_files import result_file
from deployments.preprocess.formats.signatures import ImageFormat
from deployments.preprocess.picture.reading import picture_page_count, read_picture
from deployments.sandbox.messages import Message
from deployments.sandbox.task import Refused, Task
from deployments.settings import PreprocessLimits
from models.errors import RayocrError

__all__ = ["PictureReading"]


class PictureReading(Task):
    """Counts the pages of a picture, or decodes one of them."""

    # Pillow keeps the interpreter locked while some formats are decoded, so that no thread could look.
    is_watched: ClassVar[bool] = False

    def __init__(self) -> None:
        cv2.setNumThreads(1)

    def answer(self, request: Message, files: Sequence[int]) -> tuple[Message, int | None]:
        """Answer `page_count`, or `page`.

        Args:
            request: `call`, `name` and `format` of the picture, `decode_limits`, and the `number` of a page.
            files: The picture.

        Returns:
            `page_count`; and of a page `shape`, `is_new` and `warnings`, with a file of its pixels if it is new.

        Raises:
            Refused: The code and message of the `RayocrError` that reading it raised.
            MemoryError: It does not fit the limit.
        """
        with open(files[0], "rb", closefd=False) as stream:
            document = Document(stream.read(), request["name"])
        image_format, limits = ImageFormat(request["format"]), PreprocessLimits(**request["decode_limits"])
        try:
            if request["call"] == "page_count":
                return {"page_count": picture_page_count(document, image_format, limits)}, None
            page = read_picture(document, image_format, request["number"], limits)
        except RayocrError as exc:
            raise Refused(exc.code, exc.message) from exc
        answer: Message = {
            "page_count": page.page_count,
            "shape": page.pixels.shape,
            "is_new": page.is_new,
            "warnings": [(warning.code, warning.message) for warning in page.warnings],
        }
        if not page.is_new:
            return answer, None
        with result_file() as result:
            view = page.pixels.data.cast("B")
            while view:
                view = view[os.write(result, view) :]
        return answer, result
