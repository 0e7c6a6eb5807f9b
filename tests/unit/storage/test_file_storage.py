import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.storage.base import StoredObject
from deployments.storage.file import FileStorage, path_from_location
from models.errors import AccessDenied, MalformedRequest, SourceNotFound, TooLarge

STORAGE = FileStorage()


@pytest.mark.parametrize("name", ["a.png", "with space.png", "ünïcödé 漢字.png", "a%20b+c#d?e.png", "data:x", "s3:"])
def test_path_is_taken_literally(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(name.encode())

    document = STORAGE.read(str(tmp_path / name), 1000)

    assert document.data == name.encode()
    assert document.name == name


def test_name_that_is_not_utf8_is_read(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/\xff.png"
    Path(os.fsdecode(path)).write_bytes(b"content")

    assert STORAGE.read(os.fsdecode(path), 1000).data == b"content"


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("file:///data/a%20b.png", "/data/a b.png"),
        ("FILE://localhost/data/a.png", "/data/a.png"),
        ("file:///%FF", "/\udcff"),
        ("scans/a.png", "scans/a.png"),
    ],
)
def test_location_becomes_a_path(location: str, path: str) -> None:
    assert path_from_location(location) == Path(path)


@pytest.mark.parametrize("location", ["", "a\0b", "file://other/data", "file:///a%00b", "file://localhost"])
def test_invalid_location_is_malformed(location: str) -> None:
    with pytest.raises(MalformedRequest):
        path_from_location(location)


def test_file_of_exactly_the_limit_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 1000)
    assert len(STORAGE.read(str(tmp_path / "a"), 1000).data) == 1000


def test_file_over_limit_is_too_large(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 1001)
    with pytest.raises(TooLarge, match="has 1,001 bytes, over the limit of 1,000"):
        STORAGE.read(str(tmp_path / "a"), 1000)


def test_file_that_hides_its_size_stops_at_the_limit() -> None:
    with pytest.raises(TooLarge, match="more than 10 bytes"):
        STORAGE.read("/proc/self/status", 10)  # says it has 0 bytes


@pytest.mark.parametrize("name", ["missing", "file/below"])
def test_missing_file_is_not_found(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SourceNotFound, match="does not exist"):
        STORAGE.read(str(tmp_path / name), 1000)


def test_folder_is_refused_as_document(tmp_path: Path) -> None:
    with pytest.raises(MalformedRequest, match="is a folder"):
        STORAGE.read(str(tmp_path), 1000)


def test_fifo_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(MalformedRequest, match="is a FIFO, a socket or a device"):
        STORAGE.read(str(tmp_path / "fifo"), 1000)


def test_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path is at most 108 bytes long
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        with pytest.raises(MalformedRequest):
            STORAGE.read("socket", 1000)


def test_device_is_refused() -> None:
    with pytest.raises(MalformedRequest, match="is a FIFO, a socket or a device"):
        STORAGE.read("/dev/zero", 1000)


def test_name_that_is_too_long_is_malformed() -> None:
    with pytest.raises(MalformedRequest, match="File name too long"):
        STORAGE.read("a" * 300, 1000)


@pytest.fixture
def closed_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that this process may not enter. Root may enter all, so as root the test runs as another user."""
    folder = tmp_path / "closed"
    folder.mkdir(mode=0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield folder
    finally:
        os.seteuid(user)
        folder.chmod(0o700)


def test_unreadable_file_is_access_denied(closed_folder: Path) -> None:
    with pytest.raises(AccessDenied, match="Permission denied"):
        STORAGE.read(str(closed_folder / "a"), 1000)


def test_unreadable_folder_is_access_denied(closed_folder: Path) -> None:
    with pytest.raises(AccessDenied, match="Permission denied"):
        list(STORAGE.list(str(closed_folder)))


def test_folder_is_listed_with_all_below_in_order(tmp_path: Path) -> None:
    for name in ("b/2.png", "b/10.png", "a.png", "c/.hidden", "Z.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")

    listed = list(STORAGE.list(str(tmp_path)))

    names = [stored.location.removeprefix(f"{tmp_path}/") for stored in listed]
    assert names == ["Z.png", "a.png", "b/10.png", "b/2.png", "c/.hidden", "fifo", "link"]
    assert [stored.size_bytes for stored in listed[:5]] == [5, 5, 8, 7, 9]


def test_file_lists_as_itself(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"123")
    etag = f"3-{path.stat().st_mtime_ns}"
    assert list(STORAGE.list(f"file://{path}")) == [StoredObject(str(path), 3, etag)]


def test_link_to_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a").touch()
    (tmp_path / "top").mkdir()
    (tmp_path / "top" / "link").symlink_to(tmp_path / "real")

    assert [stored.location for stored in STORAGE.list(str(tmp_path / "top"))] == [f"{tmp_path}/top/link/a"]


def test_link_that_leads_back_is_malformed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(MalformedRequest, match="links back"):
        list(STORAGE.list(str(tmp_path)))


def test_file_that_looks_like_a_url_is_listed_as_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data:x").touch()
    monkeypatch.chdir(tmp_path)
    assert [stored.location for stored in STORAGE.list(".")] == ["./data:x"]


def test_missing_folder_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFound):
        list(STORAGE.list(str(tmp_path / "missing")))
