"""The values of a bulk run: what is read, what comes of it, and what went wrong."""

from dataclasses import dataclass

from serve.results import OcrResult

__all__ = ["DocumentError", "DocumentResult", "InputDocument"]


@dataclass(frozen=True, slots=True)
class InputDocument:
    """A document that was listed.

    Args:
        key: Its name below the input location, '/' between its parts; never empty, unique in a run.
        location: What `Storage.read` takes.
        etag: The storage's mark of this version; '' where it has none, as in a manifest that gives none.
        size_bytes: Its size when it was listed; 0 where a manifest gives none.
    """

    key: str
    location: str
    etag: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class DocumentResult:
    """A document that was read.

    Args:
        key: As in `InputDocument`.
        etag: Of the version that was listed.
        location: Where it was read from.
        result: The same as HTTP's.
        export: The content of its file, where results are written in an export format.
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
        key: As in `InputDocument`.
        etag: Of the version that was listed.
        code: A code of `models.errors`.
        message: One sentence for a person.
        attempts: How often it was tried, at least 1.
    """

    key: str
    etag: str
    code: str
    message: str
    attempts: int
