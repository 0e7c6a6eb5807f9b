"""Reads documents for doors: at once, or as a job whose id the client asks again with."""

import base64
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from fastapi import Request

from deployments.document import Document
from models.errors import Conflict, MalformedRequest, RayocrError, SourceNotFound, TooLarge, error_of_code
from models.page import Polygon
from models.upright import stored_points, upright_size
from serve.api.requests.jobs import submitted
from serve.api.service import Service, client_of
from serve.documents.options import DocumentOptions
from serve.exports.pdf import DOCUMENT_NAME, RESULT_NAME
from serve.jobs.background.file_result import FileResult
from serve.jobs.background.retention import Retention
from serve.jobs.records import Job, JobState
from serve.jobs.runtime import JobsRuntime
from serve.jobs.submission import Submission
from serve.results import OcrPage, OcrResult

__all__ = [
    "Operation",
    "begin_operation",
    "checked_document",
    "decoded_document",
    "delete_operation",
    "find_operation",
    "stored_corners",
]


@dataclass(frozen=True, slots=True)
class Operation:
    """A document that is read as a job of its own.

    Args:
        job: The job.
        result: The result, if the document was read.
        file: The file that the job's format makes: a searchable PDF beside the result for `archive`.
        error: Why the document could not be read.
    """

    job: Job
    result: OcrResult | None = None
    file: bytes | None = None
    error: RayocrError | None = None


def decoded_document(text: str, name: str, max_bytes: int) -> Document:
    """Decode a document that stands in JSON.

    Args:
        text: The document in base64.
        name: Name of its field, for messages.
        max_bytes: The most bytes of a document.

    Raises:
        MalformedRequest: The text is not base64, or empty.
        TooLarge: The document has more bytes.
    """
    try:
        content = base64.b64decode(text, validate=True)
    except ValueError as exc:
        raise MalformedRequest(f"{name} is not base64: {exc}") from exc
    if not content:
        raise MalformedRequest(f"{name} is empty")
    return checked_document(content, max_bytes)


def checked_document(content: bytes, max_bytes: int) -> Document:
    """Make a document of its bytes.

    Args:
        content: The bytes.
        max_bytes: The most bytes of a document.

    Raises:
        TooLarge: The document has more bytes.
    """
    if len(content) > max_bytes:
        raise TooLarge(f"the document has {len(content):,} bytes, the limit is {max_bytes:,} (http.max_body_bytes)")
    return Document(content)


def stored_corners(page: OcrPage, polygons: Sequence[Polygon]) -> npt.NDArray[np.float64]:
    """Place polygons on the page as it is stored, for protocols that know no upright page.

    Args:
        page: The page.
        polygons: N polygons, in pixels of the upright page.

    Returns:
        (N, 4, 2), in pixels of the page as stored.
    """
    size = upright_size((page.width, page.height), page.rotation)
    upright = np.array(polygons, np.float64).reshape(-1, 4, 2)
    return stored_points(upright, size, page.rotation)  # type: ignore[arg-type, return-value]  # any float does


def _jobs(service: Service) -> JobsRuntime:
    if service.jobs is None:
        raise Conflict("this call needs jobs, which are off here: set jobs.enabled, or read the document at once")
    return service.jobs


async def begin_operation(
    service: Service,
    request: Request,
    source: Document | str,
    options: DocumentOptions,
    idempotency_key: str | None = None,
) -> Job:
    """Submit one document as a job.

    Args:
        service: The service of this replica.
        request: The client's request, whose body was read.
        source: The document, or its location.
        options: How it is read; the format is `json` or `archive`.
        idempotency_key: The client's own name for this request; None without one.

    Returns:
        The job, which is durable.

    Raises:
        Conflict: No jobs are taken here, or the key came with another request before.
        RayocrError: The submission refused it, as `POST /v1/jobs` would.
    """

    async def take(submission: Submission) -> None:
        submission.set_options(options.to_send())
        if isinstance(source, Document):
            await submission.add_file(source.name or "document", source.data)
        else:
            await submission.add_source(source)

    return await submitted(_jobs(service), request, idempotency_key, take, "storing the document")


async def find_operation(service: Service, request: Request, job_id: str) -> Operation:
    """Find the state of a document that was submitted, with its result if it has one.

    Args:
        service: The service of this replica.
        request: The client's request.
        job_id: Id of the job.

    Raises:
        SourceNotFound: There is no such job, it belongs to another client, or it is not one of a single document.
        Overloaded: The store does not answer.
    """
    jobs = _jobs(service)
    job = await jobs.in_store(jobs.store.views.job, job_id[:100], client_of(request))
    if job.total != 1:
        raise SourceNotFound(f"job {job.id} has several documents: ask /v1/jobs for it")
    if job.state is JobState.CANCELLED:
        raise SourceNotFound(f"job {job.id} was cancelled")
    if not job.state.is_ended:
        return Operation(job)
    outcomes = await jobs.in_store(jobs.store.views.outcomes, job.id, 0, 1)
    if not outcomes:
        raise SourceNotFound(f"job {job.id} does not exist any more")
    outcome = outcomes[0]
    if outcome.packed is None:
        return Operation(job, error=error_of_code(outcome.code or "", outcome.message or "it could not be read"))
    async with service.document_exports:
        result, file = await jobs.in_storage(_unpacked, outcome.result or b"")
    return Operation(job, result, file)


async def delete_operation(service: Service, request: Request, job_id: str) -> None:
    """Cancel a document that was submitted, and delete it with its result.

    Args:
        service: The service of this replica.
        request: The client's request.
        job_id: Id of the job.

    Raises:
        SourceNotFound: There is no such job, or it belongs to another client.
    """
    jobs, owner = _jobs(service), client_of(request)
    await jobs.freeing(jobs.store.endings.cancel, job_id[:100], owner)  # `find_operation` hides a cancelled job
    await Retention(jobs).clear_quietly()


def _unpacked(content: bytes) -> tuple[OcrResult, bytes | None]:
    if not FileResult.is_begun_by(content):
        return OcrResult.model_validate_json(content), None
    archive = zipfile.ZipFile(io.BytesIO(FileResult.model_validate_json(content).file))
    return OcrResult.model_validate_json(archive.read(RESULT_NAME)), archive.read(DOCUMENT_NAME)
