"""Reads and writes S3-compatible storage (AWS, MinIO, Ceph and others) by boto3.

Endpoint, region and credentials come only from boto3's own chain. A location is `s3://bucket/key`. As on the AWS
command line, the key is taken literally: `%`, `+`, `#`, `?` and spaces stand for themselves.
"""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TypeVar

from botocore.exceptions import ClientError

from deployments.document import Document
from deployments.gunzip import gunzipped
from deployments.storage.base import CHUNK_BYTES, Storage, StoredObject, read_limited, refuse_over_limit
from deployments.storage.retry import Deadline, Retry
from deployments.storage.s3.client import PageAnswer, S3Client, build_client
from deployments.storage.s3.errors import (
    DELETE_OBJECT,
    GET_OBJECT,
    HEAD_BUCKET,
    PUT_OBJECT,
    S3_FAILURES,
    S3Action,
    translate_s3,
)
from deployments.storage.settings import BUCKET_PATTERN, StorageSettings
from models.errors import MalformedRequest, SourceNotFound

__all__ = ["S3Storage"]

Result = TypeVar("Result")

_BUCKET = re.compile(BUCKET_PATTERN)


class S3Storage(Storage):
    """Reads and writes objects, and lists prefixes.

    One thread makes the client at its first use. Threads may share a boto3 client, but must not make one at once.

    Args:
        settings: Time-outs, attempts, connections.
    """

    def __init__(self, settings: StorageSettings) -> None:
        self._settings = settings
        self._retry = Retry.from_settings(settings)
        self._lock = threading.Lock()
        self._client: S3Client | None = None

    def read(self, location: str, max_bytes: int) -> Document:
        """Read an object, as `Storage.read` says. A body that breaks off is read again from its beginning."""
        bucket, key = _split_object(location)

        def attempt(client: S3Client, deadline: Deadline) -> Document:
            answer = client.get_object(Bucket=bucket, Key=key)
            # To close a body before its end drops the connection, so the rest is not downloaded.
            with closing(answer["Body"]) as body:
                refuse_over_limit(answer.get("ContentLength", 0), max_bytes, location)
                chunks = _until(deadline, body.iter_chunks(CHUNK_BYTES), location)
                if answer.get("ContentEncoding", "").strip().lower() in {"gzip", "x-gzip"}:
                    chunks = gunzipped(chunks)
                return Document(read_limited(chunks, max_bytes, location), key.rpartition("/")[2])

        return self._call(attempt, location)

    def list(self, location: str) -> Iterator[StoredObject]:
        """List the objects whose keys begin with a prefix, as `Storage.list` says, since S3 has no folders.

        So `s3://bucket/scan` also lists `scan-1.png` and `scans/2.png`; end it with a slash to list one folder. Keys
        that end in a slash are marks that consoles set for folders, and are left out.
        """
        bucket, prefix = _split(location)
        token, found = "", False
        while True:
            page = self._list_page(bucket, prefix, token, location)
            for item in page.get("Contents", []):
                if item["Key"].endswith("/"):
                    continue
                found = True
                yield StoredObject(
                    f"s3://{bucket}/{item['Key']}", item["Size"], item["ETag"].strip('"'), item["LastModified"]
                )
            token = page.get("NextContinuationToken", "")
            if not token:
                break
        if not found:
            raise SourceNotFound(f"no object of bucket {bucket!r} has a key that begins with {prefix!r}")

    def read_range(self, location: str, start: int, size_bytes: int) -> bytes:
        """Read a part of an object, as `Storage.read_range` says."""
        bucket, key = _split_object(location)

        def attempt(client: S3Client, deadline: Deadline) -> bytes:
            try:
                answer = client.get_object(Bucket=bucket, Key=key, Range=f"bytes={start}-{start + size_bytes - 1}")
            except ClientError as error:
                if error.response["Error"].get("Code") == "InvalidRange":  # the part begins behind the object's end
                    return b""
                raise
            with closing(answer["Body"]) as body:
                return read_limited(_until(deadline, body.iter_chunks(CHUNK_BYTES), location), size_bytes, location)

        return self._call(attempt, location)

    def stat(self, location: str) -> StoredObject:
        """Ask for an object's size, mark and time, as `Storage.stat` says."""
        bucket, key = _split_object(location)
        answer = self._call(lambda client, _: client.head_object(Bucket=bucket, Key=key), location)
        return StoredObject(location, answer["ContentLength"], answer["ETag"].strip('"'), answer["LastModified"])

    def write(self, location: str, content: bytes) -> str:
        """Write an object, as `Storage.write` says. S3 replaces it at once or not at all, so attempts may repeat."""
        bucket, key = _split_object(location)
        answer = self._call(
            lambda client, _: client.put_object(Bucket=bucket, Key=key, Body=content), location, PUT_OBJECT
        )
        return answer["ETag"].strip('"')

    def delete(self, location: str) -> None:
        """Remove an object, as `Storage.delete` says."""
        bucket, key = _split_object(location)
        self._call(lambda client, _: client.delete_object(Bucket=bucket, Key=key), location, DELETE_OBJECT)

    def check_bucket(self, bucket: str) -> None:
        """Ask for a bucket, without reading anything from it.

        Args:
            bucket: Name of the bucket.

        Raises:
            RayocrError: The bucket can't be reached, does not exist, or may not be used.
        """
        self._call(lambda client, _: client.head_bucket(Bucket=bucket), f"s3://{bucket}", HEAD_BUCKET)

    def close(self) -> None:
        """Close the pooled connections."""
        with self._lock:
            if self._client is not None:
                self._client.close()

    def _list_page(self, bucket: str, prefix: str, token: str, location: str) -> PageAnswer:
        def attempt(client: S3Client, _: Deadline) -> PageAnswer:
            if token:
                return client.list_objects_v2(Bucket=bucket, Prefix=prefix, ContinuationToken=token)
            return client.list_objects_v2(Bucket=bucket, Prefix=prefix)

        return self._call(attempt, location)

    def _call(
        self, attempt: Callable[[S3Client, Deadline], Result], location: str, action: S3Action = GET_OBJECT
    ) -> Result:
        """Run attempts, and translate every library error."""

        def translated(deadline: Deadline) -> Result:
            endpoint = "S3"
            try:
                client = self._connected()
                endpoint = client.meta.endpoint_url
                return attempt(client, deadline)
            except S3_FAILURES as error:
                raise translate_s3(error, location, endpoint, action) from error

        return self._retry.call(translated)

    def _connected(self) -> S3Client:
        with self._lock:
            if self._client is None:
                self._client = build_client(self._settings)
            return self._client


def _split(location: str) -> tuple[str, str]:
    """Take `s3://bucket/key` apart; the key may be empty."""
    bucket, _, key = location.partition("://")[2].partition("/")
    # The bucket ".." would lead out of the bucket's part of the path.
    if ".." in bucket or not _BUCKET.fullmatch(bucket):
        raise MalformedRequest(
            f"{bucket!r} is not a valid bucket name (3 to 63 of a-z, 0-9, '.', '-'); write s3://bucket/key"
        )
    key_bytes = len(key.encode())
    if key_bytes > 1024:  # the limit of S3
        raise MalformedRequest(f"the key in bucket {bucket!r} has {key_bytes:,} bytes, over S3's limit of 1,024")
    return bucket, key


def _split_object(location: str) -> tuple[str, str]:
    """Take the location of one object apart."""
    bucket, key = _split(location)
    if not key or key.endswith("/"):
        raise MalformedRequest(f"{location} names a folder, not an object; name one, or read all of it by listing")
    return bucket, key


def _until(deadline: Deadline, chunks: Iterator[bytes], shown: str) -> Iterator[bytes]:
    for chunk in chunks:
        yield chunk
        deadline.check(shown)
