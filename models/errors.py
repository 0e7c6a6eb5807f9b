"""Every error that rayocr reports, in one hierarchy.

The tree (HTTP status / exit code of sysexits.h):

    RayocrError                 500 / 70  internal
    ├── MalformedRequest        400 / 64  malformed
    ├── Unauthorized            401 / 77  unauthorized
    ├── AccessDenied            403 / 77  access_denied
    ├── SourceNotFound          404 / 66  source_not_found
    ├── Conflict                409 / 65  conflict
    ├── TooLarge                413 / 65  too_large
    ├── UnsupportedType         415 / 65  unsupported_type
    ├── Undecodable             422 / 65  undecodable
    ├── QuotaExceeded           429 / 75  quota
    ├── ModelOutputError        500 / 70  model_output
    ├── ReplicaCrashed          500 / 70  replica_crashed
    ├── TooManyErrors           500 / 69  too_many_errors (bulk runs)
    ├── StorageUnavailable      502 / 74  storage_unavailable
    ├── InsufficientStorage     507 / 73  insufficient_storage (bulk runs, jobs)
    ├── Overloaded              503 / 75  overloaded
    ├── DeadlineExceeded        504 / 75  deadline
    ├── PageTimeout             504 / 65  page_timeout (pages of jobs)
    └── ConfigurationError      500 / 78  configuration (at start-up: HTTP does not see it)

`code` is a stable interface: clients switch on it. `docs/reference/errors.md` lists each one with its cause and cure,
and a test compares the two. Errors cross processes pickled, so every constructor argument goes positionally to
`Exception.__init__`.
"""

from typing import ClassVar

__all__ = [
    "AccessDenied",
    "ConfigurationError",
    "Conflict",
    "DeadlineExceeded",
    "InsufficientStorage",
    "MalformedRequest",
    "ModelOutputError",
    "Overloaded",
    "PageTimeout",
    "QuotaExceeded",
    "RayocrError",
    "ReplicaCrashed",
    "SourceNotFound",
    "StorageUnavailable",
    "TooLarge",
    "TooManyErrors",
    "Unauthorized",
    "Undecodable",
    "UnsupportedType",
    "error_of_code",
]


class RayocrError(Exception):
    """Base of all errors that rayocr raises on purpose.

    Args:
        message: One sentence for a person: what was wrong, with what, and what to do.
    """

    code: ClassVar[str] = "internal"
    http_status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 70
    retryable: ClassVar[bool] = False

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return self.message


class MalformedRequest(RayocrError):
    """The request can't be understood: bad JSON, a missing field, a value out of range."""

    code = "malformed"
    http_status = 400
    exit_code = 64


class Unauthorized(RayocrError):
    """The request carries no valid API key."""

    code = "unauthorized"
    http_status = 401
    exit_code = 77


class AccessDenied(RayocrError):
    """The source exists, or may exist, but must not be read: no permission, or an address that is not allowed."""

    code = "access_denied"
    http_status = 403
    exit_code = 77


class SourceNotFound(RayocrError):
    """The named object, file or page does not exist."""

    code = "source_not_found"
    http_status = 404
    exit_code = 66


class Conflict(RayocrError):
    """The request does not fit what is there: a key used before for something else, a result that is not ready."""

    code = "conflict"
    http_status = 409
    exit_code = 65


class TooLarge(RayocrError):
    """A limit on bytes, pixels or pages was passed. Nothing was decoded."""

    code = "too_large"
    http_status = 413
    exit_code = 65


class UnsupportedType(RayocrError):
    """The document is of a type that rayocr does not read."""

    code = "unsupported_type"
    http_status = 415
    exit_code = 65


class Undecodable(RayocrError):
    """The document is of a supported type, but damaged beyond reading, or encrypted."""

    code = "undecodable"
    http_status = 422
    exit_code = 65


class _RetryLater(RayocrError):
    """An error that passes by itself.

    Args:
        message: One sentence that names the exhausted limit.
        retry_after_s: Seconds after which to try again; they become the header Retry-After.
    """

    exit_code = 75
    retryable = True

    def __init__(self, message: str, retry_after_s: float = 1.0) -> None:
        super().__init__(message)
        self.args = (message, retry_after_s)
        self.retry_after_s = retry_after_s


class QuotaExceeded(_RetryLater):
    """An API key has used up its share."""

    code = "quota"
    http_status = 429


class Overloaded(_RetryLater):
    """Every queue that this request could wait in is full."""

    code = "overloaded"
    http_status = 503


class ModelOutputError(RayocrError):
    """A net returned what its manifest does not promise: model file and manifest disagree, or the net broke."""

    code = "model_output"


class ReplicaCrashed(RayocrError):
    """This document repeatedly ended the replica that worked on it. The replica is replaced."""

    code = "replica_crashed"


class TooManyErrors(RayocrError):
    """So many documents of a bulk run failed that the cause can't be the documents alone."""

    code = "too_many_errors"
    exit_code = 69


class StorageUnavailable(RayocrError):
    """The storage that holds the source can't be reached, or failed while it was read."""

    code = "storage_unavailable"
    http_status = 502
    exit_code = 74
    retryable = True


class InsufficientStorage(RayocrError):
    """The disk, the bucket or its quota is full: nothing more can be written until there is space."""

    code = "insufficient_storage"
    http_status = 507
    exit_code = 73


class DeadlineExceeded(RayocrError):
    """The request's time ran out. Work that had not begun was dropped."""

    code = "deadline"
    http_status = 504
    exit_code = 75
    retryable = True


class PageTimeout(RayocrError):
    """A page of a job took more working time than its size allows. Waiting does not count, so load is not a cause."""

    code = "page_timeout"
    http_status = 504
    exit_code = 65


class ConfigurationError(RayocrError):
    """A setting, a model bundle or this machine does not allow rayocr to start."""

    code = "configuration"
    exit_code = 78


def error_of_code(code: str, message: str) -> RayocrError:
    """Make the error that was kept by its code, as jobs keep those of their pages.

    Args:
        code: Its `code`; one that is not known, such as a job's `poison`, makes a `RayocrError`.
        message: Its message.
    """
    kinds = [RayocrError]
    for kind in kinds:
        if kind.__dict__.get("code") == code:
            return kind(message)
        kinds += kind.__subclasses__()
    return RayocrError(message)
