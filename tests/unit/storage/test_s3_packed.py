"""Objects of S3 that were stored packed, with a client that stands for boto3's."""

import gzip
import io
from types import SimpleNamespace
from typing import Any

import pytest

from deployments.storage.s3.storage import S3Storage
from deployments.storage.settings import StorageSettings
from models.errors import MalformedRequest, TooLarge


class _Body(io.BytesIO):
    def iter_chunks(self, size: int) -> Any:
        return iter(lambda: self.read(size), b"")


def _storage(content: bytes, **metadata: str) -> S3Storage:
    storage = S3Storage(StorageSettings())
    answer = {"Body": _Body(content), "ContentLength": len(content), **metadata}
    storage._client = SimpleNamespace(meta=SimpleNamespace(endpoint_url="http://s3"), get_object=lambda **_: answer)
    return storage


def test_packed_object_is_unpacked_within_the_limit() -> None:
    packed = gzip.compress(b"page" * 1000)
    assert _storage(packed, ContentEncoding="gzip").read("s3://scans/a.png", 4000).data == b"page" * 1000
    with pytest.raises(TooLarge):
        _storage(packed, ContentEncoding="gzip").read("s3://scans/a.png", 3999)


def test_object_without_the_mark_is_read_as_it_is() -> None:
    packed = gzip.compress(b"page")
    assert _storage(packed).read("s3://scans/a.gz", 4000).data == packed
    assert _storage(packed, ContentEncoding="aws-chunked").read("s3://scans/a.gz", 4000).data == packed


def test_damaged_packed_object_is_told() -> None:
    with pytest.raises(MalformedRequest, match="gzip"):
        _storage(b"page", ContentEncoding="gzip").read("s3://scans/a.png", 4000)
