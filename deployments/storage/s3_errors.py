"""boto3's errors, told apart by type and by the storage's own code, and turned into ours."""

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

from models.errors import AccessDenied, MalformedRequest, RayocrError, SourceNotFound, StorageUnavailable

__all__ = ["S3_FAILURES", "translate_s3"]

# botocore wraps most of urllib3's errors, but not those of TLS in mid-body.
S3_FAILURES = (BotoCoreError, ClientError, urllib3.exceptions.HTTPError)

_NO_CREDENTIALS = (
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

# Codes that come with a status that misleads: S3 answers 400 to these.
_CREDENTIAL_CODES = frozenset({"ExpiredToken", "InvalidToken", "InvalidAccessKeyId", "SignatureDoesNotMatch"})
_PASSING_CODES = frozenset({"RequestTimeout", "SlowDown", "Throttling", "RequestLimitExceeded"})


def translate_s3(
    error: BotoCoreError | ClientError | urllib3.exceptions.HTTPError, location: str, endpoint: str
) -> RayocrError:
    """Say what an error of boto3 means for whoever asked for the document.

    Args:
        error: One of `S3_FAILURES`.
        location: What was read or listed.
        endpoint: URL of the storage.

    Returns:
        The error to raise instead.
    """
    host = urlsplit(endpoint).netloc or endpoint
    if isinstance(error, ClientError):
        return _translate_answer(error, location, host)
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
        return StorageUnavailable(f"{host} was silent for too long (storage.read_timeout_s) while {location} was read")
    return StorageUnavailable(f"{host} can't be reached, or broke off while {location} was read: {error}")


def _translate_answer(error: ClientError, location: str, host: str) -> RayocrError:
    """Judge an answer of the storage by its code first, since its status is not always right, then by its status."""
    code = error.response["Error"].get("Code", "")
    status = error.response["ResponseMetadata"].get("HTTPStatusCode", 0)
    said = f"{host} answered {status} {code}".rstrip()
    if code == "NoSuchBucket":
        return SourceNotFound(f"the bucket of {location} does not exist on {host}")
    if status == HTTPStatus.NOT_FOUND:
        return SourceNotFound(f"{location} does not exist: {said}")
    if code in _PASSING_CODES or status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return StorageUnavailable(f"{location} can't be read now: {said}")
    if code in _CREDENTIAL_CODES:
        return AccessDenied(f"the credentials were refused: {said}; check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    if code == "InvalidObjectState":
        return AccessDenied(f"{location} is archived: {said}; restore it first")
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return AccessDenied(f"no permission to read {location}: {said}; it needs s3:GetObject, a listing s3:ListBucket")
    return MalformedRequest(f"{location} was refused: {said}: {error.response['Error'].get('Message', '')}")
