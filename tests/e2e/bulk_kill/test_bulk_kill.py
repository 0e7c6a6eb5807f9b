"""A short form of `python -m tests.e2e.bulk_kill`."""

import random
from collections.abc import Sequence

import pytest

from tests.e2e.bulk_kill.kills import KillBench
from tests.minio import MinioServer, minio

__all__ = ["minio"]

pytestmark = pytest.mark.timeout(900)


@pytest.mark.parametrize(
    ("output_format", "kinds"),
    [("json", ("driver", "worker", "minio")), ("parquet", ("driver", "worker", "minio")), ("jsonl", ("node",))],
)
def test_nothing_is_lost_and_nothing_doubled(minio: MinioServer, output_format: str, kinds: Sequence[str]) -> None:
    bench = KillBench(minio, output_format, 24, kinds)
    try:
        reference = bench.undisturbed()
        assert all(len(rows) == 1 for rows in reference.values())
        for number in range(2):
            output = f"run-{number}/"
            bench.killed(output, random.Random(number))
            assert bench.results(output) == reference
    finally:
        bench.stop()
