"""Takes https:// URLs apart, and refuses those that can be refused before a name is resolved."""

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urljoin, urlsplit

from deployments.storage.https.hosts import host_from_parts, is_allowed_host
from deployments.storage.settings import StorageSettings
from models.errors import AccessDenied, MalformedRequest

__all__ = ["HttpsUrl", "url_from_location", "without_query"]

# Every character that path and query may have (RFC 3986), and "%", since the rest is escaped already. Other characters,
# such as letters with accents, are escaped as UTF-8.
_SAFE = "/?:@!$&'()*+,;=-._~%"


@dataclass(frozen=True, slots=True)
class HttpsUrl:
    """An https:// URL that the settings allow.

    Args:
        host: The host's name in lower case and ASCII (IDNA), or an IPv6 address without brackets.
        port: The port to connect to.
        target: Path and query, escaped, as they go into the request line.
    """

    host: str
    port: int
    target: str

    @property
    def shown(self) -> str:
        """The URL for messages and logs, without its query, which in pre-signed URLs is a credential."""
        return f"https://{self._authority}{self.target.partition('?')[0]}"

    @property
    def name(self) -> str | None:
        """The last part of the path; None if the path has none."""
        return unquote(self.target.partition("?")[0].rpartition("/")[2]) or None

    def join(self, reference: str) -> str:
        """Resolve a redirect's Location, which may be relative, against this URL."""
        return urljoin(f"https://{self._authority}{self.target}", reference)

    @property
    def _authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == 443 else f"{host}:{self.port}"


def without_query(location: str) -> str:
    """Give a location as it may be shown and kept: the query of an `https://` URL is often a credential.

    Args:
        location: The location of a document, of any scheme. In the key of an object, `?` stands for itself.
    """
    return re.split("[?#]", location, maxsplit=1)[0] if location[:8].lower() == "https://" else location


def url_from_location(location: str, settings: StorageSettings) -> HttpsUrl:
    """Take a URL apart, and check all of it but the addresses behind the name.

    Args:
        location: The URL of a client, or of a redirect.
        settings: The hosts and ports that are allowed.

    Returns:
        The parts of the URL, ready to connect. A fragment is dropped.

    Raises:
        MalformedRequest: The URL is not valid, or has a user name.
        AccessDenied: The URL has another scheme (a redirect to http://), or a host or port that is not allowed.
    """
    # urlsplit drops tabs and line ends, and leaves backslashes, which browsers take for slashes. A URL must not be read
    # in two ways.
    if any(character <= " " or character in "\\\x7f" for character in location):
        raise MalformedRequest("an https:// URL must not have spaces, control characters or backslashes: escape them")
    try:
        parts = urlsplit(location)
        host, port = host_from_parts(parts), parts.port
    except ValueError as error:  # or its subclass UnicodeError: a label is too long, or has letters that IDNA forbids
        raise MalformedRequest(f"not a valid URL: {error}") from error
    if parts.scheme != "https":
        raise AccessDenied(f"{parts.scheme or 'an empty scheme'}:// is not fetched, only https://")
    if "@" in parts.netloc:
        raise MalformedRequest("an https:// URL must not carry a user name or a password")
    if not host:
        raise MalformedRequest("the https:// URL names no host: https://host/path")
    target = quote(parts.path or "/", safe=_SAFE) + (f"?{quote(parts.query, safe=_SAFE)}" if parts.query else "")
    url = HttpsUrl(host, 443 if port is None else port, target)
    if url.port not in settings.https_ports:
        raise AccessDenied(f"port {url.port} of {url.host} is not among storage.https_ports {settings.https_ports}")
    if settings.https_allowed_hosts and not is_allowed_host(host, settings.https_allowed_hosts):
        raise AccessDenied(f"{host} is not among storage.https_allowed_hosts")
    return url
