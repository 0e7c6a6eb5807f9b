"""Makes the client with which the command line talks to a running service."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from models.errors import ConfigurationError, Overloaded, error_of_code

if TYPE_CHECKING:
    import rayocr

__all__ = ["connect", "translated_errors"]


@contextmanager
def connect(url: str, api_key_file: Path | None, *, retries: int = 3) -> Iterator["rayocr.Client"]:
    """Make a client of one service, which sends the key with every request. Its errors become those of this package.

    Args:
        url: Address of the service.
        api_key_file: A file with the key; None if no key is asked for.
        retries: How often a request is sent again if the service is full or does not answer.

    Raises:
        MalformedRequest: The URL is not the address of a service.
        ConfigurationError: The key can't be read.
    """
    import rayocr

    key = None if api_key_file is None else _key(api_key_file)
    with translated_errors(), rayocr.Client(url, api_key=key, retries=retries) as client:
        yield client


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn the errors of the client into those of this package, which know their exit codes."""
    import rayocr

    try:
        yield
    except rayocr.NoAnswer as error:
        raise Overloaded(str(error)) from error
    except rayocr.RayocrError as error:
        raise error_of_code(error.code, str(error)) from error


def _key(file: Path) -> str:
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigurationError(f"the API key can't be read from {file}: {exc}") from exc
