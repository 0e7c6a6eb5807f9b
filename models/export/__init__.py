"""Writes the nets of a bundle as ONNX files for other runtimes: with fixed shapes, in other precisions, from pixels.

The service does not use these files. It loads a bundle's own files and changes them in memory (`models.runtime`).
"""

from models.export.bundle import ExportedFile, export_bundle
from models.export.options import ExportOptions, Precision, parse_size

__all__ = ["ExportOptions", "ExportedFile", "Precision", "export_bundle", "parse_size"]
