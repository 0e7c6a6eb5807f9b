"""The end of the pipeline: one actor that puts pages together to documents, and writes their results."""

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from deployments.storage import COMMAND_LINE_SCHEMES, StorageSettings, build_storage
from models.errors import RayocrError, StorageUnavailable
from serve.bulk.documents import DocumentError, DocumentResult
from serve.bulk.stages.chunks import decode_pages
from serve.bulk.stages.coordinator import Stop
from serve.bulk.write.assembly import DocumentAssembly
from serve.bulk.write.conversion import Conversion
from serve.bulk.write.outputs import WriterOptions, output_format

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["WriteReport", "Writer", "WriterSetup"]


@dataclass(frozen=True, slots=True)
class WriterSetup:
    """Everything that the writer is built from.

    Args:
        output: The output folder.
        format: One of `serve.bulk.write.outputs.FORMATS`.
        storage: How results are written.
        model: Name of the model bundle.
        shard_documents: The most documents of a shard.
        conversion: Converts results to an export format; None if the format is not one.
        failed_before: Keys that failed in an earlier run. The writer reports those that are read after all.
    """

    output: str
    format: str
    storage: StorageSettings
    model: str
    shard_documents: int
    conversion: Conversion | None = None
    failed_before: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class WriteReport:
    """The outcome of some chunks. It is small, unlike the chunks.

    Args:
        taken: Documents that came in as a whole, or failed.
        done: Documents whose results are durable now.
        pages: Pages of the done documents.
        bytes: Bytes of their files.
        failed: Documents that could not be read.
        recovered: Keys of the done documents that failed in an earlier run.
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
        setup: Everything that the writer is built from.
    """

    def __init__(self, setup: WriterSetup) -> None:
        self._assembly = DocumentAssembly(setup.model)
        self._conversion = setup.conversion
        self._failed_before = setup.failed_before
        self._writer = output_format(setup.format).build_writer(
            setup.output,
            build_storage(setup.storage, COMMAND_LINE_SCHEMES),
            WriterOptions(shard_documents=setup.shard_documents),
        )
        self._taken: dict[str, _Taken] = {}

    def write(self, *tables: "pa.Table") -> WriteReport:
        """Take chunks, and write the documents that they complete.

        Args:
            tables: Tables from the last stage.

        Returns:
            A report on the documents that are durable now, of these chunks and of earlier ones.
        """
        results: list[DocumentResult] = []
        failed: list[DocumentError] = []
        for table in tables:
            for page in decode_pages(table)[0]:
                if page.failure is not None and page.failure.stops_run:
                    error = page.failure.error
                    return WriteReport(stop=Stop(error.message, error.exit_code))
                outcome = self._assembly.add(page)
                if isinstance(outcome, DocumentError):
                    failed.append(outcome)
                elif outcome is not None:
                    results.append(outcome)
                    self._taken[outcome.key] = _Taken(len(outcome.result.pages), page.document.size_bytes)
        if self._conversion is not None:
            try:
                results, unconverted = self._conversion(results)
            except StorageUnavailable as error:
                return WriteReport(stop=Stop(error.message, error.exit_code))
            failed += unconverted
        for lost in failed:
            self._taken.pop(lost.key, None)
        return self._written(results, failed)

    def flush(self) -> WriteReport:
        """Write all documents that are not durable yet."""
        return self._written(None, [])

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
