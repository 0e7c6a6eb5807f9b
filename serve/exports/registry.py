"""Which export formats there are. One row each; a format's module is imported when it is first used."""

from functools import cache
from importlib import import_module
from typing import cast

from models.errors import MalformedRequest
from serve.exports.base import Export

__all__ = ["FORMATS", "export_format"]

# Imported late: lxml and pikepdf are slow to import, and few requests ask for what needs them.
_ROWS = {
    "json": ("serve.exports.json", "JsonExport"),
    "text": ("serve.exports.text", "TextExport"),
    "markdown": ("serve.exports.markdown", "MarkdownExport"),
    "tsv": ("serve.exports.tsv", "TsvExport"),
    "hocr": ("serve.exports.hocr", "HocrExport"),
    "alto": ("serve.exports.alto", "AltoExport"),
    "page": ("serve.exports.page_xml", "PageXmlExport"),
    "pdf": ("serve.exports.pdf", "PdfExport"),
}

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
    module, export = _ROWS[name]
    return cast(Export, getattr(import_module(module), export)())
