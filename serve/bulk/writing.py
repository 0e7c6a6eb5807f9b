"""The end of the pipeline: one actor that puts pages together to documents, and writes them."""

import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from deployments.storage import COMMAND_LINE_SCHEMES, StorageSettings, build_storage
from models.errors import RayocrError
from models.page import PageText
from serve.bulk.chunks import WorkPage, decode_pages
from serve.bulk.coordinator import Stop
from serve.bulk.documents import DocumentError, DocumentResult
from serve.bulk.outputs import WriterOptions, output_format
from serve.results import OcrResult

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["WriteReport", "Writer", "WriterSetup", "result_id"]


@dataclass(frozen=True, slots=True)
class WriterSetup:
    """What the writer is built from.

    Args:
        output: The output folder.
        format: One of `serve.bulk.outputs.FORMATS`.
        storage: How results are written.
        model: Name of the model bundle.
        shard_documents: The most documents of a shard.
        failed_before: Keys that failed in an earlier run; told when they are read after all.
    """

    output: str
    format: str
    storage: StorageSettings
    model: str
    shard_documents: int
    failed_before: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class WriteReport:
    """What came of some chunks: small, where the chunks are not.

    Args:
        taken: Documents that came in whole, or failed.
        done: Documents whose results are durable now.
        pages: Of these.
        bytes: Of their files.
        failed: Documents that could not be read.
        recovered: Of the documents that are done, those that failed in an earlier run.
        stop: Why the run has to end, if it has.
        cpu_s: CPU seconds of the writer so far.
    """

    taken: int = 0
    done: int = 0
    pages: int = 0
    bytes: int = 0
    failed: list[DocumentError] = field(default_factory=list)
    recovered: tuple[str, ...] = ()
    stop: Stop | None = None
    cpu_s: float = 0.0


@dataclass(slots=True)
class _Taken:
    """A document that was given to the writer and is not durable yet."""

    pages: int
    bytes: int


class Writer:
    """Runs as an actor, on the driver's node.

    Args:
        setup: What it is built from.
    """

    def __init__(self, setup: WriterSetup) -> None:
        self._model = setup.model
        self._failed_before = setup.failed_before
        self._writer = output_format(setup.format).build_writer(
            setup.output,
            build_storage(setup.storage, COMMAND_LINE_SCHEMES),
            WriterOptions(shard_documents=setup.shard_documents),
        )
        self._partial: dict[str, dict[int, PageText]] = {}
        self._taken: dict[str, _Taken] = {}

    def write(self, *tables: "pa.Table") -> WriteReport:
        """Take chunks.

        Args:
            tables: From recognition.

        Returns:
            What is durable now, of these and of earlier ones.
        """
        results: list[DocumentResult] = []
        failed: dict[str, DocumentError] = {}
        for table in tables:
            for page in decode_pages(table)[0]:
                document = page.document
                if page.failure is not None and page.failure.exit_code:
                    return WriteReport(stop=Stop(page.failure.message, page.failure.exit_code))
                if page.failure is not None:
                    failed[document.key] = DocumentError(
                        document.key, document.etag, page.failure.code, page.failure.message, page.failure.attempts
                    )
                elif (texts := self._whole(page)) is not None:
                    result = OcrResult.of(result_id(document.location, document.etag), self._model, texts)
                    results.append(DocumentResult(document.key, document.etag, document.location, result))
                    self._taken[document.key] = _Taken(len(texts), document.size_bytes)
        for key in failed:
            self._partial.pop(key, None)
        return self._written(results, list(failed.values()))

    def flush(self) -> WriteReport:
        """Write what is not durable yet."""
        return self._written(None, [])

    def _whole(self, page: WorkPage) -> list[PageText] | None:
        """All pages of the document, once the last of them is there."""
        assert page.text is not None  # recognition gives it, or a failure
        if page.page_count == 1:
            return [page.text]
        pages = self._partial.setdefault(page.document.key, {})
        pages[page.number] = page.text
        if len(pages) < page.page_count:
            return None
        del self._partial[page.document.key]
        return [pages[number] for number in sorted(pages)]

    def _written(self, results: list[DocumentResult] | None, failed: list[DocumentError]) -> WriteReport:
        stop = None
        keys: list[str] = []
        try:
            keys = self._writer.flush() if results is None else self._writer.write(results) if results else []
        except RayocrError as error:
            stop = Stop(f"the results can't be written: {error.message}", error.exit_code)
        done = [taken for key in keys if (taken := self._taken.pop(key, None)) is not None]
        return WriteReport(
            taken=len(results or []) + len(failed),
            done=len(done),
            pages=sum(taken.pages for taken in done),
            bytes=sum(taken.bytes for taken in done),
            failed=failed,
            recovered=tuple(key for key in keys if key in self._failed_before),
            stop=stop,
            cpu_s=time.process_time(),
        )


def result_id(location: str, etag: str) -> str:
    """The `id` of a document's result: the same in each run, where HTTP's is the request's."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{location}#{etag}"))
