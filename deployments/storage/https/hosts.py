"""Finds the hosts of https:// URLs, and compares them with lists of names."""

from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

__all__ = ["host_from_parts", "host_of", "is_allowed_host"]


def host_of(location: str) -> str:
    """Find the host of a URL in lower case and ASCII (IDNA); '' if there is none, or none that is valid.

    Args:
        location: The URL.
    """
    try:
        return host_from_parts(urlsplit(location))
    except ValueError:
        return ""


def is_allowed_host(host: str, allowed: Iterable[str]) -> bool:
    """Whether a host is among some names.

    Args:
        host: The host's name in lower case.
        allowed: Names of hosts; a leading dot means all names below.
    """
    return any(host.endswith(name) if name.startswith(".") else host == name for name in map(str.lower, allowed))


def host_from_parts(parts: SplitResult) -> str:
    """Find the host of a URL in lower case and ASCII (IDNA), an IPv6 address without brackets; '' if there is none.

    Args:
        parts: The URL, taken apart.

    Raises:
        ValueError: The host is not valid.
    """
    host = (parts.hostname or "").rstrip(".")
    if ":" in host:
        return str(ip_address(host))
    return host.encode("idna").decode("ascii").lower()
