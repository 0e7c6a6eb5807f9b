"""Where uploads lie, and what is left of a request that does not come to its end."""

import asyncio
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deployments.storage import StorageSettings
from models.errors import AccessDenied, ConfigurationError, Overloaded, SourceNotFound, StorageUnavailable
from serve.config.jobs import JobsSettings
from serve.jobs.names import safe_name
from serve.jobs.records import Job, NewJob
from serve.jobs.store import JobStore
from serve.jobs.store.marks import Marks
from serve.jobs.submission import Submission
from serve.jobs.uploads import Uploads
from tests.waiting import loop_is_idle

from .conftest import Running

_JOB = "1a" * 16


@pytest.fixture
def marks(tmp_path: Path) -> Iterator[Marks]:
    store = JobStore.of(JobsSettings(directory=str(tmp_path)))
    yield store.marks
    store.close()


@pytest.fixture
def uploads(tmp_path: Path, marks: Marks) -> Uploads:
    return Uploads(f"file://{tmp_path}/uploads/", StorageSettings(), marks)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("a.jpg", "a.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\scans\\a b.jpg", "a_b.jpg"),
        ("größe.png", "gr_e.png"),
        ("..", "file"),
        ("scans/", "scans"),
        (".hidden", "hidden"),
        ("", "file"),
        ("x" * 300 + ".jpg", "x" * 96 + ".jpg"),
    ],
)
def test_name_is_made_harmless(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_folder_is_for_its_owner_alone(uploads: Uploads, tmp_path: Path) -> None:
    assert (tmp_path / "uploads").stat().st_mode & 0o777 == 0o700


def test_upload_comes_back_until_it_is_deleted(uploads: Uploads, tmp_path: Path) -> None:
    first, second = (uploads.put(_JOB, number, "a.jpg", b"content") for number in (1, 2))
    uploads.seal(_JOB)
    document = uploads.read(first, 7, "scans/a.jpg")
    assert (document.data, document.name) == (b"content", "scans/a.jpg")
    assert uploads.delete([first]) == ([first], None)
    assert Path(first).is_relative_to(tmp_path / "uploads")
    assert Path(second).exists()
    assert uploads.delete([first, second]) == ([first, second], None)
    assert not Path(first).parent.exists()
    with pytest.raises(SourceNotFound):
        uploads.read(first, 7)


@pytest.mark.parametrize("location", ["/etc/passwd", "{folder}x/1", "{folder}/../secret", "s3://scans/a"])
def test_nothing_else_is_read_or_removed(uploads: Uploads, tmp_path: Path, location: str) -> None:
    location = location.format(folder=tmp_path / "uploads")
    with pytest.raises(AccessDenied):
        uploads.read(location, 100)
    gone, failure = uploads.delete([location])
    assert (gone, type(failure)) == ([], AccessDenied)


def test_abandoned_are_the_old_ones(uploads: Uploads) -> None:
    assert list(uploads.abandoned(datetime.now(UTC))) == []
    location = uploads.put(_JOB, 1, "a.jpg", b"content")
    now = datetime.now(UTC)
    assert list(uploads.abandoned(now - timedelta(hours=1))) == []
    assert list(uploads.abandoned(now + timedelta(seconds=5))) == [(_JOB, location)]


@pytest.mark.parametrize("folder", ["https://example.com/", "file:///proc/uploads/"])
def test_place_that_cannot_hold_uploads_is_refused(folder: str, marks: Marks) -> None:
    with pytest.raises(ConfigurationError, match=r"jobs\.uploads"):
        Uploads(folder, StorageSettings(), marks)


async def test_cancelled_request_leaves_nothing(running: Running) -> None:
    stored = asyncio.Event()

    async def hand_in() -> None:
        async with Submission(running.jobs, "", None) as submission:
            await submission.add_file("a.jpg", b"content")
            stored.set()
            await asyncio.Event().wait()  # a client that sends nothing more

    task = asyncio.create_task(hand_in())
    await stored.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert running.uploads() == []


async def test_request_cancelled_while_it_is_accepted_keeps_its_files(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    adding, has_left = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()
    add = running.jobs.store.submissions.add

    def slow(new: NewJob) -> tuple[Job, bool]:
        loop.call_soon_threadsafe(adding.set)
        assert has_left.wait(60)
        return add(new)

    monkeypatch.setattr(running.jobs.store.submissions, "add", slow)
    task = asyncio.create_task(_hand_in(running))
    await adding.wait()
    task.cancel()
    await loop_is_idle()
    has_left.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    (lease,) = running.jobs.store.leases.take("tester", 10, 60.0)
    assert running.jobs.uploads.read(lease.source, 100).data == b"content"


async def test_job_is_made_when_its_last_files_are_stored_before_its_end(running: Running) -> None:
    async with Submission(running.jobs, "", None) as submission:
        # Over the bytes that may be in work, so this waits until it is stored.
        await submission.add_file("a.jpg", bytes(running.jobs.settings.http.max_body_bytes + 1))
        job, is_new = await submission.finish()
    assert (is_new, job.total, running.uploads()) == (True, 1, ["1-a.jpg"])


@pytest.mark.parametrize("broke_off", [True, False])
async def test_files_stay_where_the_store_may_have_taken_the_job(
    running: Running, monkeypatch: pytest.MonkeyPatch, broke_off: bool
) -> None:
    def add(_: NewJob) -> tuple[Job, bool]:
        raise Overloaded("no answer") from (StorageUnavailable("connection lost") if broke_off else None)

    monkeypatch.setattr(running.jobs.store.submissions, "add", add)
    with pytest.raises(Overloaded):
        await _hand_in(running)
    assert running.uploads() == (["1-a.jpg"] if broke_off else [])


async def _hand_in(running: Running) -> None:
    async with Submission(running.jobs, "", None) as submission:
        await submission.add_file("a.jpg", b"content")
        await submission.finish()
