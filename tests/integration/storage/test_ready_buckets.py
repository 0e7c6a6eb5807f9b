"""Whether buckets can be reached, as GET /readyz asks."""

import os
import time

import pytest

from deployments.storage.settings import StorageSettings
from serve.health.buckets import ReadyBuckets
from tests.integration.storage.raw_server import never_answer, raw_server
from tests.minio import MinioServer


@pytest.fixture
def environment(minio: MinioServer, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in minio.environment().items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def buckets(*names: str) -> ReadyBuckets:
    return ReadyBuckets(StorageSettings(ready_buckets=names))


async def test_bucket_that_is_there_is_no_problem(environment: pytest.MonkeyPatch, minio: MinioServer) -> None:
    assert await buckets(minio.bucket(), minio.bucket()).problem() is None


async def test_missing_bucket_is_named(environment: pytest.MonkeyPatch, minio: MinioServer) -> None:
    problem = await buckets(minio.bucket(), "no-such-bucket").problem()
    assert problem == (
        "the bucket 'no-such-bucket' of storage.ready_buckets: the bucket of s3://no-such-bucket does not exist on "
        f"127.0.0.1:{minio.port}"
    )


async def test_refused_credentials_are_named(environment: pytest.MonkeyPatch, minio: MinioServer) -> None:
    bucket = minio.bucket()
    environment.setenv("AWS_SECRET_ACCESS_KEY", "another-secret")
    problem = await buckets(bucket).problem()
    assert problem == (
        f"the bucket '{bucket}' of storage.ready_buckets: no permission to access s3://{bucket}: "
        f"127.0.0.1:{minio.port} answered 403; it needs s3:ListBucket"
    )


async def test_endpoint_that_nobody_listens_on_is_named(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    problem = await buckets("scans").problem()
    assert problem is not None
    assert problem.startswith("the bucket 'scans' of storage.ready_buckets: 127.0.0.1:9 can't be reached")


async def test_silent_storage_is_given_up_and_both_answers_are_remembered(environment: pytest.MonkeyPatch) -> None:
    with raw_server(never_answer) as server:
        environment.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.port}")
        asked = buckets("scans")
        started = time.monotonic()
        first = await asked.problem()
        assert 3 < time.monotonic() - started < 60
        assert first is not None
        # The second is the limit of the whole question, which on a busy machine may come first.
        assert f"127.0.0.1:{server.port} was silent for too long" in first or "no answer within 5 s" in first
        connections = server.connections
        assert await asked.problem() == first
        assert server.connections == connections


async def test_good_answer_is_remembered(environment: pytest.MonkeyPatch, minio: MinioServer) -> None:
    bucket = minio.bucket()
    asked = buckets(bucket)
    assert await asked.problem() is None
    environment.setenv("AWS_ENDPOINT_URL", os.devnull)
    minio.client.delete_bucket(Bucket=bucket)  # type: ignore[attr-defined]  # boto3's client has it
    assert await asked.problem() is None


async def test_nothing_is_asked_where_no_bucket_is_named(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert await buckets().problem() is None
