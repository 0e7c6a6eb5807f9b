"""Reads https:// sources, which are off by default, and guards against requests into the network of this machine."""

import http.client
import ssl
from collections.abc import Iterator
from http import HTTPStatus
from typing import NoReturn

from deployments.document import Document
from deployments.storage.base import CHUNK_BYTES, Storage, StoredObject, read_limited, refuse_over_limit
from deployments.storage.https.address_policy import AddressPolicy
from deployments.storage.https.connection import CheckedConnection, Resolver, resolve
from deployments.storage.https.url import HttpsUrl, url_from_location
from deployments.storage.retry import Deadline, Retry
from deployments.storage.settings import StorageSettings
from models.errors import AccessDenied, MalformedRequest, SourceNotFound, StorageUnavailable, UnsupportedType

__all__ = ["HttpsStorage"]

# The body must not be packed: it would grow past every limit on bytes while it is unpacked.
_HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity", "Connection": "close", "User-Agent": "rayocr"}
_REDIRECTS = frozenset(
    {
        HTTPStatus.MOVED_PERMANENTLY,
        HTTPStatus.FOUND,
        HTTPStatus.SEE_OTHER,
        HTTPStatus.TEMPORARY_REDIRECT,
        HTTPStatus.PERMANENT_REDIRECT,
    }
)
_DENIED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS})
_GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_LATER = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


class HttpsStorage(Storage):
    """Fetches documents from public https:// URLs.

    Each hop is checked: the scheme, the port, the host, and the address of the connection. Every fetch has its own
    connection, without credentials or cookies.

    Args:
        settings: Whether https:// is on, time-outs, allowed hosts and ports.
        policy: Decides which addresses are allowed; by default public ones and `settings.https_allowed_networks`.
        resolver: Finds the addresses of a name; by default the system's resolver.
        tls: Trusted authorities; by default the system's (or those of `SSL_CERT_FILE`).
    """

    def __init__(
        self,
        settings: StorageSettings,
        policy: AddressPolicy | None = None,
        resolver: Resolver = resolve,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._settings = settings
        self._policy = policy or AddressPolicy(settings.https_allowed_networks)
        self._resolver = resolver
        self._tls = tls or ssl.create_default_context()
        self._retry = Retry.from_settings(settings)

    def read(self, location: str, max_bytes: int) -> Document:
        """Fetch a document, as `Storage.read` says.

        Raises:
            UnsupportedType: The server packs the body (Content-Encoding) though it was asked not to.
        """
        if not self._settings.https_enabled:
            raise AccessDenied("https:// sources are off; set storage.https_enabled to true, or upload the document")
        url = url_from_location(location, self._settings)
        return self._retry.call(lambda deadline: self._follow(url, max_bytes, deadline))

    def list(self, location: str) -> Iterator[StoredObject]:
        """Refuse to list, since HTTP has no listing."""
        _refuse_listing()

    def close(self) -> None:
        """Do nothing, since connections end with their fetch."""

    def _follow(self, url: HttpsUrl, max_bytes: int, deadline: Deadline) -> Document:
        """Fetch a document through at most `https_max_redirects` redirects."""
        first = url
        for _ in range(self._settings.https_max_redirects + 1):
            answer = self._fetch(url, max_bytes, deadline)
            if isinstance(answer, Document):
                return answer
            url = url_from_location(answer, self._settings)
        limit = self._settings.https_max_redirects
        raise MalformedRequest(f"{first.shown} redirects more than {limit} times (storage.https_max_redirects)")

    def _fetch(self, url: HttpsUrl, max_bytes: int, deadline: Deadline) -> Document | str:
        """Make one request. Returns the document, or the URL to which the server redirects."""
        connection = CheckedConnection(url, self._settings, deadline, self._policy, self._resolver, self._tls)
        try:
            connection.request("GET", url.target, headers=_HEADERS)
            with connection.getresponse() as response:
                if response.status in _REDIRECTS:
                    return url.join(_location(response, url))
                _refuse_status(response, url)
                refuse_over_limit(response.length or 0, max_bytes, url.shown)
                return Document(read_limited(_chunks(response), max_bytes, url.shown), url.name)
        except ssl.SSLCertVerificationError as error:
            raise StorageUnavailable(f"{url.host} has no valid certificate: {error.verify_message}") from error
        except TimeoutError as error:
            deadline.check(url.shown)
            raise StorageUnavailable(f"{url.host} was silent for too long (storage.read_timeout_s)") from error
        except http.client.IncompleteRead as error:
            raise StorageUnavailable(f"{url.host} closed the connection in mid-body") from error
        except (OSError, http.client.HTTPException) as error:
            raise StorageUnavailable(f"{url.host} did not answer properly: {type(error).__name__}: {error}") from error
        finally:
            connection.close()


def _refuse_listing() -> NoReturn:
    raise MalformedRequest("https:// has no listing; name each document by its own URL")


def _chunks(response: http.client.HTTPResponse) -> Iterator[bytes]:
    # read1 returns the bytes that have come in; read(n) would wait for n bytes, past the time limit. read1 takes an
    # early end for the end, and before Python 3.11.8 does not count down `length`, so the bytes are counted here.
    remaining = response.length
    while remaining is None or remaining > 0:
        chunk = response.read1(CHUNK_BYTES if remaining is None else min(CHUNK_BYTES, remaining))
        if not chunk:
            break
        yield chunk
        if remaining is not None:
            remaining -= len(chunk)
    if remaining:
        raise http.client.IncompleteRead(b"", remaining)


def _location(response: http.client.HTTPResponse, url: HttpsUrl) -> str:
    location = response.getheader("Location")
    if not location:
        raise MalformedRequest(f"{url.shown} redirects ({response.status}) without saying where to")
    return location


def _refuse_status(response: http.client.HTTPResponse, url: HttpsUrl) -> None:
    """Raise our error for every status but 200."""
    answered = f"{url.shown} answered {response.status} {response.reason}".rstrip()
    if response.status in _GONE:
        raise SourceNotFound(answered)
    if response.status in _DENIED:
        raise AccessDenied(f"{answered}; only documents that need no sign-in are fetched, pre-signed URLs included")
    if response.status in _LATER or response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise StorageUnavailable(answered)
    if response.status != HTTPStatus.OK:
        raise MalformedRequest(f"{answered}, not a document")
    encoding = response.getheader("Content-Encoding", "identity")
    if encoding.lower() != "identity":
        raise UnsupportedType(f"{url.shown} is sent packed (Content-Encoding: {encoding}); serve it unpacked")
