"""S3 storage against servers that die, stay silent or cut off."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deployments.storage.s3.storage import S3Storage
from deployments.storage.settings import StorageSettings
from models.errors import StorageUnavailable, TooLarge
from tests.integration.storage.raw_server import (
    RawServer,
    never_answer,
    raw_server,
    read_request,
    send_half_a_body,
    send_without_end,
)
from tests.minio import MinioServer, minio_program

SETTINGS = StorageSettings(
    connect_timeout_s=0.5, read_timeout_s=0.5, total_timeout_s=10.0, max_attempts=3, max_connections=2
)


@pytest.fixture
def own_minio(tmp_path: Path) -> Iterator[MinioServer]:
    server = MinioServer(minio_program(), tmp_path)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def use_endpoint(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    environment = {
        "AWS_ACCESS_KEY_ID": MinioServer.access_key,
        "AWS_SECRET_ACCESS_KEY": MinioServer.secret_key,
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_REGION": "us-east-1",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


class Relay:
    """Passes connections on to a server, and halts the first one after 1 MB of its answer."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._first = threading.Lock()
        self.halted = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, connection: socket.socket) -> None:
        halting = self._first.acquire(blocking=False)
        passed = 0
        with socket.create_connection(("127.0.0.1", self._port)) as server:
            request = read_request(connection)
            # MinIO would keep the connection open for 30 s.
            server.sendall(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            while received := server.recv(65536):
                connection.sendall(received)
                passed += len(received)
                if halting and passed > 1_000_000 and not self.halted.is_set():
                    self.halted.set()
                    self.go_on.wait(30)


@pytest.fixture
def content() -> bytes:
    return os.urandom(1 << 20) * 32  # far more than the sockets' buffers hold


def read_while_minio_dies(
    own_minio: MinioServer, content: bytes, monkeypatch: pytest.MonkeyPatch, *, comes_back: bool
) -> bytes:
    bucket = own_minio.bucket()
    own_minio.client.put_object(Bucket=bucket, Key="large", Body=content)
    relay = Relay(own_minio.port)
    with raw_server(relay) as server, ThreadPoolExecutor(1) as pool:
        use_endpoint(monkeypatch, server.port)
        storage = S3Storage(SETTINGS.model_copy(update={"read_timeout_s": 30.0, "total_timeout_s": 60.0}))
        reading = pool.submit(storage.read, f"s3://{bucket}/large", len(content))
        assert relay.halted.wait(30)
        own_minio.kill()
        if comes_back:
            own_minio.start()
        relay.go_on.set()
        try:
            return reading.result(60).data
        finally:
            storage.close()


def test_minio_killed_in_mid_read_is_unavailable(
    own_minio: MinioServer, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StorageUnavailable, match=r"^127\.0\.0\.1:\d+ can't be reached, or broke off"):
        read_while_minio_dies(own_minio, content, monkeypatch, comes_back=False)


def test_minio_restarted_in_mid_read_gives_the_whole_document(
    own_minio: MinioServer, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read_while_minio_dies(own_minio, content, monkeypatch, comes_back=True) == content


def read_from(server: RawServer, monkeypatch: pytest.MonkeyPatch, settings: StorageSettings = SETTINGS) -> bytes:
    use_endpoint(monkeypatch, server.port)
    storage = S3Storage(settings)
    try:
        return storage.read("s3://bucket/key", 100_000).data
    finally:
        storage.close()


def test_half_a_body_is_tried_again_then_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    with raw_server(send_half_a_body) as server:
        with pytest.raises(StorageUnavailable, match="broke off"):
            read_from(server, monkeypatch)
        assert server.connections == SETTINGS.max_attempts


def test_silent_server_is_unavailable_after_all_read_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    with raw_server(never_answer) as server:
        start = time.monotonic()
        with pytest.raises(StorageUnavailable, match=r"silent for too long \(storage.read_timeout_s\)"):
            read_from(server, monkeypatch)
        assert server.connections == SETTINGS.max_attempts
        # Three read time-outs and two pauses of at most 0.2 and 0.4 s.
        assert 1.5 <= time.monotonic() - start < 60


def test_total_timeout_ends_the_attempts(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = SETTINGS.model_copy(update={"max_attempts": 10, "total_timeout_s": 1.0})
    with raw_server(never_answer) as server:
        start = time.monotonic()
        with pytest.raises(StorageUnavailable):
            read_from(server, monkeypatch, settings)
        assert time.monotonic() - start < 60
        assert server.connections <= 3


def test_endless_body_stops_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    with raw_server(send_without_end) as server:
        with pytest.raises(TooLarge, match="more than 100,000 bytes"):
            read_from(server, monkeypatch)
        assert server.connections == 1


@pytest.mark.parametrize(("status", "code"), [(500, "InternalError"), (503, "SlowDown"), (400, "RequestTimeout")])
def test_passing_error_is_tried_again(monkeypatch: pytest.MonkeyPatch, status: int, code: str) -> None:
    body = f"<Error><Code>{code}</Code><Message>later</Message></Error>".encode()
    answers = [
        b"HTTP/1.1 %d X\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (status, len(body), body),
        b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\ncontent",
    ]

    def answer(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(answers.pop(0))

    with raw_server(answer) as server:
        assert read_from(server, monkeypatch) == b"content"
        assert server.connections == 2
