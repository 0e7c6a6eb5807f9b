"""A short form of `python -m tests.e2e.job_kill`."""

import random

import pytest

from tests.e2e.job_kill.kills import KINDS, JobBench
from tests.postgres import PostgresServer, postgres

__all__ = ["postgres"]

pytestmark = pytest.mark.timeout(1500)


def test_nothing_is_lost_and_nothing_doubled(postgres: PostgresServer) -> None:
    bench = JobBench(postgres, 60, KINDS)
    try:
        bench.start()
        reference = bench.undisturbed()
        assert sorted(reference.results) == list(range(1, 61))
        for number in range(3):
            run = bench.killed(random.Random(number))
            assert (run.results, run.doubles) == (reference.results, 0)
    finally:
        bench.stop()
