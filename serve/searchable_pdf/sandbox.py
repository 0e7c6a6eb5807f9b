"""Runs `worker` on a document that came from outside."""

import io
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from deployments.document import Document
from deployments.settings import PreprocessLimits
from models.errors import RayocrError, Undecodable
from serve.searchable_pdf.font import font_program
from serve.searchable_pdf.words import PageWords
from serve.searchable_pdf.worker import CANT_READ, REFUSED, WRONG_PASSWORD, Job

__all__ = ["with_text"]

# An interpreter with pikepdf takes 0.04 GB of address space; the rest is for documents of many objects, and for old
# text, which is parsed a page at a time.
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

# Waiting for a CPU on a busy machine is no fault of the document.
_WALL_FACTOR: Final = 6

_ADVICE = "ask for the result in another format, or send a repaired copy"


def with_text(
    document: Document,
    pages: Sequence[PageWords],
    password: str | None = None,
    picture_limits: PreprocessLimits | None = None,
) -> bytes:
    """Lay text into a PDF, or make one of a picture, in a process of its own.

    Args:
        document: It may be damaged or hostile.
        pages: Words of those that were read.
        password: That opens it, where it is encrypted.
        picture_limits: What a page of a picture may cost to decode; None where the document is a PDF.

    Returns:
        The PDF with its text, encrypted as it was.

    Raises:
        Undecodable: It is damaged beyond repair, its password is wrong, or it costs too much.
        RayocrError: The process failed for a reason that is not the document's.
    """
    data = document.data
    seconds = int(_BASE_CPU_S + _PAGE_CPU_S * len(pages) + _MEGABYTE_CPU_S * len(data) / 1e6)
    max_bytes = _BASE_BYTES + 3 * len(data)
    max_output_bytes = _BASE_OUTPUT_BYTES + 2 * len(data)
    if picture_limits is not None:
        pixels = sum(page.width * page.height for page in pages)
        # Also the pages that were not read, of which nothing is known here.
        seconds += _PICTURE_CPU_S + int(pixels / 1e6)
        max_bytes += _DECODER_BYTES + 2 * picture_limits.max_decode_bytes + 3 * pixels
        max_output_bytes += 3 * pixels
    job = Job(
        pages=tuple(pages),
        font_program=font_program(),
        password=password,
        picture_limits=picture_limits,
        name=document.name,
        max_bytes=max_bytes,
        max_output_bytes=max_output_bytes,
        max_cpu_s=seconds,
    )
    with _memory_file(data) as source, _memory_file(pickle.dumps(job)) as job_file, _memory_file() as output:
        descriptor = job_file.fileno()
        root = str(Path(__file__).resolve().parents[2])
        paths = [root, *(path for path in sys.path if path and Path(path).is_absolute())]
        worker = subprocess.Popen(
            # Neither modules of the working directory, nor site hooks, nor the credentials in this process's
            # environment are any business of the worker.
            [sys.executable, "-S", "-P", "-m", "serve.searchable_pdf.worker", str(descriptor)],
            env={"PYTHONPATH": os.pathsep.join(dict.fromkeys(paths)), "LC_ALL": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1"},
            stdin=source,
            stdout=output,
            stderr=subprocess.PIPE,
            pass_fds=(descriptor,),
        )
        try:
            _, complaint = worker.communicate(timeout=_WALL_FACTOR * seconds)
        except subprocess.TimeoutExpired:
            complaint = b""
        finally:
            if worker.poll() is None:
                worker.kill()
                worker.communicate()
        if worker.returncode:
            raise _error(worker.returncode, complaint.decode("utf-8", "replace"), job)
        output.seek(0)
        return output.read()


def _memory_file(content: bytes = b"") -> io.BufferedRandom:
    file = os.fdopen(os.memfd_create("searchable-pdf"), "w+b")
    file.write(content)
    file.flush()
    file.seek(0)
    return file


def _error(code: int, complaint: str, job: Job) -> RayocrError:
    last = (complaint.strip().splitlines() or [f"exit code {code}"])[-1][:300]
    if code == WRONG_PASSWORD:
        return Undecodable("the PDF is encrypted, and the password is missing or wrong; send its password")
    if code == CANT_READ:
        return Undecodable(f"the PDF is too damaged to add text to it ({last}); {_ADVICE}")
    if code == REFUSED:
        return Undecodable(f"the picture can't be put into a PDF: {last}")
    if code in (-signal.SIGXCPU, -signal.SIGKILL):
        limit = f"{job.max_cpu_s} s of CPU time"
    elif code == -signal.SIGXFSZ:
        limit = f"{job.max_output_bytes / 1e6:.0f} MB of output"
    elif "MemoryError" in complaint or "bad_alloc" in complaint or code < 0:
        limit = f"{job.max_bytes / 1e6:.0f} MB of memory"
    else:
        return RayocrError(f"making a searchable PDF failed: {last}")
    return Undecodable(f"making a searchable PDF would take more than {limit}; {_ADVICE}")
