"""Model files from S3 and over https: fetched once, checked, and never kept when they are not what was promised."""

import hashlib
import http.server
import ssl
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import boto3
import pytest
import trustme

from models.errors import ConfigurationError, StorageUnavailable
from models.manifests import verified_path
from models.manifests.manifest import ModelFile
from models.manifests.sources import model_cache_dir
from tests.minio import MinioServer

CONTENT = bytes(range(256)) * 12_000  # 3 MB: more than one chunk
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of this test alone."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return model_cache_dir()


@pytest.fixture
def bucket(minio: MinioServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """A fresh bucket of the server that boto3's own chain leads to."""
    for name, value in minio.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it keeps the credentials that it found first
    return minio.bucket()


@pytest.fixture
def https_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Path]]:
    """URL and folder of an https server on loopback whose certificate is trusted."""
    folder = tmp_path / "served"
    folder.mkdir()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    handler = partial(_QuietHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"https://localhost:{server.server_port}", folder
        finally:
            server.shutdown()
            thread.join()


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


def kept(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.rglob("*")) if cache.exists() else []


def test_file_from_s3_is_fetched_once(minio: MinioServer, bucket: str, cache: Path) -> None:
    minio.client.put_object(Bucket=bucket, Key="nets/a net.onnx", Body=CONTENT)
    file = ModelFile(source=f"s3://{bucket}/nets/a net.onnx", sha256=SHA256)
    path = verified_path(file)
    assert path.read_bytes() == CONTENT
    assert kept(cache) == [f"{SHA256}.onnx"]
    minio.client.delete_object(Bucket=bucket, Key="nets/a net.onnx")
    assert verified_path(file) == path


def test_other_content_is_refused_and_not_kept(minio: MinioServer, bucket: str, cache: Path) -> None:
    # It once stayed in the cache under the promised hash: correcting the bucket did not help any more.
    minio.client.put_object(Bucket=bucket, Key="a.onnx", Body=CONTENT[:-1])
    file = ModelFile(source=f"s3://{bucket}/a.onnx", sha256=SHA256)
    with pytest.raises(ConfigurationError, match="correct the source or the manifest"):
        verified_path(file)
    assert kept(cache) == []
    minio.client.put_object(Bucket=bucket, Key="a.onnx", Body=CONTENT)
    assert verified_path(file).read_bytes() == CONTENT


def test_file_damaged_in_the_cache_is_fetched_again(minio: MinioServer, bucket: str) -> None:
    minio.client.put_object(Bucket=bucket, Key="a.onnx", Body=CONTENT)
    file = ModelFile(source=f"s3://{bucket}/a.onnx", sha256=SHA256)
    verified_path(file).write_bytes(CONTENT[:1000])
    assert verified_path(file).read_bytes() == CONTENT


@pytest.mark.parametrize("key", ["missing.onnx", "missing folder/a.onnx"])
def test_missing_object_is_a_storage_error_that_names_it(bucket: str, cache: Path, key: str) -> None:
    with pytest.raises(StorageUnavailable, match=f"s3://{bucket}/{key} could not be fetched"):
        verified_path(ModelFile(source=f"s3://{bucket}/{key}", sha256=SHA256))
    assert kept(cache) == []


def test_missing_bucket_is_a_storage_error(bucket: str) -> None:
    with pytest.raises(StorageUnavailable, match="could not be fetched"):
        verified_path(ModelFile(source="s3://no-such-bucket-here/a.onnx", sha256=SHA256))


def test_cache_that_can_not_be_written_is_said(
    minio: MinioServer, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    minio.client.put_object(Bucket=bucket, Key="a.onnx", Body=CONTENT)
    (tmp_path / "a file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "a file"))
    with pytest.raises(ConfigurationError, match="set XDG_CACHE_HOME to a folder that can be written"):
        verified_path(ModelFile(source=f"s3://{bucket}/a.onnx", sha256=SHA256))


def test_file_over_https_is_fetched_once(https_folder: tuple[str, Path], cache: Path) -> None:
    url, folder = https_folder
    (folder / "a.onnx").write_bytes(CONTENT)
    file = ModelFile(source=f"{url}/a.onnx?version=1", sha256=SHA256)
    assert verified_path(file).read_bytes() == CONTENT
    assert kept(cache) == [f"{SHA256}.onnx"]
    (folder / "a.onnx").unlink()
    assert verified_path(file).read_bytes() == CONTENT


def test_missing_page_is_a_storage_error(https_folder: tuple[str, Path], cache: Path) -> None:
    with pytest.raises(StorageUnavailable, match="404"):
        verified_path(ModelFile(source=f"{https_folder[0]}/a.onnx", sha256=SHA256))
    assert kept(cache) == []


def test_unknown_certificate_is_refused(https_folder: tuple[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    url, folder = https_folder
    (folder / "a.onnx").write_bytes(CONTENT)
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(StorageUnavailable, match="CERTIFICATE_VERIFY_FAILED"):
        verified_path(ModelFile(source=f"{url}/a.onnx", sha256=SHA256))


@pytest.mark.parametrize("source", ["https://localhost:1/a.onnx", "https://:x/a.onnx", "https://localhost:99999/a"])
def test_unreachable_address_is_a_storage_error(source: str) -> None:
    with pytest.raises(StorageUnavailable, match="could not be fetched"):
        verified_path(ModelFile(source=source, sha256=SHA256))
