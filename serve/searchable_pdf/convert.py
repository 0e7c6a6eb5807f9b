"""Lays text into a document that came from outside, in a child process.

A PDF, and a picture that must be decoded, has a process of its own. Pictures that are copied as they are share some:
what they take is a tenth of what it takes to start one.
"""

import atexit
import contextlib
import pickle
from collections.abc import Sequence
from typing import Final

from deployments.document import Document
from deployments.memory_files import mapped_result
from deployments.sandbox.bounds import CallLimits
from deployments.sandbox.process import SandboxPool, SandboxProcess
from deployments.sandbox.task import Refused
from deployments.settings import PreprocessLimits
from models.errors import RayocrError, Undecodable
from serve.searchable_pdf.font import font_program
from serve.searchable_pdf.words import PageWords

__all__ = ["copied_with_text", "with_text"]

# pikepdf takes 0.04 GB of address space; the rest is for documents of many objects, and for old text, which is parsed a
# page at a time.
_BASE_BYTES: Final = 450_000_000

# Written anew, a document grows a little: by its text, and by a table of objects that may have been compressed.
_BASE_OUTPUT_BYTES: Final = 50_000_000

# Measured: 0.15 s to start, 5 to 30 ms a page.
_BASE_CPU_S: Final = 5
_PAGE_CPU_S: Final = 0.2
_MEGABYTE_CPU_S: Final = 0.1

# Of pictures that are decoded and compressed anew: OpenCV and numpy take much address space, and little memory.
_DECODER_BYTES: Final = 1_500_000_000
_PICTURE_CPU_S: Final = 60

# Waiting for a CPU on a busy machine is not the document's fault.
_WALL_FACTOR: Final = 6

_copying = SandboxPool("serve.searchable_pdf.writing:PictureCopying")
atexit.register(_copying.close)

_ADVICE = "ask for the result in another format, or send a repaired copy"


def with_text(
    document: Document,
    pages: Sequence[PageWords],
    password: str | None = None,
    picture_limits: PreprocessLimits | None = None,
) -> bytes:
    """Lay text into a PDF, or make one of a picture, in a process of its own.

    Args:
        document: The document, which may be damaged or hostile.
        pages: The words of the pages that were read.
        password: The password that opens the document, if it is encrypted.
        picture_limits: The most that a page of a picture may cost to decode; None if the document is a PDF.

    Returns:
        The PDF with its text, encrypted as it was.

    Raises:
        Undecodable: It is damaged beyond repair, its password is wrong, or it costs too much.
        RayocrError: The process failed for a reason that is not the document's.
    """
    task = "PdfWriting" if picture_limits is None else "PictureWriting"
    with contextlib.closing(SandboxProcess(f"serve.searchable_pdf.writing:{task}")) as process:
        pdf = _written(process, document, pages, password, picture_limits)
    if pdf is None:
        raise RayocrError("the process that makes searchable PDFs sent none")
    return pdf


def copied_with_text(document: Document, pages: Sequence[PageWords]) -> bytes | None:
    """Make a PDF of a picture's own bytes, and lay text into it, in another process.

    Args:
        document: The picture, which may be damaged or hostile.
        pages: The words of the pages that were read.

    Returns:
        The PDF with its text; None if the picture must be decoded.

    Raises:
        Undecodable: It costs too much.
        RayocrError: The process failed for a reason that is not the picture's.
    """
    return _written(_copying, document, pages)


def _written(
    process: SandboxProcess | SandboxPool,
    document: Document,
    pages: Sequence[PageWords],
    password: str | None = None,
    picture_limits: PreprocessLimits | None = None,
) -> bytes | None:
    data = document.data
    seconds = int(_BASE_CPU_S + _PAGE_CPU_S * len(pages) + _MEGABYTE_CPU_S * len(data) / 1e6)
    # The sandbox itself allows for the file that it is handed.
    max_bytes = _BASE_BYTES + 2 * len(data)
    max_output_bytes = _BASE_OUTPUT_BYTES + 2 * len(data)
    if picture_limits is not None:
        pixels = sum(page.width * page.height for page in pages)
        # Also the pages that were not read, of which nothing is known here.
        seconds += _PICTURE_CPU_S + int(pixels / 1e6)
        max_bytes += _DECODER_BYTES + 2 * picture_limits.max_decode_bytes + 3 * pixels
        max_output_bytes += 3 * pixels
    limits = CallLimits(seconds, _WALL_FACTOR * seconds, max_bytes, max_output_bytes)
    decoding = picture_limits and picture_limits.model_dump()
    request = {"password": password, "name": document.name, "picture_limits": decoding}
    words = pickle.dumps((tuple(pages), font_program()))
    try:
        _, pdf = process.call(request, limits, data, words)
    except Refused as refused:
        if refused.reason == "not_copied":
            return None
        raise _error(refused, limits, len(data)) from refused
    if pdf is None:
        return None
    with mapped_result(pdf) as content:
        return content[:]


def _error(refused: Refused, limits: CallLimits, document_bytes: int) -> RayocrError:
    detail = refused.detail.strip()
    first, last = detail.partition("\n")[0][:300], detail.rpartition("\n")[2][:300]
    match refused.reason:
        case "wrong_password":
            return Undecodable("the PDF is encrypted, and the password is missing or wrong; send its password")
        case "damaged":
            return Undecodable(f"the PDF is too damaged to add text to it ({first}); {_ADVICE}")
        case "picture":
            return Undecodable(f"the picture can't be put into a PDF: {last}")
        case "cpu" | "wall":
            limit = f"{limits.cpu_s} s of CPU time"
        case "file":
            limit = f"{limits.max_file_bytes / 1e6:.0f} MB of output"
        case "internal" if not ("MemoryError" in detail or "bad_alloc" in detail):
            return RayocrError(f"making a searchable PDF failed: {last}")
        case _:  # a crash is most likely one for lack of memory
            limit = f"{(limits.max_bytes + document_bytes) / 1e6:.0f} MB of memory"
    return Undecodable(f"making a searchable PDF would take more than {limit}; {_ADVICE}")
