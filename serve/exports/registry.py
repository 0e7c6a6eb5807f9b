"""Lists the export formats, one a row. A format's module is imported when the format is first used."""

from functools import cache
from importlib import import_module
from typing import cast

from models.errors import MalformedRequest
from serve.exports.base import Export

__all__ = ["FORMATS", "check_part", "export_format"]

# Modules are imported late: lxml and pikepdf are slow to import, and few requests ask for a format that needs them.
_ROWS = {
    "json": ("serve.exports.json", "JsonExport"),
    "text": ("serve.exports.text", "TextExport"),
    "markdown": ("serve.exports.markdown", "MarkdownExport"),
    "html": ("serve.exports.html", "HtmlExport"),
    "tsv": ("serve.exports.tsv", "TsvExport"),
    "csv": ("serve.exports.csv", "CsvExport"),
    "hocr": ("serve.exports.xml.hocr", "HocrExport"),
    "alto": ("serve.exports.xml.alto", "AltoExport"),
    "page": ("serve.exports.xml.page_xml", "PageXmlExport"),
    "pdf": ("serve.exports.pdf", "PdfExport"),
    "archive": ("serve.exports.pdf", "ArchiveExport"),
}

# Formats that hold nothing but one part of the pages' structure.
_PARTS = {"csv": "tables"}

FORMATS = tuple(_ROWS)
"""The values of `format=`; the first is the default."""


def check_part(name: str | None, structure: str | None) -> None:
    """Check that a format's part of the structure is asked for.

    Args:
        name: Name of a format; None if none is named.
        structure: The parts that are asked for, joined by commas; None for none.

    Raises:
        MalformedRequest: The format holds nothing but a part that is not asked for.
    """
    part = _PARTS.get(name or "")
    if part is not None and part not in (structure or "").split(","):
        raise MalformedRequest(f"{name} holds nothing but {part}: add structure={part}, or choose another format")


@cache
def export_format(name: str) -> Export:
    """Find a format.

    Args:
        name: One of `FORMATS`.

    Raises:
        MalformedRequest: There is no format of that name.
    """
    if name not in _ROWS:
        raise MalformedRequest(f"unknown format {name[:40]!r}; known are {', '.join(_ROWS)}")
    module, export = _ROWS[name]
    return cast(Export, getattr(import_module(module), export)())
