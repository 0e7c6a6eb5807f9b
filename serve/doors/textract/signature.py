"""Checks the signatures of requests: Signature Version 4 of AWS, with a client's name and key for its two keys."""

import asyncio
import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest, HTTPHeaders
from botocore.credentials import Credentials
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import Message, Receive, Scope

from serve.api.keys import ApiKeys
from serve.doors.textract.refusal import Refusal

__all__ = ["signed_by"]

_METHOD = "AWS4-HMAC-SHA256"
_TIME = "%Y%m%dT%H%M%SZ"
_MOST_SKEW = timedelta(minutes=15)
_SERVICE = "textract"
# Without these in it, a signature would also hold for another service, time or operation.
_MUST_BE_SIGNED = ("host", "x-amz-date", "x-amz-target")


class _Signer(SigV4Auth):  # type: ignore[misc]
    """Signs the headers that a client has signed, and no others, with a digest of the body that is known."""

    def __init__(self, credentials: Credentials, service: str, region: str, digest: str) -> None:
        super().__init__(credentials, service, region)
        self._digest = digest

    def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:
        """All of them: the request was made of the signed ones."""
        headers: HTTPHeaders = request.headers
        return headers

    def payload(self, request: AWSRequest) -> str:
        """The SHA-256 of the body."""
        return self._digest


async def signed_by(
    scope: Scope, receive: Receive, keys: ApiKeys, now: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> tuple[str, Receive]:
    """Find the client that has signed a request.

    Args:
        scope: The scope of the request.
        receive: Receives its body, which is signed too.
        keys: The clients' keys.
        now: The present time.

    Returns:
        The client's name, and a way to receive the whole body again.

    Raises:
        Refusal: Nobody has signed it, or not so that it holds.
        RayocrError: The body can't be received.
    """
    headers = Headers(scope=scope)
    credential, signed, signature = _parts(headers)
    client, day, region, service, _ = credential
    moment = _checked_time(headers.get("x-amz-date", ""), day, now())
    if service != _SERVICE:
        raise Refusal("InvalidSignatureException", f"the signature is for {service[:40]!r}, not for {_SERVICE}")
    if missing := [name for name in _MUST_BE_SIGNED if name not in signed]:
        raise Refusal("InvalidSignatureException", f"the signature does not cover {', '.join(missing)}")
    secret_keys = await keys.secrets_of(client)
    if not secret_keys and await keys.digests_of(client):
        raise Refusal(
            "UnrecognizedClientException",
            "this client's key is kept as a hash, which can't check a signature: it needs rayocr keys new --plain",
        )
    if not secret_keys:
        raise Refusal("UnrecognizedClientException", "this access key, the name of a client, is not known here")
    body = await Request(scope, receive).body()
    digest = (await asyncio.to_thread(hashlib.sha256, body)).hexdigest()
    if headers.get("x-amz-content-sha256", digest) != digest:
        raise Refusal("InvalidSignatureException", "x-amz-content-sha256 is not the SHA-256 of the body")
    covered = [(name, value) for name, value in headers.items() if name in signed]
    signers = [_Signer(Credentials(client, key), service, region, digest) for key in secret_keys]
    expected = [_signature(signer, scope, covered, moment) for signer in signers]
    if not any(hmac.compare_digest(one, signature) for one in expected):
        raise Refusal(
            "InvalidSignatureException",
            "the signature is not the one that the client's key gives: check the secret key, and that no proxy changes "
            "the path, the host or the body",
        )
    return client, _again(body, receive)


def _parts(headers: Headers) -> tuple[list[str], set[str], str]:
    """Take the header Authorization apart: the credential's five parts, the names of signed headers, the signature."""
    method, _, rest = headers.get("authorization", "").partition(" ")
    if method != _METHOD:
        raise Refusal(
            "MissingAuthenticationTokenException",
            "an API key is needed: sign with the client's name as access key, and its key as secret key "
            f"({_METHOD} in Authorization)",
        )
    given = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    credential = given.get("Credential", "").split("/")
    signed = {name.lower() for name in given.get("SignedHeaders", "").split(";") if name}
    signature = given.get("Signature", "")
    if len(credential) != 5 or credential[-1] != "aws4_request" or not signed or not signature.isascii():
        raise Refusal(
            "IncompleteSignatureException",
            "Authorization needs Credential=NAME/DATE/REGION/textract/aws4_request, SignedHeaders and Signature",
        )
    return credential, signed, signature


def _checked_time(text: str, day: str, now: datetime) -> str:
    try:
        moment = datetime.strptime(text, _TIME).replace(tzinfo=UTC)
    except ValueError:
        raise Refusal(
            "IncompleteSignatureException", f"X-Amz-Date is {text[:40]!r}: a time such as 20261130T065959Z is needed"
        ) from None
    if abs(now - moment) > _MOST_SKEW or day != text[:8]:
        raise Refusal(
            "InvalidSignatureException",
            f"the signature is of {text}, and it is {now.strftime(_TIME)}: it holds for 15 minutes; set the clock",
        )
    return text


def _signature(signer: _Signer, scope: Scope, signed: list[tuple[str, str]], moment: str) -> str:
    path = scope.get("raw_path", scope["path"].encode()).decode("latin-1")
    request = AWSRequest(method=scope["method"], url=f"http://host{path}?{scope['query_string'].decode('latin-1')}")
    for name, value in signed:
        request.headers.add_header(name, value)
    request.context["timestamp"] = moment
    signature: str = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
    return signature


def _again(body: bytes, receive: Receive) -> Receive:
    left = [body]

    async def received() -> Message:
        if left:
            return {"type": "http.request", "body": left.pop(), "more_body": False}
        return await receive()  # which waits for the client to leave

    return received
