"""The errors that a service answers, one class a code, and the one of a service that does not answer."""

from __future__ import annotations

from typing import ClassVar


class RayocrError(Exception):
    """Base of all errors of this package, and the error of a code that it does not know.

    Args:
        message: One sentence for a person.
        code: The stable code, as the service gave it; None for that of the class.
        status: HTTP status of the answer; None without an answer.
        request_id: Id of the request, which the service's log has too.
        retry_after_s: Seconds after which to try again; None if the service named none.
    """

    default_code: ClassVar[str] = "internal"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code or self.default_code
        self.status = status
        self.request_id = request_id
        self.retry_after_s = retry_after_s


class NoAnswer(RayocrError):
    """The service can't be reached, or its answer broke off."""

    default_code = "no_answer"


class MalformedRequest(RayocrError):
    """The service answered `malformed`; its message says what was wrong, with what, and what to do."""

    default_code = "malformed"


class Unauthorized(RayocrError):
    """The service answered `unauthorized`; its message says what was wrong, with what, and what to do."""

    default_code = "unauthorized"


class AccessDenied(RayocrError):
    """The service answered `access_denied`; its message says what was wrong, with what, and what to do."""

    default_code = "access_denied"


class SourceNotFound(RayocrError):
    """The service answered `source_not_found`; its message says what was wrong, with what, and what to do."""

    default_code = "source_not_found"


class Conflict(RayocrError):
    """The service answered `conflict`; its message says what was wrong, with what, and what to do."""

    default_code = "conflict"


class TooLarge(RayocrError):
    """The service answered `too_large`; its message says what was wrong, with what, and what to do."""

    default_code = "too_large"


class UnsupportedType(RayocrError):
    """The service answered `unsupported_type`; its message says what was wrong, with what, and what to do."""

    default_code = "unsupported_type"


class Undecodable(RayocrError):
    """The service answered `undecodable`; its message says what was wrong, with what, and what to do."""

    default_code = "undecodable"


class QuotaExceeded(RayocrError):
    """The service answered `quota`; its message says what was wrong, with what, and what to do."""

    default_code = "quota"


class Overloaded(RayocrError):
    """The service answered `overloaded`; its message says what was wrong, with what, and what to do."""

    default_code = "overloaded"


class ModelOutputError(RayocrError):
    """The service answered `model_output`; its message says what was wrong, with what, and what to do."""

    default_code = "model_output"


class ReplicaCrashed(RayocrError):
    """The service answered `replica_crashed`; its message says what was wrong, with what, and what to do."""

    default_code = "replica_crashed"


class TooManyErrors(RayocrError):
    """The service answered `too_many_errors`; its message says what was wrong, with what, and what to do."""

    default_code = "too_many_errors"


class StorageUnavailable(RayocrError):
    """The service answered `storage_unavailable`; its message says what was wrong, with what, and what to do."""

    default_code = "storage_unavailable"


class InsufficientStorage(RayocrError):
    """The service answered `insufficient_storage`; its message says what was wrong, with what, and what to do."""

    default_code = "insufficient_storage"


class DeadlineExceeded(RayocrError):
    """The service answered `deadline`; its message says what was wrong, with what, and what to do."""

    default_code = "deadline"


class PageTimeout(RayocrError):
    """The service answered `page_timeout`; its message says what was wrong, with what, and what to do."""

    default_code = "page_timeout"


class ConfigurationError(RayocrError):
    """The service answered `configuration`; its message says what was wrong, with what, and what to do."""

    default_code = "configuration"


def error_class(code: str) -> type[RayocrError]:
    """Find the class of a code; an unknown code gives `RayocrError`."""
    return next((kind for kind in RayocrError.__subclasses__() if kind.default_code == code), RayocrError)
