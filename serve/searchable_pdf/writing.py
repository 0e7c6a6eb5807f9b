"""Making one searchable PDF, as the task of a child process.

A document may be built to fill the memory or to keep a core busy, and qpdf can't be stopped from inside: here the
kernel does it, and no other request notices.
"""

import contextlib
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from deployments.sandbox.files import result_file
from deployments.sandbox.messages import Message
from deployments.sandbox.task import Refused, Task
from models.errors import RayocrError
from serve.searchable_pdf.words import PageWords

if TYPE_CHECKING:
    from pikepdf import Pdf

    from deployments.settings import PreprocessLimits

__all__ = ["Job", "PdfWriting"]

# Of one stream that must be decoded: tables of objects, and page contents where old text is looked for. Pictures are
# never decoded. A table of four million objects has as much.
_MAX_STREAM_BYTES = 20_000_000

# How qpdf tells that it ran into such a limit, or out of memory; it goes on without the object.
_LIMITS_MET = ("bad_alloc", "memory limit")


class Job(NamedTuple):
    """What to write.

    Args:
        pages: As `writer.lay_text` takes them.
        font_program: As `font_program` makes it.
        password: Of the document; None if none was given.
        picture_limits: What a page may cost to decode, if the document is a picture; None for a PDF.
        name: What the user calls the document; None if unknown.
    """

    pages: tuple[PageWords, ...]
    font_program: bytes
    password: str | None
    picture_limits: "PreprocessLimits | None"
    name: str | None


class PdfWriting(Task):
    """Lays text into a PDF, or makes one of a picture."""

    # qpdf works with the interpreter locked, so that no thread could look. It tells of allocations that failed.
    is_watched: ClassVar[bool] = False

    def answer(self, request: Message, files: Sequence[int]) -> tuple[Message, int | None]:
        """Do one job.

        Args:
            request: Nothing.
            files: The document, and the pickled job, which comes from the parent.

        Returns:
            Nothing, and the PDF.

        Raises:
            Refused: `wrong_password`; `damaged` beyond repair; `picture` that can't be decoded again.
            MemoryError: It does not fit the limit.
        """
        # Only now: what is imported here and below is held to the limits.
        import pikepdf

        with open(files[1], "rb", closefd=False) as stream:
            job: Job = pickle.load(stream)
        pikepdf.settings.set_qpdf_limits(
            flate_max_memory=_MAX_STREAM_BYTES,
            run_length_max_memory=_MAX_STREAM_BYTES,
            png_max_memory=_MAX_STREAM_BYTES,
            tiff_max_memory=_MAX_STREAM_BYTES,
            dct_max_memory=1,
        )
        path = f"/proc/self/fd/{files[0]}"
        try:
            with result_file() as result:
                _write(job, path, result)
        except pikepdf.PasswordError as exc:
            raise Refused("wrong_password") from exc
        except RayocrError as exc:
            raise Refused("picture", str(exc)) from exc
        except (pikepdf.PikepdfError, IndexError) as exc:
            raise Refused("damaged", str(exc).removeprefix(f"{path}: ") or type(exc).__name__) from exc
        return {}, result


def _write(job: Job, path: str, result: int) -> None:
    from serve.searchable_pdf.writer import lay_text, save

    with _opened(job, path) as pdf, open(result, "wb", closefd=False) as output:
        warnings = lay_text(pdf, job.pages, job.font_program)
        save(pdf, output)
        warnings += map(str, pdf.get_warnings())
    if any(limit in warning for warning in warnings for limit in _LIMITS_MET):
        raise MemoryError


def _opened(job: Job, path: str) -> "Pdf":
    """Open the document. Of a PDF, bytes are read when they are needed: it is not held a second time."""
    if job.picture_limits is not None:
        return _picture(job.name, path, job.pages, job.picture_limits)
    import pikepdf

    password = job.password or ""
    # Old PDFs encode a password as PDFDocEncoding, which is near Latin-1; newer ones as UTF-8.
    candidates: list[str | bytes] = [password]
    with contextlib.suppress(UnicodeEncodeError):
        candidates.append(password.encode("latin-1"))
    for candidate in candidates[:-1]:
        with contextlib.suppress(pikepdf.PasswordError):
            return pikepdf.open(path, password=candidate)
    return pikepdf.open(path, password=candidates[-1])


def _picture(name: str | None, path: str, pages: tuple[PageWords, ...], limits: "PreprocessLimits") -> "Pdf":
    from PIL import Image

    from deployments.document import Document
    from serve.searchable_pdf.pictures import pdf_of_picture

    # Its own limit warns or refuses, also if nothing is decoded; ours hold here.
    Image.MAX_IMAGE_PIXELS = None
    return pdf_of_picture(Document(Path(path).read_bytes(), name), pages, limits)
