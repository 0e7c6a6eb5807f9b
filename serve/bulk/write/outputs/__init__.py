"""Where the results of a bulk run go: one JSON object a document, or shards of JSONL or Parquet.

Adding a format is one module with an `OutputFormat` and one row in `registry.py`.
"""

from serve.bulk.write.outputs.base import OutputFormat, ResultWriter, WriterOptions
from serve.bulk.write.outputs.registry import FORMATS, RESULT_FORMATS, output_format

__all__ = ["FORMATS", "RESULT_FORMATS", "OutputFormat", "ResultWriter", "WriterOptions", "output_format"]
