"""A real MinIO server for the tests: on loopback, on a free port, with a folder of its own."""

import itertools
import os
import subprocess
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Protocol

import boto3
import pytest

from deployments.storage.s3.client import S3Client, WrittenAnswer
from tests.ports import free_port

__all__ = ["MinioClient", "MinioServer", "minio", "minio_program"]

_SCRIPT = Path(__file__).parents[1] / "scripts" / "minio.sh"
_STARTUP_S = 30.0
_STOP_S = 10.0


class MinioClient(S3Client, Protocol):
    """What the tests ask of a server beside reading from it."""

    def create_bucket(self, *, Bucket: str) -> object:
        """Make a bucket."""

    def put_object(self, *, Bucket: str, Key: str, Body: bytes) -> WrittenAnswer:
        """Store an object."""

    def delete_object(self, *, Bucket: str, Key: str) -> object:
        """Remove an object."""


class MinioServer:
    """One MinIO process. It keeps its port and its data over `stop` and `start`.

    Args:
        program: The server.
        folder: An empty folder for data and log.
    """

    access_key = "rayocr-tests"
    secret_key = "rayocr-tests-secret"

    def __init__(self, program: Path, folder: Path) -> None:
        self._program = program
        self._folder = folder
        self._buckets = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None
        self._client: MinioClient | None = None
        self.port = 0

    @property
    def endpoint(self) -> str:
        """URL of the S3 API."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start, and wait until it answers; at the first start on a port that is free now.

        Raises:
            RuntimeError: It ended, or was not ready in time. Holds the end of its log.
        """
        # Another process may take the free port before MinIO does; then MinIO ends at once, and the next one is tried.
        for last_try in (False, False, True):
            port = self.port or free_port()
            self._process = self._spawn(port)
            if self._wait_until_ready(port):
                self.port = port
                return
            self.stop()
            if last_try:
                log = (self._folder / "log").read_text()[-2000:]
                raise RuntimeError(f"MinIO did not start within {_STARTUP_S:g} s: {log}")

    def stop(self) -> None:
        """Stop, by force if need be, and wait until it is gone."""
        if self._client is not None:
            self._client.close()
            self._client = None
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def kill(self) -> None:
        """End it at once, as a crash does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @property
    def client(self) -> MinioClient:
        """A boto3 client with the server's credentials, whatever the environment says."""
        if self._client is None:
            session = boto3.session.Session(
                aws_access_key_id=self.access_key, aws_secret_access_key=self.secret_key, region_name="us-east-1"
            )
            self._client = session.client("s3", endpoint_url=self.endpoint)
        return self._client

    def bucket(self) -> str:
        """Make a fresh bucket and return its name."""
        name = f"tests-{next(self._buckets)}"
        self.client.create_bucket(Bucket=name)
        return name

    def environment(self) -> dict[str, str]:
        """Variables by which boto3 finds this server, and no other settings of the machine's user."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": "us-east-1",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def _spawn(self, port: int) -> subprocess.Popen[bytes]:
        data, certificates = self._folder / "data", self._folder / "certificates"
        for folder in (data, certificates):
            folder.mkdir(parents=True, exist_ok=True)
        command: list[str | Path] = [
            self._program,
            "server",
            data,
            "--address",
            f"127.0.0.1:{port}",
            "--certs-dir",
            certificates,
        ]
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self._folder),
            "MINIO_ROOT_USER": self.access_key,
            "MINIO_ROOT_PASSWORD": self.secret_key,
            "MINIO_BROWSER": "off",
            "MINIO_UPDATE": "off",
        }
        with (self._folder / "log").open("wb") as log:
            return subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=self._folder)

    def _wait_until_ready(self, port: int) -> bool:
        assert self._process is not None
        end = time.monotonic() + _STARTUP_S
        while time.monotonic() < end and self._process.poll() is None:
            connection = HTTPConnection("127.0.0.1", port, timeout=1.0)
            try:
                connection.request("GET", "/minio/health/ready")
                if connection.getresponse().status == 200:
                    return True
            except (OSError, HTTPException):
                pass  # not listening yet
            finally:
                connection.close()
            time.sleep(0.05)
        return False


def minio_program() -> Path:
    """Find the server, or build it once (scripts/minio.sh).

    Raises:
        pytest.fail.Exception: There is none and it can't be built; the script's last line says what to do.
    """
    # A first build takes longer than a test may: `make test` runs the script before pytest.
    found = subprocess.run([_SCRIPT], capture_output=True, text=True, check=False)
    if found.returncode != 0:
        pytest.fail(found.stderr.strip().rpartition("\n")[2], pytrace=False)
    return Path(found.stdout.strip())


@pytest.fixture(scope="session")
def minio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MinioServer]:
    """The MinIO server of this test run."""
    server = MinioServer(minio_program(), tmp_path_factory.mktemp("minio"))
    try:
        server.start()
        yield server
    finally:
        server.stop()
