"""Removing what nothing needs any more, with a real store and a real folder of uploads."""

import asyncio
import os
import time
from pathlib import Path

from serve.jobs.background.retention import Retention
from tests.unit.serve.jobs.scripted_route import add_job, jobs_in

_TWO_DAYS_S = 2 * 24 * 3600.0


def test_old_uploads_without_a_job_are_swept(tmp_path: Path) -> None:
    jobs = jobs_in(tmp_path)
    try:
        job = add_job(jobs, [], uploads=[b"of a job"])
        forgotten = Path(jobs.uploads.put("forgotten", 1, "old.png", b"whose request broke off"))
        under_way = Path(jobs.uploads.put("under-way", 1, "new.png", b"whose request goes on"))
        then = time.time() - _TWO_DAYS_S
        of_job = [path for path in tmp_path.rglob("*") if path.is_file() and job.id in str(path)]
        for path in (forgotten, *of_job):
            os.utime(path, (then, then))
        asyncio.run(Retention(jobs).sweep())
        assert len(of_job) == 1
        assert of_job[0].exists()
        assert under_way.exists()
        assert not forgotten.parent.exists()
    finally:
        jobs.close()
