import errno
import os
import resource
import signal
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.storage.file import FileStorage
from models.errors import AccessDenied, InsufficientStorage, MalformedRequest, SourceNotFound

STORAGE = FileStorage()


def test_missing_folders_are_made(tmp_path: Path) -> None:
    etag = STORAGE.write(str(tmp_path / "a" / "b c" / "d.json"), b"content")

    assert (tmp_path / "a/b c/d.json").read_bytes() == b"content"
    assert etag == STORAGE.stat(str(tmp_path / "a/b c/d.json")).etag


def test_written_file_has_the_usual_permissions(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        STORAGE.write(str(tmp_path / "a"), b"content")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640


def test_file_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    first = STORAGE.write(str(tmp_path / "a"), b"first")
    second = STORAGE.write(str(tmp_path / "a"), b"second")

    assert (tmp_path / "a").read_bytes() == b"second"
    assert first != second
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    contents = {bytes([number]) * 200_000 for number in range(2)}
    path = tmp_path / "a"
    STORAGE.write(str(path), min(contents))
    ended = threading.Event()

    def write() -> None:
        for _ in range(50):
            for content in contents:
                STORAGE.write(str(path), content)
        ended.set()

    writer = threading.Thread(target=write)
    writer.start()
    reads = 0
    while not ended.is_set():
        assert path.read_bytes() in contents
        reads += 1
    writer.join()
    assert reads > 0


def test_etag_changes_with_the_content(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"one")
    os.utime(path, ns=(1_000, 1_000))
    before = STORAGE.stat(str(path))
    os.utime(path, ns=(1_000, 2_000))
    touched = STORAGE.stat(str(path))
    assert (before.etag, touched.etag) == ("3-1000", "3-2000")
    assert (before.modified, touched.modified) == ("1970-01-01T00:00:00.000001000Z", "1970-01-01T00:00:00.000002000Z")


@pytest.mark.parametrize(
    ("start", "size", "part"), [(0, 3, b"012"), (8, 5, b"89"), (10, 5, b""), (99, 5, b""), (0, 99, b"0123456789")]
)
def test_part_of_a_file_is_read(tmp_path: Path, start: int, size: int, part: bytes) -> None:
    (tmp_path / "a").write_bytes(b"0123456789")
    assert STORAGE.read_range(str(tmp_path / "a"), start, size) == part


def test_part_and_state_of_a_missing_file_are_not_found(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFound):
        STORAGE.read_range(str(tmp_path / "a"), 0, 1)
    with pytest.raises(SourceNotFound):
        STORAGE.stat(str(tmp_path / "a"))


def test_deleting_what_is_not_there_is_fine(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    STORAGE.delete(str(tmp_path / "a"))
    STORAGE.delete(str(tmp_path / "a"))
    STORAGE.delete(str(tmp_path / "no" / "folder"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["file/below", "folder"])
def test_name_that_is_taken_by_the_other_kind_is_malformed(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder" / "a").mkdir(parents=True)
    with pytest.raises(MalformedRequest, match="a file has a folder's name, or a folder a file's"):
        STORAGE.write(str(tmp_path / name), b"content")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


@pytest.fixture
def closed_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that this process may not write to. Root may write to all, so as root the test runs as another user."""
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o555)
    tmp_path.chmod(0o755)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield folder
    finally:
        os.seteuid(user)


def test_folder_without_permission_is_access_denied(closed_folder: Path) -> None:
    with pytest.raises(AccessDenied, match="can't be written: Permission denied"):
        STORAGE.write(str(closed_folder / "a"), b"content")
    with pytest.raises(AccessDenied):
        STORAGE.write(str(closed_folder / "new" / "a"), b"content")


def test_file_over_the_size_limit_leaves_nothing(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(InsufficientStorage, match=os.strerror(errno.EFBIG)):
            STORAGE.write(str(tmp_path / "a"), b"x" * 2000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert list(tmp_path.iterdir()) == []


def test_entry_that_vanishes_while_listed_is_left_out(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).touch()
    (tmp_path / "folder").mkdir()
    listing = STORAGE.list(str(tmp_path))
    assert next(listing).location == str(tmp_path / "a")
    (tmp_path / "b").unlink()
    (tmp_path / "folder").rmdir()
    assert [stored.location for stored in listing] == [str(tmp_path / "c")]
