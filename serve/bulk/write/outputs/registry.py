"""The output formats, one row each. Their libraries are imported when a format is first used."""

from collections.abc import Callable
from functools import partial

from models.errors import MalformedRequest
from serve.bulk.write.outputs.base import OutputFormat
from serve.exports import FORMATS as EXPORTS
from serve.exports import export_format

__all__ = ["FORMATS", "RESULT_FORMATS", "output_format"]


def _json() -> OutputFormat:
    from serve.bulk.write.outputs.json_objects import JsonObjects

    return JsonObjects()


def _jsonl() -> OutputFormat:
    from serve.bulk.write.outputs.jsonl_shards import JsonlShards

    return JsonlShards()


def _parquet() -> OutputFormat:
    from serve.bulk.write.outputs.parquet_shards import ParquetShards

    return ParquetShards()


def _export(name: str) -> OutputFormat:
    from serve.bulk.write.outputs.export_objects import ExportObjects

    return ExportObjects(export_format(name))


_RESULT_BUILDERS: dict[str, Callable[[], OutputFormat]] = {"json": _json, "jsonl": _jsonl, "parquet": _parquet}
_BUILDERS: dict[str, Callable[[], OutputFormat]] = {
    **_RESULT_BUILDERS,
    **{name: partial(_export, name) for name in EXPORTS if name not in _RESULT_BUILDERS},
}

RESULT_FORMATS = tuple(_RESULT_BUILDERS)
"""Names of the formats that hold the whole result, with the document's key and ETag."""

FORMATS = tuple(_BUILDERS)
"""Names for `--format`; the first is the default."""


def output_format(name: str) -> OutputFormat:
    """Find a format.

    Args:
        name: One of `FORMATS`.

    Raises:
        MalformedRequest: There is no format of that name.
    """
    if name not in _BUILDERS:
        raise MalformedRequest(f"unknown output format {name!r}; known are {', '.join(_BUILDERS)}")
    return _BUILDERS[name]()
