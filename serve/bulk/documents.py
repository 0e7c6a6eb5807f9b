"""The values of a bulk run: documents, results and errors."""

from dataclasses import dataclass

from serve.results import OcrResult

__all__ = ["DocumentError", "DocumentResult", "InputDocument"]


@dataclass(frozen=True, slots=True)
class InputDocument:
    """A document that was listed.

    Args:
        key: Name below the input location, with '/' between its parts; never empty, and unique in a run.
        location: Location for `Storage.read`.
        etag: The storage's ETag of this version; '' if the storage or the manifest gives none.
        size_bytes: Size when it was listed; 0 if a manifest gives none.
    """

    key: str
    location: str
    etag: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class DocumentResult:
    """A document that was read.

    Args:
        key: Key of the `InputDocument`.
        etag: ETag of the version that was listed.
        location: Location that it was read from.
        result: The result, the same as over HTTP.
        export: Content of its file, if results are written in an export format.
    """

    key: str
    etag: str
    location: str
    result: OcrResult
    export: bytes | None = None


@dataclass(frozen=True, slots=True)
class DocumentError:
    """A document that could not be read.

    Args:
        key: Key of the `InputDocument`.
        etag: ETag of the version that was listed.
        code: A code of `models.errors`.
        message: One sentence for a person.
        attempts: Number of attempts, at least 1.
    """

    key: str
    etag: str
    code: str
    message: str
    attempts: int
