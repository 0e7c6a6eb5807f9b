"""The JSON of jobs, in requests and answers."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, FailFast, Field

from deployments.storage import LONGEST_LOCATION
from serve.jobs.records import DeliveryState, Job, JobState, PageOutcome, PageState, Webhook
from serve.jobs.webhooks.url import LONGEST_WEBHOOK

__all__ = [
    "EVENTS_CONTENT",
    "JOB_BODY",
    "LINE_EXAMPLE",
    "JobLinks",
    "JobList",
    "JobRequest",
    "JobResult",
    "PageEvent",
    "WebhookResult",
    "outcome_line",
]

_S3: Final = "^[sS]3://"
_ID = "5d2f6a0e8c1b4f7d9a3e6c5b2f1d0e9a"


class JobRequest(BaseModel):
    """A job whose documents the service fetches itself."""

    model_config = ConfigDict(extra="forbid")

    sources: Annotated[list[str], FailFast()] = Field(
        default=[],
        description="`s3://bucket/key`, `data:image/png;base64,...`, or `https://...` if that is switched on.",
        examples=[["s3://scans/2026/a.jpg", "s3://scans/2026/b.jpg"]],
    )
    # Without examples for these two: tools send all examples together, and not every service has a bucket.
    prefix: str | None = Field(
        default=None,
        max_length=LONGEST_LOCATION,
        json_schema_extra={"pattern": _S3},
        description="`s3://bucket/folder/`: all objects whose keys begin with it. They come after `sources`, in the "
        "order of their keys.",
    )
    options: dict[str, Any] = Field(
        default={},
        description="How each document is read: `pages`, `dpi`, `text_layer`, `orientation`, "
        "`characters`, `format`, `password`, as for `POST /v1/ocr`.",
        examples=[{"format": "pdf"}],
    )
    webhook: str | None = Field(
        default=None,
        max_length=LONGEST_WEBHOOK,
        description="An `https://` URL that is called when the job has ended; needs `jobs.webhook_secret`.",
    )


#: The request body in OpenAPI. The route reads it by hand, part by part.
JOB_BODY: Mapping[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {
                    "file": {
                        "type": "array",
                        "items": {"type": "string", "format": "binary"},
                        "description": "A document. Repeat the field for each one.",
                    },
                    "source": {"type": "array", "items": {"type": "string"}, "description": "As in `sources`."},
                    "prefix": {
                        "type": "string",
                        "maxLength": LONGEST_LOCATION,
                        "pattern": _S3,
                        "description": "As in JSON.",
                    },
                    "options": {"type": "string", "description": "As in JSON, as a JSON text."},
                    "webhook": {"type": "string", "maxLength": LONGEST_WEBHOOK, "description": "As in JSON."},
                },
            }
        },
        "application/json": {
            "schema": {"$ref": "#/components/schemas/JobRequest"},
            "example": {"sources": ["s3://scans/2026/a.jpg", "s3://scans/2026/b.jpg"]},
        },
    },
}


#: Two lines of results, for OpenAPI.
LINE_EXAMPLE = (
    '{"page":1,"name":"a.jpg","state":"done","error":null,"result":{"id":"...","model":"ppocrv6-small","pages":[...],'
    '"text":"TOTAL 12.50","warnings":[],"timings_ms":{}}}\n'
    '{"page":2,"name":"b.txt","state":"failed","error":{"code":"unsupported_type","message":"..."},"result":null}\n'
)


def _event(name: str, data: str) -> Mapping[str, Any]:
    """Describe the fields of one server-sent event."""
    schema = {"$ref": f"#/components/schemas/{data}"}
    return {
        "type": "object",
        "required": ["event", "data"],
        "properties": {
            "event": {"const": name},
            "data": {"type": "string", "contentMediaType": "application/json", "contentSchema": schema},
            "id": {"type": "string", "description": "For Last-Event-ID."},
        },
    }


#: The stream of events, for OpenAPI; `itemSchema` is of OpenAPI 3.2, and older tools ignore it.
EVENTS_CONTENT: Mapping[str, Any] = {
    "text/event-stream": {
        "schema": {"description": "Events `page`, `state` and `end` (WHATWG, server-sent events)."},
        "itemSchema": {
            "oneOf": [_event("page", "PageEvent"), _event("state", "JobResult"), _event("end", "JobResult")]
        },
        "example": 'event: page\ndata: {"page":1,"name":"a.jpg","state":"done","code":null}\nid: 1\n\n'
        'event: end\ndata: {"id":"...","state":"succeeded",...}\nid: 2\n\n',
    }
}


class _Result(BaseModel):
    model_config = ConfigDict(frozen=True)


class JobLinks(_Result):
    """Links to the job's other resources, as paths of this service."""

    self_: str = Field(alias="self", examples=[f"/v1/jobs/{_ID}"])
    result: str = Field(examples=[f"/v1/jobs/{_ID}/result"])
    events: str = Field(examples=[f"/v1/jobs/{_ID}/events"])


class WebhookAttempt(_Result):
    """One attempt to deliver a webhook."""

    at: datetime
    status: int | None = Field(description="HTTP status of the answer; null if none came.", examples=[200])
    error: str | None = Field(description="Why no answer came; null if one came.")


class WebhookResult(_Result):
    """The state of a job's webhook."""

    url: str = Field(examples=["https://example.com/rayocr"])
    state: DeliveryState | None = Field(description="State of the delivery; null while the job has not ended.")
    attempts: list[WebhookAttempt] = Field(description="The attempts to deliver it, oldest first.")
    next_at: datetime | None = Field(description="Time of the next attempt.")

    @classmethod
    def of(cls, webhook: Webhook) -> "WebhookResult":
        """Make it from the store's record."""
        attempts = [WebhookAttempt(at=one.at, status=one.status, error=one.error) for one in webhook.attempts]
        return cls(url=webhook.url, state=webhook.state, attempts=attempts, next_at=webhook.next_at)


class JobResult(_Result):
    """A job."""

    id: str = Field(examples=[_ID])
    state: JobState = Field(
        description="queued and running; succeeded (all pages read), partial (some), failed (none) and cancelled are "
        "final.",
        examples=["running"],
    )
    total: int = Field(description="Number of pages, one for each document.", examples=[1000])
    done: int = Field(description="Pages that were read.", examples=[412])
    failed: int = Field(description="Pages that were given up.", examples=[3])
    progress: float = Field(ge=0, le=1, description="Share of the pages that are done, failed or cancelled.")
    queue_position: int | None = Field(description="Place of a queued job in the queue, 1 for the oldest.")
    created: datetime = Field(examples=["2026-11-22T08:15:30Z"])
    started: datetime | None = Field(description="When its first page began.")
    ended: datetime | None
    expires: datetime | None = Field(description="When it is deleted with its results; null before its end.")
    warnings: list[str]
    links: JobLinks
    webhook: WebhookResult | None = Field(
        default=None, description="The job's webhook; null without one, and in lists of jobs."
    )

    @classmethod
    def of(cls, job: Job, root: str, webhook: Webhook | None = None) -> "JobResult":
        """Make it from the store's record.

        Args:
            job: The record.
            root: The prefix of `/v1/` in paths of this service; '' for none.
            webhook: The state of its webhook, if it is known.
        """
        path = f"{root}/v1/jobs/{job.id}"
        return cls(
            id=job.id,
            state=job.state,
            total=job.total,
            done=job.done,
            failed=job.failed,
            progress=round(job.progress, 4),
            queue_position=job.queue_position,
            created=job.created,
            started=job.started,
            ended=job.ended,
            expires=job.expires,
            warnings=list(job.warnings),
            links=JobLinks.model_validate({"self": path, "result": f"{path}/result", "events": f"{path}/events"}),
            webhook=None if webhook is None else WebhookResult.of(webhook),
        )


class JobList(_Result):
    """A list of one client's jobs, the newest first."""

    jobs: list[JobResult]
    next: str | None = Field(description="Value of `cursor` for the jobs after these; null at the end.")


class PageError(_Result):
    """The reason why a page was given up."""

    code: str = Field(
        description="The code of POST /v1/ocr; docs/reference/errors.md lists them.", examples=["unsupported_type"]
    )
    message: str


class PageEvent(_Result):
    """The `data` of the event `page`, which tells that a page was settled."""

    page: int = Field(ge=1, description="The page's place in the job.")
    name: str
    state: PageState = Field(description="done or failed.")
    code: str | None = Field(description="Code of the error, if it failed.")


class _OutcomeLine(_Result):
    page: int
    name: str
    state: PageState


def outcome_line(outcome: PageOutcome) -> Iterator[bytes]:
    """Write a page's outcome as one line of JSON, in pieces: page, name, state, error, result.

    The result is copied as it is stored, since it is JSON already.
    """
    head = _OutcomeLine(page=outcome.number, name=outcome.name, state=outcome.state).model_dump_json().encode()
    error = b"null"
    if outcome.state is PageState.FAILED:
        message = outcome.message or ""
        error = PageError(code=outcome.code or "internal", message=message).model_dump_json().encode()
    yield head[:-1] + b',"error":' + error + b',"result":'
    if outcome.packed is None:
        yield b"null"
    yield from outcome.pieces()
    yield b"}\n"
