"""What a document that was read can be given out as: JSON, text, hOCR, a searchable PDF and more."""

from serve.exports.base import Export, ReadDocument
from serve.exports.registry import FORMATS, export_format

__all__ = ["FORMATS", "Export", "ReadDocument", "export_format"]
