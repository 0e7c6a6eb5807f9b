"""/v1/jobs/{id}/archive gives all results of a job as one ZIP file, which is written while it is sent."""

import io
import json
import zipfile
from collections.abc import AsyncGenerator, Iterable
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, Field

from models.errors import Conflict
from serve.api.answers.files import file_headers
from serve.api.keys import presented_key
from serve.api.routes.jobs import JobHere, JobsHere, Owner, Root, job_problems, outcomes_to_send
from serve.api.service import Opened, Service, service_of
from serve.api.tickets import make_ticket
from serve.jobs.background.file_result import FileResult
from serve.jobs.names import safe_name
from serve.jobs.records import Job, JobState, PageOutcome
from serve.jobs.runtime import JobsRuntime

__all__ = ["router"]

router = APIRouter(tags=["jobs"])

_ERRORS_NAME = "errors.jsonl"


class ArchiveLink(BaseModel):
    """Where the archive is."""

    url: str = Field(
        description="Path of the archive, which needs no key for a minute.",
        examples=["/v1/jobs/5d2f6a0e8c1b4f7d9a3e6c5b2f1d0e9a/archive"],
    )


@router.post("/v1/jobs/{job_id}/archive", summary="Ask for a link to a job's archive", responses=job_problems(404, 503))
async def archive_link(request: Request, job: JobHere, owner: Owner, root: Root) -> ArchiveLink:
    """Make a link with which a browser saves the archive as a file, for which it can't send an API key."""
    path = f"/v1/jobs/{job.id}/archive"
    if not owner:
        return ArchiveLink(url=f"{root}{path}")
    ticket = make_ticket(presented_key(request.headers), owner, path)
    return ArchiveLink(url=f"{root}{path}?{urlencode({'ticket': ticket})}")


@router.get(
    "/v1/jobs/{job_id}/archive",
    summary="Fetch all results of a job as a ZIP file",
    response_class=Response,
    responses={
        **job_problems(404, 409, 503),
        200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}},
    },
)
async def archive(
    service: Annotated[Service, Depends(service_of)],
    _open: Opened,
    jobs: JobsHere,
    job: JobHere,
    _ticket: Annotated[str | None, Query(alias="ticket", description="A link of POST brings it along.")] = None,
) -> Response:
    """Fetch a file for each page of a job that has ended: JSON, or the format that its options name.

    Names begin with the page's number. Pages that could not be read stand in `errors.jsonl`.
    """
    if job.state is JobState.CANCELLED:
        raise Conflict(f"job {job.id} was cancelled: its results are deleted")
    if not job.state.is_ended:
        raise Conflict(f"job {job.id} is {job.state}: wait for its end")
    parts = service.listening(_archive(jobs, job), job.owner)
    return StreamingResponse(parts, headers=file_headers(f"rayocr-{job.id}", "application/zip", ".zip"))


class _Written(io.RawIOBase):
    """A file that can only be written to, whose content is taken out bit by bit."""

    def __init__(self) -> None:
        self._content = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: "bytes | bytearray | memoryview") -> int:  # type: ignore[override]  # as zipfile calls it
        self._content += data
        return len(data)

    def take(self) -> bytes:
        content = bytes(self._content)
        self._content.clear()
        return content


async def _archive(jobs: JobsRuntime, job: Job) -> AsyncGenerator[bytes]:
    """Write the archive, with few results in memory at a time. If the job is deleted meanwhile, it breaks off."""
    written = _Written()
    ended = (job.ended or datetime.now(UTC)).timetuple()[:6]
    errors: list[str] = []
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as packed:

        def add(name: str, pieces: Iterable[bytes]) -> bytes:
            info = zipfile.ZipInfo(name, ended)
            info.compress_type = zipfile.ZIP_DEFLATED
            with packed.open(info, "w", force_zip64=True) as file:
                for piece in pieces:
                    file.write(piece)
            return written.take()

        def add_result(outcome: PageOutcome) -> bytes:
            return add(*_member(outcome))

        async for outcome in outcomes_to_send(jobs, job, 0, job.total):
            if outcome.packed is None:
                error = {"code": outcome.code, "message": outcome.message}
                line = {"page": outcome.number, "name": outcome.name, "error": error}
                errors.append(json.dumps(line, ensure_ascii=False) + "\n")
            else:
                yield await jobs.in_storage(add_result, outcome)
        if errors:
            yield await jobs.in_storage(add, _ERRORS_NAME, [line.encode() for line in errors])
    yield written.take()


def _member(outcome: PageOutcome) -> tuple[str, Iterable[bytes]]:
    """Name a result in the archive, and give its content in pieces."""
    name = f"{outcome.number:05}-{safe_name(outcome.name)}"
    if not FileResult.is_begun_by(next(outcome.pieces(), b"")):
        return f"{name}.json", outcome.pieces()
    file = FileResult.model_validate_json(outcome.result or b"")
    return name + file.extension, [file.file]
