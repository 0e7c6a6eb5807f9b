"""Writing to S3: to a real MinIO server, and to servers that refuse, throttle and cut off."""

import hashlib
import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deployments.storage.base import StoredObject
from deployments.storage.s3.storage import S3Storage
from deployments.storage.settings import StorageSettings
from models.errors import (
    AccessDenied,
    InsufficientStorage,
    MalformedRequest,
    RayocrError,
    SourceNotFound,
    StorageUnavailable,
)
from tests.integration.storage.raw_server import RawServer, never_answer, raw_server
from tests.minio import MinioServer, minio_program

SETTINGS = StorageSettings(connect_timeout_s=0.5, read_timeout_s=0.5, total_timeout_s=10.0, max_attempts=2)


@pytest.mark.parametrize("key", ["plain.json", "a folder/with spaces.json", "Ünïcödé/漢字.json", "a+b%20c?d#e.json"])
def test_written_object_is_read_and_listed(s3: S3Storage, minio: MinioServer, key: str) -> None:
    bucket = minio.bucket()
    location = f"s3://{bucket}/{key}"

    etag = s3.write(location, b"content")

    assert s3.read(location, 100).data == b"content"
    assert etag == hashlib.md5(b"content").hexdigest()
    (listed,) = s3.list(f"s3://{bucket}/")
    assert listed == s3.stat(location) == StoredObject(location, 7, etag)
    assert listed.modified.startswith("20")
    assert listed.modified.endswith("Z")


def test_object_is_replaced_and_its_etag_and_time_change(s3: S3Storage, bucket: str) -> None:
    location = f"s3://{bucket}/replaced"
    s3.write(location, b"first")
    (before,) = s3.list(location)
    s3.write(location, b"second")
    (after,) = s3.list(location)
    assert s3.read(location, 100).data == b"second"
    assert before.etag != after.etag
    assert before.modified < after.modified


def test_empty_and_large_objects_are_written(s3: S3Storage, bucket: str) -> None:
    content = os.urandom(20 << 20)
    s3.write(f"s3://{bucket}/large", content)
    s3.write(f"s3://{bucket}/empty", b"")
    assert s3.read(f"s3://{bucket}/large", len(content)).data == content
    assert s3.read(f"s3://{bucket}/empty", 1).data == b""


@pytest.mark.parametrize(("start", "size", "part"), [(0, 3, b"012"), (8, 5, b"89"), (10, 5, b""), (99, 5, b"")])
def test_part_of_an_object_is_read(s3: S3Storage, bucket: str, start: int, size: int, part: bytes) -> None:
    s3.write(f"s3://{bucket}/digits", b"0123456789")
    assert s3.read_range(f"s3://{bucket}/digits", start, size) == part


def test_missing_object_has_no_part_and_no_state(s3: S3Storage, bucket: str) -> None:
    with pytest.raises(SourceNotFound, match="missing does not exist"):
        s3.read_range(f"s3://{bucket}/missing", 0, 1)
    with pytest.raises(SourceNotFound, match="missing does not exist"):
        s3.stat(f"s3://{bucket}/missing")


def test_deleted_object_is_gone_and_may_be_deleted_again(s3: S3Storage, bucket: str) -> None:
    location = f"s3://{bucket}/deleted"
    s3.write(location, b"content")
    s3.delete(location)
    s3.delete(location)
    with pytest.raises(SourceNotFound):
        s3.read(location, 100)


def test_missing_bucket_is_not_found(s3: S3Storage) -> None:
    with pytest.raises(SourceNotFound, match="the bucket of s3://no-such-bucket/a does not exist"):
        s3.write("s3://no-such-bucket/a", b"content")


@pytest.mark.parametrize("location", ["s3://{bucket}", "s3://{bucket}/folder/"])
def test_folder_is_refused(s3: S3Storage, bucket: str, location: str) -> None:
    with pytest.raises(MalformedRequest, match="names a folder, not an object"):
        s3.write(location.format(bucket=bucket), b"content")


def test_writes_from_many_threads_agree(s3: S3Storage, bucket: str) -> None:
    contents = {f"s3://{bucket}/threads/{number}": bytes([number]) * 100_000 for number in range(32)}
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(s3.write, contents, contents.values()))
    assert {location: s3.read(location, 100_000).data for location in contents} == contents


def answer_of(status: int, code: str = "") -> bytes:
    body = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode() if code else b""
    head = b'HTTP/1.1 %d X\r\nContent-Length: %d\r\nETag: "1"\r\nConnection: close\r\n\r\n' % (status, len(body))
    return head + body


def read_upload(connection: socket.socket) -> bytes:
    """Read a PUT with its body; boto3 asks before it sends that."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _, body = received.partition(b"\r\n\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    if fields.get(b"expect"):
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    while len(body) < int(fields[b"content-length"]):
        body += connection.recv(65536)
    return body


def write_to(server: RawServer, monkeypatch: pytest.MonkeyPatch) -> str:
    environment = {
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.port}",
        "AWS_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    storage = S3Storage(SETTINGS)
    try:
        return storage.write("s3://bucket/key", b"content")
    finally:
        storage.close()


@pytest.mark.parametrize(("status", "code"), [(503, "SlowDown"), (500, "InternalError"), (400, "RequestTimeout")])
def test_throttled_write_is_tried_again(monkeypatch: pytest.MonkeyPatch, status: int, code: str) -> None:
    answers = [answer_of(status, code), answer_of(200)]
    bodies = []

    def answer(connection: socket.socket) -> None:
        bodies.append(read_upload(connection))
        connection.sendall(answers.pop(0))

    with raw_server(answer) as server:
        assert write_to(server, monkeypatch) == "1"
    assert len(bodies) == 2
    assert all(b"content" in body for body in bodies)


@pytest.mark.parametrize(
    ("status", "code", "error", "message"),
    [
        (507, "XMinioStorageFull", InsufficientStorage, "s3://bucket/key can't be written: .* make space"),
        (400, "XMinioAdminBucketQuotaExceeded", InsufficientStorage, "raise the quota"),
        (403, "QuotaExceeded", InsufficientStorage, "raise the quota"),
        (403, "AccessDenied", AccessDenied, "no permission to write s3://bucket/key: .* it needs s3:PutObject"),
    ],
)
def test_refused_write_is_not_tried_again(
    monkeypatch: pytest.MonkeyPatch, status: int, code: str, error: type[RayocrError], message: str
) -> None:
    def answer(connection: socket.socket) -> None:
        read_upload(connection)
        connection.sendall(answer_of(status, code))

    with raw_server(answer) as server:
        with pytest.raises(error, match=message):
            write_to(server, monkeypatch)
        assert server.connections == 1


def test_silent_server_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    with raw_server(never_answer) as server:
        with pytest.raises(StorageUnavailable, match="while s3://bucket/key was written"):
            write_to(server, monkeypatch)
        assert server.connections == SETTINGS.max_attempts


def test_minio_restarted_during_writes_loses_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = MinioServer(minio_program(), tmp_path)
    try:
        server.start()
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        bucket = server.bucket()
        storage = S3Storage(StorageSettings(connect_timeout_s=0.5, read_timeout_s=5.0).with_patience(60.0))
        begun = threading.Event()

        def write(number: int) -> str:
            if number == 20:
                begun.set()
            return storage.write(f"s3://{bucket}/{number:03}", bytes([number]) * 1000)

        with ThreadPoolExecutor(4) as pool:
            etags = pool.map(write, range(200))
            assert begun.wait(30)
            server.kill()
            server.start()
            written = list(etags)
        assert [stored.etag for stored in storage.list(f"s3://{bucket}/")] == written
        assert written == [hashlib.md5(bytes([number]) * 1000).hexdigest() for number in range(200)]
        storage.close()
    finally:
        server.stop()
