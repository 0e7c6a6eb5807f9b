import dataclasses
import os
import sqlite3
import stat
from pathlib import Path

import pytest

from models.errors import ConfigurationError, InsufficientStorage, Overloaded, StorageUnavailable
from serve.jobs.store import JobStore
from tests.jobs.building import LIMITS, add_job, complete_all, new_job


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("", "must be a URL of one of sqlite, postgresql"),
        ("redis://:secret@host/0", "must be a URL of one of sqlite, postgresql"),
        ("sqlite:///jobs.db", "absolute path"),
        ("sqlite://", "absolute path"),
        ("sqlite:////dev/null/folder/jobs.db", "can't be made: Not a directory"),
    ],
)
def test_url_that_cannot_be_used_is_refused(url: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as refused:
        JobStore.open(url, LIMITS)
    assert "secret" not in refused.value.message


def test_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    store = JobStore.open(f"sqlite:///{tmp_path}/new/jobs.db", LIMITS)
    store.check()
    store.close()
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


def test_jobs_are_there_when_the_store_is_opened_again(store: JobStore, store_url: str) -> None:
    job = add_job(store, 2)
    store.close()
    again = JobStore.open(store_url, LIMITS)
    assert again.views.job(job.id, "ann") == job
    again.close()


def test_tables_of_another_version_are_refused(store: JobStore, store_url: str) -> None:
    store.check()
    store.close()
    with sqlite3.connect(store_url.removeprefix("sqlite:///")) as file:
        file.execute("UPDATE rayocr_jobs_schema SET version = 99")
    file.close()
    with pytest.raises(ConfigurationError, match="version 99"):
        JobStore.open(store_url, LIMITS).check()


def test_file_that_is_no_database_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "jobs.db").write_bytes(b"something else " * 1000)
    store = JobStore.open(f"sqlite:///{tmp_path}/jobs.db", LIMITS)
    with pytest.raises(StorageUnavailable, match="not a database"):
        store.check()
    with pytest.raises(Overloaded, match="try again"):  # what a client is told
        add_job(store)


def test_commit_is_on_disk_when_it_returns(store_url: str, store: JobStore) -> None:
    store.check()
    with store._database._parts.engine.connect() as connection:
        modes = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")]
    assert modes == ["wal", 2]


def test_full_disk_is_named(store: JobStore) -> None:
    store.check()
    with store._database._parts.engine.connect() as connection:
        connection.exec_driver_sql(
            "PRAGMA max_page_count=1"
        )  # the file may not grow; the next call gets this connection
    with pytest.raises(InsufficientStorage, match="is full"):
        add_job(store, 5_000)
    assert store.views.jobs("ann") == ([], None)


SECRET = "correct horse battery staple"


def on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


@pytest.mark.parametrize("end", ["read", "cancelled"])
def test_password_leaves_the_disk_with_its_job(end: str, store: JobStore, tmp_path: Path) -> None:
    add_job(store)
    job, _ = store.submissions.add(dataclasses.replace(new_job(owner="bob"), options={"password": SECRET}))
    assert SECRET.encode() in on_disk(tmp_path)
    if end == "read":
        complete_all(store)
    else:
        store.endings.cancel(job.id, "bob")
    assert SECRET.encode() not in on_disk(tmp_path)


def test_names_leave_the_disk_with_their_job(store: JobStore, tmp_path: Path) -> None:
    job = add_job(store)
    complete_all(store)
    assert f"s3://uploads/{job.id}".encode() in on_disk(tmp_path)
    store.endings.cancel(job.id, "ann")
    assert f"s3://uploads/{job.id}".encode() not in on_disk(tmp_path)


def test_files_are_private_whatever_the_umask(store_url: str, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        (tmp_path / "jobs.db").touch(mode=0o666)  # of an earlier version
        store = JobStore.open(store_url, LIMITS)
        add_job(store)
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
        store.close()
    finally:
        os.umask(before)
    assert modes == {"jobs.db": 0o600, "jobs.db-wal": 0o600, "jobs.db-shm": 0o600}
