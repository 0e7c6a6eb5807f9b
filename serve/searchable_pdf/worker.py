"""One document in a process of its own: `python -m serve.searchable_pdf.worker JOB_FD`.

The document comes on standard input, the finished one goes to standard output, both of them files in memory; the job
is pickled in JOB_FD. A document may be built to fill the memory or to keep a core busy, and qpdf can't be stopped from
inside: here the kernel does it, and no other request notices. A failure is one line on standard error.
"""

import contextlib
import pickle
import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from models.errors import RayocrError
from serve.searchable_pdf.words import PageWords

if TYPE_CHECKING:
    from pikepdf import Pdf

    from deployments.settings import PreprocessLimits

__all__ = ["CANT_READ", "REFUSED", "WRONG_PASSWORD", "Job"]

CANT_READ: Final = 3
WRONG_PASSWORD: Final = 4
REFUSED: Final = 5
"""Exit codes: a PDF is damaged beyond repair, its password is missing or wrong, a picture can't be decoded again."""

_DOCUMENT = "/proc/self/fd/0"

# Of one stream that must be decoded: tables of objects, and page contents where old text is looked for. Pictures are
# never decoded. A table of four million objects has as much.
_MAX_STREAM_BYTES = 20_000_000

# How qpdf tells that it ran into such a limit, or out of memory; it goes on without the object.
_LIMITS_MET = ("bad_alloc", "memory limit")


class Job(NamedTuple):
    """What to do, and what it may cost.

    Args:
        pages: As `writer.lay_text` takes them.
        font_program: As `font_program` makes it.
        password: Of the document; None if none was given.
        picture_limits: What a page may cost to decode, where the document is a picture; None for a PDF.
        name: What the user calls the document; None if unknown.
        max_bytes: Of memory, address space.
        max_output_bytes: Of the finished document.
        max_cpu_s: Of CPU time.
    """

    pages: tuple[PageWords, ...]
    font_program: bytes
    password: str | None
    picture_limits: "PreprocessLimits | None"
    name: str | None
    max_bytes: int
    max_output_bytes: int
    max_cpu_s: int


def _main(job_file: int) -> int:
    """Do the job.

    Args:
        job_file: Descriptor of an open file.

    Returns:
        The exit code.
    """
    with open(job_file, "rb") as stream:
        job: Job = pickle.load(stream)  # from the process that started this one
    for kind, limit in (
        (resource.RLIMIT_AS, job.max_bytes),
        (resource.RLIMIT_FSIZE, job.max_output_bytes),
        (resource.RLIMIT_CPU, job.max_cpu_s),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (limit, limit))
    # Only now: what follows is held to the limits.
    import pikepdf

    pikepdf.settings.set_qpdf_limits(
        flate_max_memory=_MAX_STREAM_BYTES,
        run_length_max_memory=_MAX_STREAM_BYTES,
        png_max_memory=_MAX_STREAM_BYTES,
        tiff_max_memory=_MAX_STREAM_BYTES,
        dct_max_memory=1,
    )
    try:
        _write(job)
    except pikepdf.PasswordError:
        return WRONG_PASSWORD
    except RayocrError as exc:
        print(exc, file=sys.stderr)
        return REFUSED
    except (pikepdf.PikepdfError, IndexError) as exc:
        print(str(exc).removeprefix(f"{_DOCUMENT}: ").partition("\n")[0] or type(exc).__name__, file=sys.stderr)
        return CANT_READ
    return 0


def _write(job: Job) -> None:
    from serve.searchable_pdf.writer import lay_text, save

    with _opened(job) as pdf, open(1, "wb", closefd=False) as output:
        warnings = lay_text(pdf, job.pages, job.font_program)
        save(pdf, output)
        warnings += map(str, pdf.get_warnings())
    if any(limit in warning for warning in warnings for limit in _LIMITS_MET):
        raise MemoryError


def _opened(job: Job) -> "Pdf":
    """Open what is on standard input. Of a PDF, bytes are read where they are needed: it is not held a second time."""
    if job.picture_limits is not None:
        return _picture(job.name, job.pages, job.picture_limits)
    import pikepdf

    password = job.password or ""
    # Old PDFs encode a password as PDFDocEncoding, which is near Latin-1; newer ones as UTF-8.
    candidates: list[str | bytes] = [password]
    with contextlib.suppress(UnicodeEncodeError):
        candidates.append(password.encode("latin-1"))
    for candidate in candidates[:-1]:
        with contextlib.suppress(pikepdf.PasswordError):
            return pikepdf.open(_DOCUMENT, password=candidate)
    return pikepdf.open(_DOCUMENT, password=candidates[-1])


def _picture(name: str | None, pages: tuple[PageWords, ...], limits: "PreprocessLimits") -> "Pdf":
    from PIL import Image

    from deployments.document import Document
    from serve.searchable_pdf.pictures import pdf_of_picture

    # Its own limit warns or refuses, also where nothing is decoded; ours hold here.
    Image.MAX_IMAGE_PIXELS = None
    return pdf_of_picture(Document(Path(_DOCUMENT).read_bytes(), name), pages, limits)


if __name__ == "__main__":
    sys.exit(_main(int(sys.argv[1])))
