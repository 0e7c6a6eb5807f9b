"""Converts results to an export format."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import ray
from ray.exceptions import RayTaskError, WorkerCrashedError

from deployments.document import Document
from deployments.storage import COMMAND_LINE_SCHEMES, StorageSettings, build_storage
from models.errors import RayocrError, ReplicaCrashed, StorageUnavailable
from serve.bulk.documents import DocumentError, DocumentResult
from serve.bulk.options import BulkOptions
from serve.config.settings import Settings
from serve.exports import AS_USUAL, ExportOptions, ReadDocument, export_format
from serve.exports import FORMATS as EXPORTS

if TYPE_CHECKING:
    from ray import ObjectRef

__all__ = ["Conversion", "conversion_of"]


@dataclass(frozen=True, slots=True)
class Conversion:
    """Converts results. If that takes the document, each has a task of its own, which harms no other if it crashes.

    Args:
        format: Name of the export format.
        storage: How documents are fetched.
        max_bytes: The most bytes of a document.
        password: The password that opens encrypted documents.
        options: How results are written.
    """

    format: str
    storage: StorageSettings
    max_bytes: int
    password: str | None = field(repr=False)
    options: ExportOptions = AS_USUAL

    def __call__(self, results: list[DocumentResult]) -> tuple[list[DocumentResult], list[DocumentError]]:
        """Convert results.

        Returns:
            The results with their `export`, and errors for those that can't be written in this format.

        Raises:
            StorageUnavailable: A document can't be fetched again.
        """
        begun = [self._begin(result) for result in results]
        converted: list[DocumentResult] = []
        errors: list[DocumentError] = []
        for result, outcome in zip(results, begun, strict=True):
            try:
                converted.append(replace(result, export=self._content(outcome)))
            except StorageUnavailable:
                raise
            except RayocrError as error:
                errors.append(DocumentError(result.key, result.etag, error.code, error.message, 1))
        return converted, errors

    def _begin(self, result: DocumentResult) -> "bytes | RayocrError | ObjectRef[bytes]":
        if export_format(self.format).needs_document:
            task: ObjectRef[bytes] = _convert_with_document.remote(self, result)
            return task
        try:
            read = ReadDocument(result.result, result.key, options=self.options)
            return export_format(self.format).convert(read)
        except RayocrError as error:
            return error

    @staticmethod
    def _content(outcome: "bytes | RayocrError | ObjectRef[bytes]") -> bytes:
        if isinstance(outcome, bytes):
            return outcome
        if isinstance(outcome, RayocrError):
            raise outcome
        try:
            return ray.get(outcome)
        except RayTaskError as error:
            if isinstance(error.cause, RayocrError):
                raise error.cause from error
            raise
        except WorkerCrashedError as error:
            raise ReplicaCrashed("the process that converted this document ended; the document was given up") from error


def conversion_of(options: BulkOptions, settings: Settings, storage: StorageSettings) -> Conversion | None:
    """Make the conversion that a run needs; None if its results are written as they are.

    Args:
        options: Options of the run.
        settings: The whole settings tree.
        storage: How documents are fetched, with the run's patience.
    """
    if options.format not in EXPORTS or options.format == "json":
        return None
    document = options.document
    return Conversion(
        options.format, storage, settings.http.max_body_bytes, document.secret_password, document.export_options
    )


@ray.remote(num_cpus=0, max_retries=1)
def _convert_with_document(conversion: Conversion, result: DocumentResult) -> bytes:
    storages = build_storage(conversion.storage, COMMAND_LINE_SCHEMES)
    try:
        document: Any = storages.read(result.location, conversion.max_bytes)
    finally:
        storages.close()
    assert isinstance(document, Document)
    read = ReadDocument(result.result, result.key, document, conversion.password, conversion.options)
    return export_format(conversion.format).convert(read)
