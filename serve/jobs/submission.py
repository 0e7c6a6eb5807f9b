"""Submits a job: it takes the parts of a request as they come in, and makes a job of them in the store."""

import asyncio
import hashlib
import itertools
import json
import logging
import uuid
from collections.abc import Coroutine
from types import TracebackType
from typing import TypeVar

from pydantic import ValidationError

from deployments.pipeline.routes import check_model
from deployments.storage import LONGEST_LOCATION, SERVICE_SCHEMES
from deployments.storage.https.url import url_from_location, without_query
from models.errors import (
    AccessDenied,
    ConfigurationError,
    Conflict,
    InsufficientStorage,
    MalformedRequest,
    Overloaded,
    RayocrError,
    SourceNotFound,
    TooLarge,
)
from serve.config.bundle import served_bundles
from serve.config.languages import with_model
from serve.documents.options import DocumentOptions
from serve.jobs.records import Job, JobOptions, NewJob, NewPage
from serve.jobs.runtime import JobsRuntime
from serve.jobs.webhooks.secrets import WebhookSecrets
from serve.jobs.webhooks.url import check_webhook

__all__ = ["Submission", "known_job"]

logger = logging.getLogger("ray.serve")

Result = TypeVar("Result")

_LONGEST_NAME, _LONGEST_KEY = 1024, 255
# Files of one request that are being stored at a time.
_MOST_WRITES = 4
# A digest of so many bytes takes half a millisecond, too little to be worth a thread.
_QUICK_BYTES = 256 * 1024


class Submission:
    """One request to make a job, used with `async with`. Without a job at the end, its stored files are removed.

    Args:
        jobs: The store and the uploads.
        owner: The client's name; '' if no keys are asked for.
        idempotency_key: The client's own name for this request.
        known: The job that this key has made, as `known_job` gives it. Files are then only compared.
    """

    def __init__(
        self, jobs: JobsRuntime, owner: str, idempotency_key: str | None, known: tuple[Job, str] | None = None
    ) -> None:
        self._jobs = jobs
        self._owner = owner
        self._key = idempotency_key
        self._known = known
        self._id = uuid.uuid4().hex
        self._pages: list[NewPage] = []
        self._uploads: dict[asyncio.Task[str], int] = {}
        self._locations: list[str] = []
        self._bytes = self._reserved_bytes = 0
        self._hash = hashlib.sha256()
        self._prefix: str | None = None
        self._options: JobOptions = {}
        self._webhook: str | None = None
        self._is_accepted = False

    async def __aenter__(self) -> "Submission":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Even if the request is cancelled, it must not end before its files are written, and removed.
        await _to_the_end(self._clean_up())

    async def add_file(self, name: str, content: bytes) -> None:
        """Take one file. This returns when so little is being stored that the next file may be read.

        Args:
            name: The client's name for it.
            content: The whole file.

        Raises:
            TooLarge: There are too many pages.
            QuotaExceeded: The client has too many bytes of uploads.
            InsufficientStorage: All clients together have, or the disk has too little space.
            RayocrError: A file could not be stored.
        """
        digest = await self._jobs.in_storage(_sha256, content) if len(content) > _QUICK_BYTES else _sha256(content)
        self._note("file", name, len(content), digest)
        number = self._add_page(NewPage("", name.replace("\0", "\ufffd")[:_LONGEST_NAME] or "file", True, len(content)))
        if self._known is not None:
            return
        await self._reserve(len(content))
        put = self._jobs.in_storage(self._jobs.uploads.put, self._id, number, name, content)
        self._uploads[asyncio.create_task(self._stored(put))] = number
        while len(self._uploads) > _MOST_WRITES or self._bytes_in_work > self._jobs.settings.http.max_body_bytes:
            await self._collect(asyncio.FIRST_COMPLETED)

    async def add_source(self, source: str) -> None:
        """Take the location of one document. A `data:` URL is stored as a file.

        Args:
            source: A location with `s3://`, `https://` or `data:`.

        Raises:
            MalformedRequest: Nothing can be read from such a location.
            AccessDenied: The scheme or host is not allowed.
            TooLarge: There are too many pages, or the document in a data: URL is over the limit.
        """
        number = len(self._pages) + 1
        try:
            self._check_source(source)
            if source[:5].lower() == "data:":
                limit = self._jobs.settings.http.max_body_bytes
                document = await self._jobs.in_storage(self._jobs.storage.read, source, limit)
                await self.add_file("data", document.data)
                return
        except RayocrError as error:
            raise type(error)(f"source {number}: {error}") from error
        self._note("source", source)
        self._add_page(NewPage(source, without_query(source)[:_LONGEST_NAME], False, None))

    def set_prefix(self, prefix: str) -> None:
        """Take a prefix, below which all documents are pages of the job.

        Raises:
            MalformedRequest: The prefix is not in S3, or the job has one already.
        """
        if self._prefix is not None:
            raise MalformedRequest("prefix: a job has only one; name further documents as sources")
        self._jobs.rights.reading.check(prefix, self._owner)
        if prefix[:5].lower() != "s3://" or len(prefix) > LONGEST_LOCATION or not _is_storable(prefix):
            raise MalformedRequest("prefix: s3://bucket/folder/ is needed; nothing else can be listed")
        self._prefix = prefix

    def set_options(self, options: object) -> None:
        """Take the options, an object with the names of `DocumentOptions`.

        Raises:
            MalformedRequest: `options` is not an object, has an unknown key, or a value that is out of range.
        """
        if not isinstance(options, dict):
            raise MalformedRequest('options: a JSON object is needed, such as {"pages": "1-3"}')
        try:
            asked = DocumentOptions.model_validate(options)
        except ValidationError as exc:
            problem = exc.errors(include_input=False)[0]
            where = ".".join(str(part) for part in problem["loc"])
            raise MalformedRequest(f"options: {where}: {problem['msg']}") from None  # no password in a log
        check_model(asked.model, served_bundles(self._jobs.settings))
        with_model(asked, self._jobs.settings)
        self._options = options

    async def set_webhook(self, url: str) -> None:
        """Take the URL that is called at the job's end.

        Raises:
            MalformedRequest: `url` is not an https:// URL, or webhooks are off here.
            AccessDenied: No webhook may go to this URL.
        """
        if self._webhook is not None:
            raise MalformedRequest("webhook: a job has only one")
        try:
            secret = await self._jobs.in_storage(WebhookSecrets(self._jobs.settings.jobs).of, self._owner)
        except ConfigurationError as error:
            logger.error("%s", error)
            raise MalformedRequest("webhook: this client's key that signs webhooks can't be used") from error
        if secret is None:
            raise MalformedRequest("webhook: webhooks are off here, since jobs.webhook_secret is not set")
        await check_webhook(url, self._jobs.settings.storage)
        self._jobs.rights.check_webhook(self._owner, url)
        self._webhook = url

    async def finish(self) -> tuple[Job, bool]:
        """Make the job. It is durable when this returns.

        Returns:
            The job, and whether it is new. The same request with the same key gives the same job.

        Raises:
            AccessDenied: The client may not use the model.
            Conflict: The key came with another request before.
            QuotaExceeded: The client has too many pages queued.
            Overloaded: All clients together have too many pages queued, or the store can't be reached.
            RayocrError: The prefix can't be listed, or a file can't be stored.
        """
        self._note("request", self._prefix, dict(self._options), self._webhook)
        sha256 = self._hash.hexdigest()
        if self._known is not None:
            job, known_sha256 = self._known
            if known_sha256 != sha256:
                raise Conflict(
                    f"this Idempotency-Key came with another request before, which made job {job.id}: "
                    "use a key once, or send the same request"
                )
            return job, False
        self._jobs.check_model(self._owner, self._options.get("model"))
        if self._prefix is not None:
            await self._add_listed(self._prefix)
        await self._jobs.usage.check_job(self._owner, len(self._pages))
        if not self._pages:
            raise MalformedRequest(
                'there is nothing to read: send files (curl -F file=@a.jpg -F file=@b.jpg) or {"sources": ["s3://..."]}'
            )
        if self._uploads or self._locations:
            await self._collect(asyncio.ALL_COMPLETED)
            await self._stored(self._jobs.in_storage(self._jobs.uploads.seal, self._id))
        new = NewJob(
            id=self._id,
            owner=self._owner,
            pages=self._pages,
            options=dict(self._options),
            webhook=self._webhook,
            idempotency_key=self._key,
            request_sha256=sha256,
        )
        job, is_new = await _to_the_end(self._add(new))
        return job, is_new

    async def _add(self, new: NewJob) -> tuple[Job, bool]:
        try:
            job, is_new = await self._jobs.in_store(self._jobs.store.submissions.add, new)
        except Exception as error:
            # A refusal has no cause. The error of a database that broke off has one: its commit may still hold, and the
            # job then needs its files. If it does not hold, they are swept when they are old.
            self._is_accepted = not isinstance(error, RayocrError) or error.__cause__ is not None
            raise
        self._is_accepted = is_new
        return job, is_new

    async def _add_listed(self, prefix: str) -> None:
        most = self._jobs.settings.jobs.max_pages - len(self._pages) + 1

        def listed() -> list[NewPage]:
            entries = self._jobs.storage.list(prefix)
            own = (each for each in entries if self._jobs.rights.reading.may_read(each.location, self._owner))
            found = [
                NewPage(each.location, each.location[:_LONGEST_NAME], False, each.size_bytes)
                for each in itertools.islice(own, most)
            ]
            if not found:
                raise SourceNotFound(f"no object has a location that begins with {prefix}")
            return found

        for page in await self._jobs.in_storage(listed):
            self._add_page(page)

    def _add_page(self, page: NewPage) -> int:
        limit = self._jobs.settings.jobs.max_pages
        if len(self._pages) >= limit:
            raise TooLarge(f"a job has at most {limit:,} pages (jobs.max_pages): make several of it")
        self._pages.append(page)
        return len(self._pages)

    def _check_source(self, source: str) -> None:
        """Refuse a source that no storage would take, whatever it holds."""
        scheme = source.partition(":")[0].lower()
        known = ", ".join(sorted(SERVICE_SCHEMES))
        if ":" not in source or (scheme != "data" and "://" not in source):
            raise MalformedRequest(f"it names no scheme, such as s3://bucket/key; known are {known}")
        if scheme not in SERVICE_SCHEMES:
            raise AccessDenied(f"{scheme[:20]}:// can't be read here, only {known}; upload the file instead")
        if scheme != "data" and len(source) > LONGEST_LOCATION:
            raise MalformedRequest(f"it has {len(source):,} characters, over the limit of {LONGEST_LOCATION:,}")
        if not _is_storable(source):
            raise MalformedRequest("it holds a null character, or characters that are not valid Unicode")
        self._jobs.rights.reading.check(source, self._owner)
        if scheme == "https":
            if not self._jobs.settings.storage.https_enabled:
                raise AccessDenied("https:// sources are off (storage.https_enabled): upload the document")
            url_from_location(source, self._jobs.settings.storage)

    @property
    def _bytes_in_work(self) -> int:
        """The bytes of files that are held because they are being stored."""
        return sum(self._pages[number - 1].size_bytes or 0 for number in self._uploads.values())

    async def _reserve(self, size_bytes: int) -> None:
        """Make sure that there is room for so many more bytes of uploads, in steps for many files."""
        self._bytes += size_bytes
        if self._bytes <= self._reserved_bytes:
            return
        if (shortage := await self._jobs.in_storage(self._jobs.room.shortage, size_bytes)) is not None:
            logger.error("no files of jobs are taken: %s", shortage)
            raise InsufficientStorage(shortage)
        reserve = self._jobs.store.stored.reserve
        self._reserved_bytes = await self._jobs.in_store(reserve, self._id, self._owner, self._bytes)

    async def _collect(self, until: str) -> None:
        """Wait for files that are being stored, if any are left, and note their locations."""
        if not self._uploads:
            return
        done, _ = await asyncio.wait(self._uploads, return_when=until)
        failure: BaseException | None = None
        for task in done:
            number = self._uploads.pop(task)
            if error := task.exception():
                failure = failure or error
                continue
            page = self._pages[number - 1]
            self._pages[number - 1] = NewPage(task.result(), page.name, page.is_upload, page.size_bytes)
            self._locations.append(task.result())
        if failure is not None:
            raise failure

    async def _stored(self, writing: Coroutine[object, object, Result]) -> Result:
        """Translate errors of our own storage, which are not the request's fault."""
        try:
            return await writing
        except InsufficientStorage as error:
            logger.error("jobs.uploads: %s", error)
            raise InsufficientStorage("there is no space left for files of jobs: delete jobs, or make space") from error
        except RayocrError as error:
            logger.error("jobs.uploads: %s", error)  # only the log may show paths of this machine
            raise Overloaded(
                "no files can be stored at the moment; try again", self._jobs.settings.http.retry_after_s
            ) from error

    async def _clean_up(self) -> None:
        while self._uploads:
            try:
                await self._collect(asyncio.ALL_COMPLETED)
            except RayocrError:
                continue  # the error was raised already, or the request has failed for another reason
        if self._is_accepted:
            return
        try:
            if self._reserved_bytes:
                await self._jobs.freeing(self._jobs.store.stored.release, self._id)
        except RayocrError as error:
            logger.warning("bytes of a refused job count until tomorrow: %s", error)
        if not self._locations:
            return
        _, failure = await self._jobs.in_storage(self._jobs.uploads.delete, self._locations)
        if failure is not None:
            logger.warning("uploads of a refused job stay until they are old enough to be removed: %s", failure)

    def _note(self, *values: object) -> None:
        self._hash.update(json.dumps(values, sort_keys=True).encode() + b"\n")


async def known_job(jobs: JobsRuntime, owner: str, idempotency_key: str | None) -> tuple[Job, str] | None:
    """Ask for the job that a key has made, before anything of the request is read.

    Args:
        jobs: The store.
        owner: The client's name.
        idempotency_key: Value of the header; None without one.

    Returns:
        The job and the SHA-256 of its request; None for a new key.

    Raises:
        MalformedRequest: The key is empty, too long, or not printable ASCII.
        Overloaded: The store can't be reached, so no job can be submitted.
    """
    if idempotency_key is None:
        try:
            await jobs.in_store(jobs.store.check)
        except RayocrError as error:
            logger.error("no job can be taken: %s", error)
            raise Overloaded(
                "the job store does not answer at the moment; try again", jobs.settings.http.retry_after_s
            ) from error
        return None
    if not (0 < len(idempotency_key) <= _LONGEST_KEY and idempotency_key.isascii() and idempotency_key.isprintable()):
        raise MalformedRequest(f"Idempotency-Key: 1 to {_LONGEST_KEY} printable ASCII characters are needed")
    return await jobs.in_store(jobs.store.submissions.find, owner, idempotency_key)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _is_storable(text: str) -> bool:
    """Whether a database takes a text, which must have neither lone surrogates nor a null character."""
    return not any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text)


async def _to_the_end(work: Coroutine[object, object, Result]) -> Result:
    """Await something that must not be cut short. A cancellation takes effect when it has ended."""
    task = asyncio.create_task(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        while not task.done():
            await asyncio.wait({task})
        raise
