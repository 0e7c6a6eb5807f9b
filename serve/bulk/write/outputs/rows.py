"""A result as one line of JSON, the same in objects and in shards."""

import json

from models.errors import MalformedRequest
from serve.bulk.documents import DocumentResult

__all__ = ["key_and_etag", "row_from_result"]


def row_from_result(result: DocumentResult) -> bytes:
    """Make the row of one result.

    Args:
        result: Result of one document.

    Returns:
        `{"key": ..., "etag": ..., "source": ..., ...}` in UTF-8 without a line break, with the fields of `OcrResult`
        after these three.
    """
    head = json.dumps({"key": result.key, "etag": result.etag, "source": result.location}, separators=(",", ":"))
    # pydantic writes the rest several times as fast as it would make dicts for `json`.
    return f"{head[:-1]},{result.result.model_dump_json()[1:]}".encode()


def key_and_etag(row: bytes, shown: str) -> tuple[str, str]:
    """Read the key and the ETag of a row.

    Args:
        row: A row from `row_from_result`.
        shown: Where the row stands, for messages.

    Raises:
        MalformedRequest: The row is not a result of a bulk run.
    """
    try:
        fields = json.loads(row)
        return str(fields["key"]), str(fields["etag"])
    except (ValueError, KeyError, TypeError) as error:
        raise MalformedRequest(f"{shown} is not a result of a bulk run; move it out of the output folder") from error
