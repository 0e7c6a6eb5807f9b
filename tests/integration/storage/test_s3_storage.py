"""S3 storage against a real MinIO server."""

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from deployments.storage.base import StoredObject
from deployments.storage.s3.storage import S3Storage
from models.errors import (
    AccessDenied,
    ConfigurationError,
    MalformedRequest,
    SourceNotFound,
    StorageUnavailable,
    TooLarge,
)
from tests.minio import MinioServer

ODD_KEYS = [
    "plain.png",
    "a folder/with spaces.png",
    "Ünïcödé/漢字 🖋.png",
    "a+b%20c%2Fd.png",
    "question?versionId=1.png",
    "number#1.png",
    "quote'\"&<>=;,$@!*().png",
    "~tilde.png",
]


@pytest.mark.parametrize("key", ODD_KEYS)
def test_key_is_taken_literally(s3: S3Storage, minio: MinioServer, bucket: str, key: str) -> None:
    content = hashlib.sha256(key.encode()).digest()
    minio.client.put_object(Bucket=bucket, Key=key, Body=content)

    document = s3.read(f"s3://{bucket}/{key}", 1000)

    assert document.data == content
    assert document.name == key.rpartition("/")[2]


def test_large_object_is_read_whole(s3: S3Storage, minio: MinioServer, bucket: str) -> None:
    content = bytes(range(256)) * 12_345  # over 12 chunks, the last one not full
    minio.client.put_object(Bucket=bucket, Key="large", Body=content)

    assert s3.read(f"s3://{bucket}/large", len(content)).data == content


def test_empty_object_is_read(s3: S3Storage, minio: MinioServer, bucket: str) -> None:
    minio.client.put_object(Bucket=bucket, Key="empty", Body=b"")

    assert s3.read(f"s3://{bucket}/empty", 10).data == b""


def test_object_over_limit_is_too_large(s3: S3Storage, minio: MinioServer, bucket: str) -> None:
    minio.client.put_object(Bucket=bucket, Key="over", Body=b"x" * 1001)

    with pytest.raises(TooLarge, match=r"s3://.*/over has 1,001 bytes, over the limit of 1,000"):
        s3.read(f"s3://{bucket}/over", 1000)


def test_reads_from_many_threads_agree(s3: S3Storage, minio: MinioServer, bucket: str) -> None:
    contents = {f"threads/{number}": bytes([number]) * 300_000 for number in range(16)}
    for key, content in contents.items():
        minio.client.put_object(Bucket=bucket, Key=key, Body=content)

    with ThreadPoolExecutor(8) as pool:
        read = pool.map(lambda key: s3.read(f"s3://{bucket}/{key}", 300_000).data, contents)

    assert list(read) == list(contents.values())


def test_missing_key_is_not_found(s3: S3Storage, bucket: str) -> None:
    with pytest.raises(
        SourceNotFound, match=r"s3://.*/missing\.png does not exist: 127\.0\.0\.1:\d+ answered 404 NoSuch"
    ):
        s3.read(f"s3://{bucket}/missing.png", 1000)


def test_missing_bucket_is_not_found(s3: S3Storage) -> None:
    with pytest.raises(SourceNotFound, match=r"the bucket of s3://no-such-bucket/a does not exist"):
        s3.read("s3://no-such-bucket/a", 1000)


@pytest.mark.parametrize("location", ["s3://{bucket}", "s3://{bucket}/", "s3://{bucket}/folder/"])
def test_folder_is_refused_as_document(s3: S3Storage, bucket: str, location: str) -> None:
    with pytest.raises(MalformedRequest, match="names a folder, not an object"):
        s3.read(location.format(bucket=bucket), 1000)


@pytest.mark.parametrize("bucket", ["", "..", "a", "UPPER", "under_score", "a..b", "-a-", "x" * 64, "a b", "a?b"])
def test_invalid_bucket_name_is_malformed(s3: S3Storage, bucket: str) -> None:
    with pytest.raises(MalformedRequest, match="not a valid bucket name"):
        s3.read(f"s3://{bucket}/key", 1000)


def test_key_that_climbs_is_refused(s3: S3Storage, minio: MinioServer) -> None:
    other, here = minio.bucket(), minio.bucket()
    minio.client.put_object(Bucket=other, Key="secret", Body=b"secret")

    with pytest.raises((MalformedRequest, AccessDenied)):
        s3.read(f"s3://{here}/../{other}/secret", 1000)


def test_key_over_1024_bytes_is_malformed(s3: S3Storage, bucket: str) -> None:
    with pytest.raises(MalformedRequest, match="1,026 bytes"):
        s3.read(f"s3://{bucket}/{'ü' * 513}", 1000)


def test_wrong_secret_is_access_denied(s3: S3Storage, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")

    with pytest.raises(AccessDenied, match=r"credentials were refused: .* 403 SignatureDoesNotMatch"):
        s3.read(f"s3://{bucket}/a", 1000)


def test_unknown_access_key_is_access_denied(s3: S3Storage, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "nobody")

    with pytest.raises(AccessDenied, match=r"credentials were refused: .* 403 InvalidAccessKeyId"):
        s3.read(f"s3://{bucket}/a", 1000)


def test_no_credentials_says_which_variables_to_set(
    s3: S3Storage, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    with pytest.raises(AccessDenied, match=r"no usable credentials .* set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"):
        s3.read(f"s3://{bucket}/a", 1000)


def test_missing_profile_is_access_denied(s3: S3Storage, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "missing")

    with pytest.raises(AccessDenied, match="missing"):
        s3.read(f"s3://{bucket}/a", 1000)


def test_invalid_endpoint_is_a_configuration_error(s3: S3Storage, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "not a url")

    with pytest.raises(ConfigurationError, match="AWS_ENDPOINT_URL"):
        s3.read(f"s3://{bucket}/a", 1000)


def test_endpoint_with_a_host_name_is_addressed_by_path(
    s3: S3Storage, minio: MinioServer, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Virtual-host style would ask for <bucket>.localhost.
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://localhost:{minio.port}")
    minio.client.put_object(Bucket=bucket, Key="by-path", Body=b"content")

    assert s3.read(f"s3://{bucket}/by-path", 1000).data == b"content"


def test_client_is_made_once_by_concurrent_first_reads(s3: S3Storage, minio: MinioServer, bucket: str) -> None:
    minio.client.put_object(Bucket=bucket, Key="first", Body=b"content")
    barrier = threading.Barrier(6)

    def read() -> bytes:
        barrier.wait()
        return s3.read(f"s3://{bucket}/first", 1000).data

    with ThreadPoolExecutor(6) as pool:
        assert [future.result() for future in [pool.submit(read) for _ in range(6)]] == [b"content"] * 6


def test_listing_has_location_size_and_etag(s3: S3Storage, minio: MinioServer) -> None:
    bucket = minio.bucket()
    minio.client.put_object(Bucket=bucket, Key="scans/b c.png", Body=b"22")
    minio.client.put_object(Bucket=bucket, Key="scans/a.png", Body=b"1")
    minio.client.put_object(Bucket=bucket, Key="scans/", Body=b"")
    minio.client.put_object(Bucket=bucket, Key="other.png", Body=b"333")

    listed = list(s3.list(f"s3://{bucket}/scans/"))

    assert listed == [
        StoredObject(f"s3://{bucket}/scans/a.png", 1, hashlib.md5(b"1").hexdigest()),
        StoredObject(f"s3://{bucket}/scans/b c.png", 2, hashlib.md5(b"22").hexdigest()),
    ]


def test_listing_of_odd_keys_can_be_read(s3: S3Storage, minio: MinioServer) -> None:
    bucket = minio.bucket()
    for key in ODD_KEYS:
        minio.client.put_object(Bucket=bucket, Key=key, Body=key.encode())

    read = {stored.location: s3.read(stored.location, 1000).data for stored in s3.list(f"s3://{bucket}")}

    assert read == {f"s3://{bucket}/{key}": key.encode() for key in ODD_KEYS}


def test_listing_goes_over_pages(s3: S3Storage, minio: MinioServer) -> None:
    bucket = minio.bucket()
    names = [f"{number:04}" for number in range(1005)]  # a page has 1,000
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: minio.client.put_object(Bucket=bucket, Key=name, Body=b"x"), names))

    assert [stored.location for stored in s3.list(f"s3://{bucket}/")] == [f"s3://{bucket}/{name}" for name in names]


def test_listing_of_nothing_is_not_found(s3: S3Storage, bucket: str) -> None:
    with pytest.raises(SourceNotFound, match="begins with 'nothing/'"):
        list(s3.list(f"s3://{bucket}/nothing/"))


def test_listing_of_missing_bucket_is_not_found(s3: S3Storage) -> None:
    with pytest.raises(SourceNotFound, match="does not exist"):
        list(s3.list("s3://no-such-bucket/"))


def test_connection_refused_names_the_endpoint(s3: S3Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")

    with pytest.raises(StorageUnavailable, match=r"^127\.0\.0\.1:1 can't be reached"):
        s3.read("s3://bucket/key", 1000)
