"""Jobs with uploads in S3, and with the objects below a prefix."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from deployments.pipeline.attempts import Pipeline
from deployments.pipeline.routes import ColocatedReplicas
from deployments.storage.s3.storage import S3Storage
from serve.api.application import build_api
from serve.api.service import Service
from serve.config.settings import Settings
from serve.jobs.runtime import JobsRuntime


@pytest.fixture
def jobs(s3: S3Storage, bucket: str, tmp_path: Path) -> JobsRuntime:
    section = {"directory": str(tmp_path), "uploads": f"s3://{bucket}/uploads", "max_pages": 30}
    return JobsRuntime(Settings.model_validate({"jobs": section}))


@pytest.fixture
async def client(jobs: JobsRuntime) -> AsyncIterator[httpx.AsyncClient]:
    service = Service(jobs.settings, Pipeline(ColocatedReplicas(None, 1000)), jobs)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(build_api(service)), base_url="http://r") as client:
        yield client
    jobs.close()


def below(s3: S3Storage, bucket: str) -> list[str]:
    """All keys but the mark's."""
    keys = [stored.location.removeprefix(f"s3://{bucket}/") for stored in s3.list(f"s3://{bucket}/")]
    return [key for key in keys if not key.endswith("/mark-of-the-store")]


async def test_files_wait_in_s3_until_the_job_is_deleted(
    client: httpx.AsyncClient, jobs: JobsRuntime, s3: S3Storage, bucket: str
) -> None:
    s3.write(f"s3://{bucket}/kept", b"")
    answer = await client.post("/v1/jobs", files=[("file", (f"{name}.jpg", name.encode())) for name in "abcdefghij"])
    job_id = answer.json()["id"]
    assert len(below(s3, bucket)) == 11
    leases = jobs.store.leases.take("tester", 10, 60.0)
    assert [jobs.uploads.read(lease.source, 100).data for lease in leases] == [name.encode() for name in "abcdefghij"]
    assert {found for found, _ in jobs.uploads.abandoned(datetime.now(UTC) + timedelta(minutes=1))} == {job_id}
    assert list(jobs.uploads.abandoned(datetime.now(UTC) - timedelta(minutes=1))) == []
    assert (await client.delete(f"/v1/jobs/{job_id}")).status_code == 200
    assert below(s3, bucket) == ["kept"]


async def test_prefix_becomes_a_page_for_each_object(
    client: httpx.AsyncClient, jobs: JobsRuntime, s3: S3Storage, bucket: str
) -> None:
    for number in range(3):
        s3.write(f"s3://{bucket}/2026/{number}.jpg", b"x")
    answer = await client.post("/v1/jobs", json={"sources": ["s3://scans/a"], "prefix": f"s3://{bucket}/2026/"})
    assert answer.json()["total"] == 4
    leases = jobs.store.leases.take("tester", 10, 60.0)
    assert [lease.source for lease in leases] == [
        "s3://scans/a",
        *(f"s3://{bucket}/2026/{number}.jpg" for number in range(3)),
    ]


async def test_prefix_with_too_many_or_none_is_refused(client: httpx.AsyncClient, s3: S3Storage, bucket: str) -> None:
    for number in range(31):
        s3.write(f"s3://{bucket}/many/{number}.jpg", b"x")
    answer = await client.post("/v1/jobs", json={"prefix": f"s3://{bucket}/many/"})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    answer = await client.post("/v1/jobs", json={"prefix": f"s3://{bucket}/none/"})
    assert (answer.status_code, answer.json()["code"]) == (404, "source_not_found")
    answer = await client.post("/v1/jobs", json={"prefix": f"s3://{bucket}-not-there/"})
    assert (answer.status_code, answer.json()["code"]) == (404, "source_not_found")


async def test_bucket_for_uploads_that_is_gone_is_503(s3: S3Storage, bucket: str, tmp_path: Path) -> None:
    section = {"directory": str(tmp_path), "uploads": f"s3://{bucket}-not-there/"}
    jobs = JobsRuntime(Settings.model_validate({"jobs": section}))
    service = Service(jobs.settings, Pipeline(ColocatedReplicas(None, 1000)), jobs)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(build_api(service)), base_url="http://r") as client:
        answer = await client.post("/v1/jobs", files=[("file", ("a.jpg", b"x"))])
        assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
        assert "Retry-After" in answer.headers
    jobs.close()
