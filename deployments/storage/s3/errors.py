"""Turns boto3's errors into ours, by their type and by the storage's own code."""

from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

import urllib3.exceptions
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
    SSOError,
    TokenRetrievalError,
)

from models.errors import (
    AccessDenied,
    InsufficientStorage,
    MalformedRequest,
    RayocrError,
    SourceNotFound,
    StorageUnavailable,
)

__all__ = ["DELETE_OBJECT", "GET_OBJECT", "HEAD_BUCKET", "PUT_OBJECT", "S3_FAILURES", "S3Action", "translate_s3"]

# botocore wraps most of urllib3's errors, but not errors of TLS in mid-body.
S3_FAILURES = (BotoCoreError, ClientError, urllib3.exceptions.HTTPError)

_NO_CREDENTIALS = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

# Codes whose status misleads: S3 answers 400 with these.
_CREDENTIAL_CODES = frozenset({"ExpiredToken", "InvalidToken", "InvalidAccessKeyId", "SignatureDoesNotMatch"})
_PASSING_CODES = frozenset({"RequestTimeout", "SlowDown", "Throttling", "RequestLimitExceeded"})
# Codes of MinIO and Ceph. A bucket of AWS is never full.
_FULL_CODES = frozenset({"XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "QuotaExceeded"})


@dataclass(frozen=True, slots=True)
class S3Action:
    """An action on a storage, in the words of a message.

    Args:
        verb: The infinitive.
        participle: The past participle.
        needs: The permissions that the action needs.
    """

    verb: str
    participle: str
    needs: str


GET_OBJECT = S3Action("read", "read", "it needs s3:GetObject, a listing s3:ListBucket")
HEAD_BUCKET = S3Action("access", "accessed", "it needs s3:ListBucket")
PUT_OBJECT = S3Action("write", "written", "it needs s3:PutObject")
DELETE_OBJECT = S3Action("delete", "deleted", "it needs s3:DeleteObject")


def translate_s3(
    error: BotoCoreError | ClientError | urllib3.exceptions.HTTPError,
    location: str,
    endpoint: str,
    action: S3Action = GET_OBJECT,
) -> RayocrError:
    """Translate an error of boto3 for the caller who asked for a document.

    Args:
        error: One of `S3_FAILURES`.
        location: The location that was read, listed, written or deleted.
        endpoint: URL of the storage.
        action: The action that failed.

    Returns:
        The error to raise instead.
    """
    host = urlsplit(endpoint).netloc or endpoint
    if isinstance(error, ClientError):
        return _translate_answer(error, location, host, action)
    if isinstance(error, _NO_CREDENTIALS):
        return AccessDenied(
            f"no usable credentials for {host}: {error}; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, "
            "or give the process a role"
        )
    if isinstance(error, ParamValidationError):
        return MalformedRequest(f"{location} can't be asked for: {error}")
    if isinstance(error, ConnectTimeoutError):
        return StorageUnavailable(f"{host} did not accept a connection in time (storage.connect_timeout_s)")
    if isinstance(error, ReadTimeoutError):
        return StorageUnavailable(
            f"{host} was silent for too long (storage.read_timeout_s) while {location} was {action.participle}"
        )
    return StorageUnavailable(
        f"{host} can't be reached, or broke off while {location} was {action.participle}: {error}"
    )


def _translate_answer(error: ClientError, location: str, host: str, action: S3Action) -> RayocrError:
    """Translate an answer of the storage, first by its code and then by its status, which is not always right."""
    code = error.response["Error"].get("Code", "")
    status = error.response["ResponseMetadata"].get("HTTPStatusCode", 0)
    # An answer to HEAD has no body, and botocore gives its status as its code.
    said = f"{host} answered {status}" if code in ("", str(status)) else f"{host} answered {status} {code}"
    if code == "NoSuchBucket" or (action is HEAD_BUCKET and status == HTTPStatus.NOT_FOUND):
        return SourceNotFound(f"the bucket of {location} does not exist on {host}")
    if code in _FULL_CODES or status == HTTPStatus.INSUFFICIENT_STORAGE:
        return InsufficientStorage(f"{location} can't be written: {said}; make space, or raise the quota")
    if status == HTTPStatus.NOT_FOUND:
        return SourceNotFound(f"{location} does not exist: {said}")
    if code in _PASSING_CODES or status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return StorageUnavailable(f"{location} can't be {action.participle} now: {said}")
    if code in _CREDENTIAL_CODES:
        return AccessDenied(f"the credentials were refused: {said}; check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    if code == "InvalidObjectState":
        return AccessDenied(f"{location} is archived: {said}; restore it first")
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return AccessDenied(f"no permission to {action.verb} {location}: {said}; {action.needs}")
    return MalformedRequest(f"{location} was refused: {said}: {error.response['Error'].get('Message', '')}")
