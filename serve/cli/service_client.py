"""Talks to a running service: it checks the address, sends the key, and translates errors."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from models.errors import ConfigurationError, MalformedRequest, RayocrError

if TYPE_CHECKING:
    import httpx

__all__ = ["connect", "error_of", "error_of_code"]


def connect(url: str, api_key_file: Path | None) -> "httpx.Client":
    """Make a client of one service, which sends the key with every request.

    Args:
        url: Address of the service.
        api_key_file: A file with the key; None if no key is asked for.

    Raises:
        MalformedRequest: The URL is not the address of a service.
        ConfigurationError: The key can't be read.
    """
    import httpx

    headers = {"X-API-Key": _key(api_key_file)} if api_key_file is not None else {}
    try:
        base = httpx.URL(url)
    except httpx.InvalidURL as exc:
        raise MalformedRequest(f"{url!r} is not a URL: {exc}") from exc
    if base.scheme not in ("http", "https") or not base.host:
        raise MalformedRequest(f"{url!r} is not the address of a service: write http://HOST:PORT")
    return httpx.Client(base_url=base, headers=headers)


def error_of(answer: "httpx.Response") -> RayocrError:
    """Make the error of an answer. If it is not a problem of rayocr's (RFC 9457), the error has its first words."""
    try:
        problem = answer.json()
        return error_of_code(problem["code"])(problem["detail"])
    except (ValueError, KeyError, TypeError):
        return RayocrError(f"{answer.url} answered {answer.status_code}: {answer.text[:200]}")


def error_of_code(code: str) -> type[RayocrError]:
    """Find the class of errors that has a code. An unknown code gives the class of unexpected errors."""
    return {kind.code: kind for kind in _kinds(RayocrError)}.get(code, RayocrError)


def _kinds(kind: type[RayocrError]) -> Iterator[type[RayocrError]]:
    """Yield a class of errors and all below it, without those that have no code of their own."""
    if "code" in vars(kind):
        yield kind
    for below in kind.__subclasses__():
        yield from _kinds(below)


def _key(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigurationError(f"the API key can't be read from {file}: {exc}") from exc
