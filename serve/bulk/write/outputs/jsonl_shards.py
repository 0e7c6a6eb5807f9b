"""Shards of JSON Lines: the rows of the JSON objects, one a line."""

from collections.abc import Iterable, Sequence
from itertools import compress

import numpy as np
import numpy.typing as npt

from serve.bulk.documents import DocumentResult
from serve.bulk.write.outputs.rows import key_and_etag, row_from_result
from serve.bulk.write.outputs.shards import ShardFormat

__all__ = ["JsonlShards"]


class JsonlShards(ShardFormat[bytes]):
    """Writes shards of JSON Lines."""

    name = "jsonl"
    suffix = ".jsonl"

    def rows(self, results: Sequence[DocumentResult]) -> list[bytes]:
        """Make a line for each result."""
        return [row_from_result(result) for result in results]

    def encode(self, rows: Sequence[bytes]) -> bytes:
        """Join lines to a shard."""
        return b"".join(row + b"\n" for row in rows)

    def keys_and_etags(self, content: bytes, shown: str) -> Iterable[tuple[str, str]]:
        """Read the key and the ETag of each line of a shard."""
        return (key_and_etag(line, shown) for line in content.removesuffix(b"\n").split(b"\n"))

    def without(self, content: bytes, kept: npt.NDArray[np.bool_]) -> bytes:
        """Make a shard of only some lines."""
        lines = content.removesuffix(b"\n").split(b"\n")
        return self.encode(list(compress(lines, kept)))
