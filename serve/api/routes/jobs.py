"""/v1/jobs takes many documents at once, and shows the state and the results of jobs."""

from collections.abc import AsyncGenerator, Iterator, Mapping
from typing import Annotated, Any, Final, cast

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from fastapi.responses import Response, StreamingResponse
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.background import BackgroundTask

from models.errors import Conflict, MalformedRequest, SourceNotFound
from serve.api.answers.files import file_headers
from serve.api.job_models import EVENTS_CONTENT, JOB_BODY, LINE_EXAMPLE, JobList, JobResult, PageEvent, outcome_line
from serve.api.problems import JOB_PROBLEM_RESPONSES
from serve.api.requests.jobs import read_submission, submitted
from serve.api.requests.options import LARGEST_PAGE
from serve.api.service import Opened, Service, client_of, service_of
from serve.jobs.background.file_result import FileResult
from serve.jobs.background.retention import Retention
from serve.jobs.events import end_event_id, job_events
from serve.jobs.records import Job, JobState, PageOutcome
from serve.jobs.runtime import JobsRuntime
from serve.jobs.submission import Submission

__all__ = ["JobHere", "JobsHere", "Owner", "Root", "job_problems", "outcomes_to_send", "router"]

router = APIRouter(tags=["jobs"])

# Results that are held at a time while they are sent.
_RESULTS = 20
_MOST_RESULTS = 10_000
_MOST_JOBS = 500
_LONGEST_EVENT_ID = 18
# For OpenAPI. What does not fit is refused with a sentence that tells where it comes from.
_CURSOR: Final[dict[str, Any]] = {"pattern": "^[0-9]{1,18}$"}
_EVENT_ID: Final[dict[str, Any]] = {"pattern": f"^[0-9]{{0,{_LONGEST_EVENT_ID}}}$"}


def _jobs_of(service: Annotated[Service, Depends(service_of)]) -> JobsRuntime:
    return cast("JobsRuntime", service.jobs)  # without jobs, these routes do not exist


def _root_of(request: Request) -> str:
    return cast("str", request.scope.get("root_path", ""))


JobsHere = Annotated[JobsRuntime, Depends(_jobs_of)]
Owner = Annotated[str, Depends(client_of)]
Root = Annotated[str, Depends(_root_of)]
JobId = Annotated[str, Path(description="Id of the job.", max_length=100)]


def job_problems(*statuses: int) -> dict[int | str, dict[str, object]]:
    """Describe the errors of a route of jobs, for OpenAPI."""
    kept: tuple[int | str, ...] = (*statuses, "default")
    return {status: JOB_PROBLEM_RESPONSES[status] for status in kept}


async def _job(job_id: JobId, jobs: JobsHere, owner: Owner) -> Job:
    """Find the job that a path names.

    Raises:
        SourceNotFound: There is no such job, or it belongs to another client.
    """
    return await jobs.in_store(jobs.store.views.job, job_id, owner)


JobHere = Annotated[Job, Depends(_job)]


@router.post(
    "/v1/jobs",
    summary="Submit a job",
    status_code=202,
    response_model=JobResult,
    responses={
        **job_problems(400, 403, 404, 409, 413, 429, 502, 503, 504, 507),
        202: {"headers": {"Location": {"description": "Path of the job.", "schema": {"type": "string"}}}},
    },
    openapi_extra={"requestBody": JOB_BODY},
)
async def hand_in(
    request: Request,
    service: Annotated[Service, Depends(service_of)],
    _open: Opened,
    jobs: JobsHere,
    root: Root,
    idempotency_key: Annotated[
        str | None,
        Header(description="Your own name for this request. Sent again with it, the same request makes no second job."),
    ] = None,
) -> Response:
    """Submit many documents. The answer is 202 with the job's path, as soon as they are safely stored.

    Send files as a form (repeat `file` for each), or name their `sources` or a `prefix` in JSON. Each document is read
    like one of `POST /v1/ocr`. A document that can't be read fails alone.
    """
    settings = service.settings

    async def take(submission: Submission) -> None:
        await read_submission(request, submission, settings.http.max_body_bytes, settings.jobs.max_pages)

    job = await submitted(jobs, request, idempotency_key, take, "receiving the documents of a job")
    return _as_json(job, root, 202, {"Location": f"{root}/v1/jobs/{job.id}"})


@router.get("/v1/jobs", summary="List your jobs", responses=job_problems(400, 503))
async def list_jobs(
    response: Response,
    jobs: JobsHere,
    owner: Owner,
    root: Root,
    state: Annotated[
        list[JobState] | None, Query(description="Only jobs in this state. It may be given several times.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=_MOST_JOBS, description="The most jobs to answer with.")] = 50,
    cursor: Annotated[
        str | None, Query(description="`next` of the previous answer.", json_schema_extra=_CURSOR)
    ] = None,
) -> JobList:
    """List the jobs that were submitted with your API key, the newest first."""
    found, after = await jobs.in_store(jobs.store.views.jobs, owner, state or (), cursor, limit)
    if after is not None:
        states = "".join(f"&state={one}" for one in state or ())
        response.headers["Link"] = f'<{root}/v1/jobs?limit={limit}{states}&cursor={after}>; rel="next"'
    return JobList(jobs=[JobResult.of(job, root) for job in found], next=after)


@router.get("/v1/jobs/{job_id}", summary="Show a job", responses=job_problems(404, 503))
async def show(jobs: JobsHere, job: JobHere, root: Root) -> JobResult:
    """Show a job's state and counts, and the attempts to deliver its webhook."""
    webhook = await jobs.in_store(jobs.store.deliveries.of, job.id) if job.webhook is not None else None
    return JobResult.of(job, root, webhook)


@router.delete(
    "/v1/jobs/{job_id}",
    summary="Cancel or delete a job",
    response_model=JobResult,
    responses={**job_problems(404, 503), 204: {"description": "The job had ended, and is deleted."}},
)
async def delete(jobs: JobsHere, job: JobHere, owner: Owner, root: Root) -> Response:
    """Cancel a job that has not ended, or remove one that has.

    Its documents and results are deleted. A cancelled job still shows its state until it is deleted once more, or
    expires.
    """
    left = await jobs.freeing(jobs.store.endings.cancel, job.id, owner)
    # Waiting files are removed at once, not at the next round.
    clearing = BackgroundTask(Retention(jobs).clear_quietly)
    if job.state.is_ended or left.state is not JobState.CANCELLED:  # or it has ended just now
        return Response(status_code=204, background=clearing)
    return _as_json(left, root, background=clearing)


@router.get(
    "/v1/jobs/{job_id}/result",
    summary="Fetch a job's results",
    response_class=StreamingResponse,
    responses={
        **job_problems(400, 404, 409, 503),
        200: {
            "description": "JSON lines, one for each page, in the order of the pages.",
            "headers": {"Link": {"description": 'The next lines, `rel="next"`.', "schema": {"type": "string"}}},
            "content": {"application/x-ndjson": {"schema": {"type": "string"}, "example": LINE_EXAMPLE}},
        },
    },
)
async def result(
    service: Annotated[Service, Depends(service_of)],
    _open: Opened,
    jobs: JobsHere,
    job: JobHere,
    root: Root,
    after: Annotated[int, Query(ge=0, le=LARGEST_PAGE, description="Begin behind the page of this number.")] = 0,
    limit: Annotated[int, Query(ge=1, le=_MOST_RESULTS, description="The most pages to go through.")] = 1000,
    partial: Annotated[bool, Query(description="Answer with the results so far if the job has not ended.")] = False,
) -> Response:
    """Fetch the pages `after` + 1 to `after` + `limit`, each as one line of JSON.

    In a line, `result` is the answer of `POST /v1/ocr` for that document, and `error` has its `code` and `message`; one
    of the two is null. If the job's options name a format other than json, `result` holds the file (`format`,
    `media_type`, `extension`, `encoding`, `content`, `warnings`). Follow the header `Link` to the other pages.
    """
    if job.state is JobState.CANCELLED:
        raise Conflict(f"job {job.id} was cancelled: its results are deleted")
    if not (job.state.is_ended or partial):
        raise Conflict(
            f"job {job.id} is {job.state}, {job.settled:,} of {job.total:,} pages are settled: wait for its end "
            f"({root}/v1/jobs/{job.id}/events), or ask for ?partial=true"
        )
    headers = {}
    last = min(after + limit, job.total)
    if last < job.total:
        rest = f"after={last}&limit={limit}{'&partial=true' if partial else ''}"
        headers["Link"] = f'<{root}/v1/jobs/{job.id}/result?{rest}>; rel="next"'
    lines = service.listening(_lines(jobs, job, after, last), job.owner)
    return StreamingResponse(lines, headers=headers, media_type="application/x-ndjson")


@router.get(
    "/v1/jobs/{job_id}/result/{page}",
    summary="Fetch the result of one page",
    response_class=Response,
    responses={
        **job_problems(404, 409, 503),
        200: {
            "description": "The answer of `POST /v1/ocr` for that document: JSON, or a file in the format that the "
            "job's options name.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/OcrResult"}}, "*/*": {}},
        },
    },
)
async def page_result(
    service: Annotated[Service, Depends(service_of)],
    _open: Opened,
    jobs: JobsHere,
    job: JobHere,
    page: Annotated[int, Path(ge=1, le=LARGEST_PAGE, description="The page's place in the job.")],
) -> Response:
    """Fetch the result of one page, even before the job ends. Without a result, 409 says why in its `detail`."""
    if page > job.total:
        raise SourceNotFound(f"job {job.id} has {job.total:,} pages, and no page {page}")
    outcomes = await jobs.in_store(jobs.store.views.outcomes, job.id, page - 1, 1)
    if not outcomes or outcomes[0].number != page:
        raise Conflict(f"page {page} of job {job.id} has no result: the job is {job.state}")
    outcome = outcomes[0]
    if outcome.packed is None:
        raise Conflict(f"page {page} of job {job.id} could not be read ({outcome.code}): {outcome.message}")
    pieces = outcome.pieces()
    first = next(pieces, b"")
    if not FileResult.is_begun_by(first):
        answer = service.listening(_joined(first, pieces), job.owner)
        return StreamingResponse(answer, media_type="application/json")
    async with service.document_exports:
        file = await jobs.in_storage(lambda: FileResult.model_validate_json(outcome.result or b""))
    return Response(file.file, headers=file_headers(outcome.name, file.media_type, file.extension))


async def _joined(first: bytes, others: Iterator[bytes]) -> AsyncGenerator[bytes]:
    yield first
    for piece in others:
        yield piece


async def _lines(jobs: JobsRuntime, job: Job, after: int, last: int) -> AsyncGenerator[bytes]:
    async for outcome in outcomes_to_send(jobs, job, after, last):
        for piece in outcome_line(outcome):
            yield piece


async def outcomes_to_send(jobs: JobsRuntime, job: Job, after: int, last: int) -> AsyncGenerator[PageOutcome]:
    """Yield the results of the pages `after` + 1 to `last`, with few in memory at a time.

    If the job is deleted or the store fails in the middle, this raises, so that the answer breaks off, which the client
    notices.
    """
    while after < last:
        outcomes = await jobs.in_store(jobs.store.views.outcomes, job.id, after, min(_RESULTS, last - after))
        outcomes = [outcome for outcome in outcomes if outcome.number <= last]
        numbers = [outcome.number for outcome in outcomes]
        if job.state.is_ended and numbers != [*range(after + 1, after + 1 + max(1, len(numbers)))]:
            raise SourceNotFound(f"job {job.id} was deleted while its results were sent")
        if not outcomes:
            return
        for outcome in outcomes:
            yield outcome
        after = outcomes[-1].number


@router.get(
    "/v1/jobs/{job_id}/events",
    summary="Follow a job",
    response_class=StreamingResponse,
    responses={
        **job_problems(400, 404, 503),
        200: {"description": "Events until the job has ended.", "content": EVENTS_CONTENT},
        204: {"description": "Last-Event-ID is the id of the last event, so nothing follows."},
    },
)
async def events(
    service: Annotated[Service, Depends(service_of)],
    jobs: JobsHere,
    job: JobHere,
    root: Root,
    last_event_id: Annotated[
        str | None, Header(description="Go on after this event.", json_schema_extra=_EVENT_ID)
    ] = None,
) -> Response:
    """Follow a job with server-sent events: `page` for each page that is settled, `state`, and `end` with the job.

    After a connection broke off, `Last-Event-ID` resumes where it stopped, at any replica.
    """
    after = _event_id(last_event_id)
    if after >= end_event_id(job):
        return Response(status_code=204)
    stream = job_events(jobs, job, after, _Events(root), lambda: service.is_draining)
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}  # keeps proxies from holding events back
    return StreamingResponse(service.listening(stream, job.owner), headers=headers, media_type="text/event-stream")


class _Events:
    """Writes a job's events as JSON."""

    def __init__(self, root: str) -> None:
        self._root = root

    def page(self, outcome: PageOutcome) -> bytes:
        data = PageEvent(page=outcome.number, name=outcome.name, state=outcome.state, code=outcome.code)
        return format_sse_event(data_str=data.model_dump_json(), event="page", id=str(outcome.sequence))

    def state(self, job: Job) -> bytes:
        return format_sse_event(data_str=self._json(job), event="state")

    def end(self, job: Job) -> bytes:
        return format_sse_event(data_str=self._json(job), event="end", id=str(end_event_id(job)))

    def ping(self) -> bytes:
        return KEEPALIVE_COMMENT

    def _json(self, job: Job) -> str:
        return JobResult.of(job, self._root).model_dump_json(by_alias=True)


def _event_id(text: str | None) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdigit()) or len(text) > _LONGEST_EVENT_ID:
        raise MalformedRequest(f"Last-Event-ID is {text[:40]!r}: send the id of an event of this job")
    return int(text)


def _as_json(
    job: Job,
    root: str,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    background: BackgroundTask | None = None,
) -> Response:
    content = JobResult.of(job, root).model_dump_json(by_alias=True)
    return Response(content, status, headers, "application/json", background)
