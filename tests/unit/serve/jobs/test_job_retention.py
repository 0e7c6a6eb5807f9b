"""Removing what nothing needs any more, with a real store and a real folder of uploads."""

import asyncio
import logging
import os
import shutil
import time
import uuid
from pathlib import Path

import pytest

from serve.jobs.background.retention import Retention
from serve.jobs.runtime import JobsRuntime
from tests.unit.serve.jobs.scripted_route import add_job, jobs_in

_TWO_DAYS_S = 2 * 24 * 3600.0


def forgotten(jobs: JobsRuntime) -> Path:
    """An upload whose request broke off."""
    return Path(jobs.uploads.put(uuid.uuid4().hex, 1, "old.png", b"x"))


def age(folder: Path) -> None:
    """Make all files look two days old."""
    then = time.time() - _TWO_DAYS_S
    for path in folder.rglob("*"):
        os.utime(path, (then, then))


def sweep(jobs: JobsRuntime) -> None:
    asyncio.run(Retention(jobs).sweep())


def test_old_uploads_without_a_job_are_swept(tmp_path: Path) -> None:
    jobs = jobs_in(tmp_path)
    try:
        job = add_job(jobs, [], uploads=[b"of a job"])
        (of_job,) = [path for path in tmp_path.rglob("*") if path.is_file() and path.parent.name == job.id]
        abandoned = forgotten(jobs)
        age(tmp_path / "uploads")
        under_way = forgotten(jobs)
        sweep(jobs)
        assert of_job.exists()
        assert under_way.exists()
        assert not abandoned.parent.exists()
        abandoned = forgotten(jobs)
        age(tmp_path / "uploads")
        sweep(jobs)  # the mark that the last one has set is known
        assert not abandoned.exists()
    finally:
        jobs.close()


def test_sweep_removes_nothing_that_is_not_of_its_own_form(tmp_path: Path) -> None:
    jobs = jobs_in(tmp_path)
    try:
        own = forgotten(jobs).parent.parent
        foreign = [
            tmp_path / "uploads" / "invoices" / "2024.pdf",
            tmp_path / "uploads" / uuid.uuid4().hex / "1-scan.png",  # the form of uploads, but not of this store
            tmp_path / "uploads" / uuid.uuid4().hex / uuid.uuid4().hex / "1-scan.png",  # of another store
            own / "invoices" / "1-scan.png",
            own / uuid.uuid4().hex / "scan.png",
            own / uuid.uuid4().hex / "deeper" / "1-scan.png",
            own / "1-scan.png",
        ]
        for path in foreign:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")
        age(tmp_path / "uploads")
        sweep(jobs)
        assert [path for path in foreign if not path.exists()] == []
    finally:
        jobs.close()


def test_two_stores_with_one_place_for_uploads_leave_each_other_alone(tmp_path: Path) -> None:
    place = f"file://{tmp_path}/shared"
    first, second = (jobs_in(tmp_path / name, uploads=place) for name in ("first", "second"))
    try:
        of_first, of_second = forgotten(first), forgotten(second)
        age(tmp_path / "shared")
        sweep(second)
        assert (of_first.exists(), of_second.exists()) == (True, False)
    finally:
        first.close()
        second.close()


def test_restored_store_sweeps_nothing_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    place = f"file://{tmp_path}/shared"
    jobs = jobs_in(tmp_path / "now", uploads=place)
    forgotten(jobs)
    jobs.close()
    shutil.copytree(tmp_path / "now", tmp_path / "copy")
    jobs = jobs_in(tmp_path / "now", uploads=place)
    sweep(jobs)
    newer = add_job(jobs, [], uploads=[b"of a job that the copy does not know"])
    jobs.close()
    age(tmp_path / "shared")
    restored = jobs_in(tmp_path / "copy", uploads=place)
    try:
        with caplog.at_level(logging.WARNING):
            sweep(restored)
        (upload,) = [path for path in (tmp_path / "shared").rglob("1-*") if path.parent.name == newer.id]
        assert upload.exists()
        assert "no abandoned upload is removed" in caplog.text
        mark = next((tmp_path / "shared").rglob("mark-of-the-store"))
        mark.unlink()
        sweep(restored)  # sets a mark, and leaves a time to object
        assert upload.exists()
        sweep(restored)
        assert not upload.exists()
    finally:
        restored.close()
