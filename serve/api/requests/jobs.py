"""Reads a request for a job: a form with files, or JSON with the locations of documents."""

import asyncio
from collections.abc import Awaitable, Callable

from fastapi import Request
from pydantic import ValidationError

from deployments.context import RequestContext
from models.errors import MalformedRequest, TooLarge
from serve.api.browsers import refuse_disguised_json
from serve.api.job_models import JobRequest
from serve.api.problems import malformed
from serve.api.requests.form import FormPart, form_parts
from serve.api.requests.json_body import parsed_json
from serve.api.service import client_of
from serve.jobs.records import Job
from serve.jobs.runtime import JobsRuntime
from serve.jobs.submission import Submission, known_job

__all__ = ["read_submission", "submitted"]

# Prefix, options, webhook, and the empty part of a form in which no file was chosen.
_OTHER_FIELDS = 32
_EXAMPLE = '{"sources": ["s3://bucket/key"]}'


async def submitted(
    jobs: JobsRuntime,
    request: Request,
    idempotency_key: str | None,
    take: Callable[[Submission], Awaitable[None]],
    doing: str,
) -> Job:
    """Make a job of a request, and have it worked on.

    Args:
        jobs: The store and the uploads.
        request: The client's request.
        idempotency_key: The client's own name for it; None without one.
        take: Passes all that the request carries on to the submission, within the time for uploads.
        doing: What `take` does, for the message if its time runs out.

    Returns:
        The job, which is durable. The same request with the same key gives the same job.

    Raises:
        RayocrError: The submission refused something, or could not store it.
    """
    owner = client_of(request)
    time = RequestContext.starting_now(request.state.request_id, jobs.settings.jobs.upload_timeout_s, owner)
    known = await known_job(jobs, owner, idempotency_key)
    async with Submission(jobs, owner, idempotency_key, known) as submission:
        async with time.limit(doing):
            await take(submission)
        job, is_new = await submission.finish()
    if is_new:
        jobs.on_new()
    return job


async def read_submission(request: Request, submission: Submission, max_document_bytes: int, max_pages: int) -> None:
    """Pass everything that a request carries on to a submission.

    Args:
        request: The client's request.
        submission: The submission that takes it.
        max_document_bytes: The most bytes of one file, and of all other fields together.
        max_pages: The most pages of a job.

    Raises:
        MalformedRequest: The request is neither a form nor JSON, or something in it is wrong.
        TooLarge: A limit was passed. Nothing past it was read.
        RayocrError: The submission refused something, or could not store it.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        async for part in form_parts(request, max_document_bytes, max_document_bytes, max_pages + _OTHER_FIELDS):
            await _take(part, submission)
    else:
        refuse_disguised_json(request.headers, kind)
        await _take_json(await _body(request, max_document_bytes), submission, max_pages)


async def _take(part: FormPart, submission: Submission) -> None:
    if part.filename is not None:
        if part.name != "file":
            raise MalformedRequest(f"the form has a file in the field {part.name[:40]!r}: files go into 'file'")
        if part.filename or part.content:  # a browser sends an empty part if no file was chosen
            await submission.add_file(part.filename, part.content)
        return
    match part.name:
        case "source":
            await submission.add_source(part.text)
        case "prefix":
            submission.set_prefix(part.text)
        case "webhook":
            await submission.set_webhook(part.text)
        case "options":
            submission.set_options(parsed_json(part.content, "options"))
        case "file":
            raise MalformedRequest("the form's field 'file' holds text, not a file: curl -F file=@page.jpg")
        case name:
            raise MalformedRequest(
                f"the form's field {name[:40]!r} is not known; known are file, source, prefix, options and webhook"
            )


async def _take_json(body: bytes, submission: Submission, max_pages: int) -> None:
    if not body:
        raise MalformedRequest(f"the request has no body: send files (curl -F file=@page.jpg) or {_EXAMPLE}")
    try:
        asked = JobRequest.model_validate(parsed_json(body, "the body", max_pages))
    except ValidationError as exc:
        raise malformed(exc, _EXAMPLE) from exc
    submission.set_options(asked.options)
    if asked.prefix is not None:
        submission.set_prefix(asked.prefix)
    if asked.webhook is not None:
        await submission.set_webhook(asked.webhook)
    for source in asked.sources:
        await submission.add_source(source)
        await asyncio.sleep(0)  # so that others have their turn


async def _body(request: Request, max_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            raise TooLarge(f"the body has more than {max_bytes:,} bytes, the limit without files: send files as a form")
    return bytes(body)
