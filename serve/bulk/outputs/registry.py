"""Which output formats there are. One row each; libraries are imported when a format is first used."""

from collections.abc import Callable

from models.errors import MalformedRequest
from serve.bulk.outputs.base import OutputFormat

__all__ = ["FORMATS", "output_format"]


def _json() -> OutputFormat:
    from serve.bulk.outputs.json_objects import JsonObjects

    return JsonObjects()


def _jsonl() -> OutputFormat:
    from serve.bulk.outputs.jsonl_shards import JsonlShards

    return JsonlShards()


def _parquet() -> OutputFormat:
    from serve.bulk.outputs.parquet_shards import ParquetShards

    return ParquetShards()


_ROWS: dict[str, Callable[[], OutputFormat]] = {"json": _json, "jsonl": _jsonl, "parquet": _parquet}

FORMATS = tuple(_ROWS)
"""What `--format` takes; the first is the default."""


def output_format(name: str) -> OutputFormat:
    """Find a format.

    Args:
        name: One of `FORMATS`.

    Raises:
        MalformedRequest: There is none of that name.
    """
    if name not in _ROWS:
        raise MalformedRequest(f"unknown output format {name!r}; known are {', '.join(_ROWS)}")
    return _ROWS[name]()
