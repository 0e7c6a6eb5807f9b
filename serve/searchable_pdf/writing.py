"""Making a searchable PDF, as the tasks of a child process.

A document may be built to fill the memory or to keep a core busy, and qpdf can't be stopped from inside: here the
kernel does it, and no other request notices. What a task needs is imported when it is made, since the wall around the
process stands from then on.
"""

import contextlib
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from deployments.memory_files import path_of, result_file
from deployments.sandbox.messages import Message
from deployments.sandbox.task import Refused, Task
from models.errors import RayocrError
from serve.searchable_pdf.words import PageWords

if TYPE_CHECKING:
    from pikepdf import Pdf

__all__ = ["PdfWriting", "PictureCopying", "PictureWriting"]

# The most bytes of one stream that must be decoded: tables of objects, and page contents that may hold old text.
# Pictures are never decoded. A table of four million objects has as many.
_MAX_STREAM_BYTES = 20_000_000

# qpdf warns so if it meets such a limit or runs out of memory, and goes on without the object.
_LIMITS_MET = ("bad_alloc", "memory limit")


class PdfWriting(Task):
    """Lays text into a PDF."""

    # qpdf works with the interpreter locked, so that no thread could look. It tells of allocations that failed.
    is_watched: ClassVar[bool] = False

    def __init__(self) -> None:
        import pikepdf

        import serve.searchable_pdf.writer  # noqa: F401

        pikepdf.settings.set_qpdf_limits(
            flate_max_memory=_MAX_STREAM_BYTES,
            run_length_max_memory=_MAX_STREAM_BYTES,
            png_max_memory=_MAX_STREAM_BYTES,
            tiff_max_memory=_MAX_STREAM_BYTES,
            dct_max_memory=1,
        )

    def answer(self, request: Message, files: Sequence[int]) -> tuple[Message, int | None]:
        """Write one PDF.

        Args:
            request: `password`; `picture_limits`, which are None for a PDF; and `name`, the picture's, or None.
            files: The document; and pickled by the parent, the pages and the font, as `lay_text` takes them.

        Returns:
            An empty message, and the PDF.

        Raises:
            Refused: `wrong_password`; `damaged` beyond repair; `picture` that can't be decoded again, or `not_copied`.
            MemoryError: It does not fit the limit.
        """
        import pikepdf

        from serve.searchable_pdf.writer import lay_text, save

        with open(files[1], "rb", closefd=False) as stream:
            pages, font_program = pickle.load(stream)
        path = path_of(files[0])
        try:
            with (
                result_file() as result,
                open(result, "wb", closefd=False) as output,
                self._opened(request, path, pages) as pdf,
            ):
                warnings = lay_text(pdf, pages, font_program)
                save(pdf, output)
                warnings += map(str, pdf.get_warnings())
                if any(limit in warning for warning in warnings for limit in _LIMITS_MET):
                    raise MemoryError
        except pikepdf.PasswordError as exc:
            raise Refused("wrong_password") from exc
        except RayocrError as exc:
            raise Refused("picture", str(exc)) from exc
        except (pikepdf.PikepdfError, IndexError) as exc:
            raise Refused("damaged", str(exc).removeprefix(f"{path}: ") or type(exc).__name__) from exc
        return {}, result

    def _opened(self, request: Message, path: str, pages: tuple[PageWords, ...]) -> "Pdf":
        """Open the document. Its bytes are read when they are needed: it is not held a second time."""
        import pikepdf

        password = request["password"] or ""
        # Old PDFs encode a password as PDFDocEncoding, which is near Latin-1; newer ones as UTF-8.
        candidates: list[str | bytes] = [password]
        with contextlib.suppress(UnicodeEncodeError):
            candidates.append(password.encode("latin-1"))
        for candidate in candidates[:-1]:
            with contextlib.suppress(pikepdf.PasswordError):
                return pikepdf.open(path, password=candidate)
        return pikepdf.open(path, password=candidates[-1])


class PictureCopying(PdfWriting):
    """Makes a PDF of a picture that need not be decoded, and lays text into it."""

    def __init__(self) -> None:
        super().__init__()
        from PIL import Image

        import serve.searchable_pdf.pictures  # noqa: F401

        # Its own limit warns or refuses, also if nothing is decoded; ours hold here.
        Image.MAX_IMAGE_PIXELS = None

    def _opened(self, request: Message, path: str, pages: tuple[PageWords, ...]) -> "Pdf":
        from serve.searchable_pdf.pictures import is_copied, pdf_of_copy

        data = Path(path).read_bytes()
        pdf = pdf_of_copy(data, pages) if is_copied(data) else None
        if pdf is None or len(pdf.pages) != len(pages):
            raise Refused("not_copied")
        return pdf


class PictureWriting(PictureCopying):
    """Makes a PDF of any picture, and lays text into it."""

    def __init__(self) -> None:
        super().__init__()
        import cv2

        import deployments.preprocess.decode
        import deployments.preprocess.formats.heif  # noqa: F401

        cv2.setNumThreads(1)

    def _opened(self, request: Message, path: str, pages: tuple[PageWords, ...]) -> "Pdf":
        from deployments.document import Document
        from deployments.settings import PreprocessLimits
        from serve.searchable_pdf.pictures import pdf_of_picture

        document = Document(Path(path).read_bytes(), request["name"])
        return pdf_of_picture(document, pages, PreprocessLimits(**request["picture_limits"]))
