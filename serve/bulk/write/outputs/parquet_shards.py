"""Shards of Parquet, for analytics. The schema is in `schema.py`."""

import io
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from models.errors import MalformedRequest
from serve.bulk.documents import DocumentResult
from serve.bulk.write.outputs.schema import cast_as_needed, table_from_results
from serve.bulk.write.outputs.shards import ShardFormat

__all__ = ["ParquetShards"]


class ParquetShards(ShardFormat[pa.Table]):
    """Writes shards of Parquet, compressed with zstd."""

    name = "parquet"
    suffix = ".parquet"

    def rows(self, results: Sequence[DocumentResult]) -> list[pa.Table]:
        """Make a table of one row for each result."""
        table = table_from_results(results)
        return [table.slice(index, 1) for index in range(len(table))]

    def encode(self, rows: Sequence[pa.Table]) -> bytes:
        """Make the Parquet file of some rows."""
        return _encode(pa.concat_tables(rows))

    def keys_and_etags(self, content: bytes, shown: str) -> Iterable[tuple[str, str]]:
        """Read the key and the ETag of each row of a file."""
        try:
            table = pq.read_table(io.BytesIO(content), columns=["key", "etag"])
            return zip(table["key"].to_pylist(), table["etag"].to_pylist(), strict=True)
        except (pa.ArrowInvalid, KeyError) as error:
            raise MalformedRequest(
                f"{shown} is not a result of a bulk run; move it out of the output folder"
            ) from error

    def without(self, content: bytes, kept: npt.NDArray[np.bool_]) -> bytes:
        """Make a file of only some rows."""
        return _encode(pq.read_table(io.BytesIO(content)).filter(pa.array(kept)))


def _encode(table: pa.Table) -> bytes:
    content = io.BytesIO()
    # One group of rows, since a shard is read as a whole.
    pq.write_table(cast_as_needed(table), content, compression="zstd", row_group_size=max(1, len(table)))
    return content.getvalue()
