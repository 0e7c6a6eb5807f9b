"""What the tests of storages share."""

from collections.abc import Iterator

import pytest

from deployments.storage.s3.storage import S3Storage
from deployments.storage.settings import StorageSettings
from tests.minio import MinioServer


@pytest.fixture
def s3(minio: MinioServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Storage]:
    """The real server as the storage."""
    for name, value in minio.environment().items():
        monkeypatch.setenv(name, value)
    storage = S3Storage(StorageSettings(max_attempts=2))
    yield storage
    storage.close()


@pytest.fixture(scope="module")
def bucket(minio: MinioServer) -> str:
    """An empty bucket."""
    return minio.bucket()
