"""A short form of `python -m tests.e2e.bulk_kill`."""

import random

import pytest

from tests.e2e.bulk_kill.kills import fill_bucket, killed_run, read_results, undisturbed_run
from tests.minio import MinioServer, minio

__all__ = ["minio"]

pytestmark = pytest.mark.timeout(900)


@pytest.mark.parametrize("output_format", ["json", "parquet"])
def test_nothing_is_lost_and_nothing_doubled(minio: MinioServer, output_format: str) -> None:
    bucket = fill_bucket(minio, 24)
    reference = undisturbed_run(minio, bucket, output_format)
    assert all(len(rows) == 1 for rows in reference.values())
    for number in range(2):
        killed_run(minio, bucket, f"run-{number}/", output_format, random.Random(number))
        assert read_results(minio, bucket, f"run-{number}/", output_format) == reference
