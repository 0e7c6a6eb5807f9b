"""Lists the export formats, one a row. A format's module is imported when the format is first used."""

from functools import cache
from importlib import import_module
from typing import cast

from models.errors import MalformedRequest
from serve.exports.base import Export

__all__ = ["FORMATS", "export_format"]

# Modules are imported late: lxml and pikepdf are slow to import, and few requests ask for a format that needs them.
_ROWS = {
    "json": ("serve.exports.json", "JsonExport"),
    "text": ("serve.exports.text", "TextExport"),
    "markdown": ("serve.exports.markdown", "MarkdownExport"),
    "tsv": ("serve.exports.tsv", "TsvExport"),
    "hocr": ("serve.exports.hocr", "HocrExport"),
    "alto": ("serve.exports.alto", "AltoExport"),
    "page": ("serve.exports.page_xml", "PageXmlExport"),
    "pdf": ("serve.exports.pdf", "PdfExport"),
    "archive": ("serve.exports.pdf", "ArchiveExport"),
}

_TABLES = ("tsv",)

FORMATS = tuple(_ROWS)
"""The values of `format=`; the first is the default."""


@cache
def export_format(name: str, *, spreadsheet_safe: bool = False) -> Export:
    """Find a format.

    Args:
        name: One of `FORMATS`.
        spreadsheet_safe: Whether cells of a table must not be formulas; nothing else has cells.

    Raises:
        MalformedRequest: There is no format of that name.
    """
    if name not in _ROWS:
        raise MalformedRequest(f"unknown format {name[:40]!r}; known are {', '.join(_ROWS)}")
    module, export = _ROWS[name]
    options = {"spreadsheet_safe": True} if spreadsheet_safe and name in _TABLES else {}
    return cast(Export, getattr(import_module(module), export)(**options))
