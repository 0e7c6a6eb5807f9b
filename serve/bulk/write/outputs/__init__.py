"""The output formats of a bulk run: one JSON object or exported file a document, or shards of JSONL or Parquet.

A new format is one module with an `OutputFormat` and one row in `registry.py`. Exports themselves are in
`serve.exports`.
"""

from serve.bulk.write.outputs.base import OutputFormat, ResultWriter, WriterOptions
from serve.bulk.write.outputs.registry import FORMATS, RESULT_FORMATS, output_format

__all__ = ["FORMATS", "RESULT_FORMATS", "OutputFormat", "ResultWriter", "WriterOptions", "output_format"]
