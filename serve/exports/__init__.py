"""The formats in which the result of a document is written: JSON, text, hOCR, a searchable PDF and more.

A format is one module and one row in `registry.py`. Searchable PDFs are made in `serve.searchable_pdf`; bulk runs write
their tables and shards in `serve.bulk`.
"""

from serve.exports.base import AS_USUAL, Export, ExportOptions, ReadDocument
from serve.exports.registry import FORMATS, export_format

__all__ = ["AS_USUAL", "FORMATS", "Export", "ExportOptions", "ReadDocument", "export_format"]
