"""Which export formats there are. One row each; libraries are imported when a format is first used."""

from collections.abc import Callable
from functools import cache

from models.errors import MalformedRequest
from serve.exports.base import Export

__all__ = ["FORMATS", "export_format"]


def _json() -> Export:
    from serve.exports.json import JsonExport

    return JsonExport()


_ROWS: dict[str, Callable[[], Export]] = {"json": _json}

FORMATS = tuple(_ROWS)
"""What `format=` takes; the first is the default."""


@cache
def export_format(name: str) -> Export:
    """Find a format.

    Args:
        name: One of `FORMATS`.

    Raises:
        MalformedRequest: There is none of that name.
    """
    if name not in _ROWS:
        raise MalformedRequest(f"unknown format {name[:40]!r}; known are {', '.join(_ROWS)}")
    return _ROWS[name]()
