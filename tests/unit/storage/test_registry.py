import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.storage.base import read_limited
from deployments.storage.data_url import DataUrlStorage
from deployments.storage.registry import (
    COMMAND_LINE_SCHEMES,
    SERVICE_SCHEMES,
    StorageRow,
    Storages,
    build_storage,
    rows_by_scheme,
)
from deployments.storage.settings import StorageSettings
from models.errors import AccessDenied, MalformedRequest, RayocrError, TooLarge

SERVICE = build_storage(StorageSettings(), SERVICE_SCHEMES)
COMMAND_LINE = build_storage(StorageSettings(), COMMAND_LINE_SCHEMES)


@pytest.mark.parametrize(
    ("location", "error", "message"),
    [
        ("file:///etc/passwd", AccessDenied, "file:// can't be read here, only data, https, s3; upload the file"),
        ("FILE:///etc/passwd", AccessDenied, "file:// can't be read here"),
        ("/etc/passwd", MalformedRequest, "names no scheme, such as s3://bucket/key; known are data, https, s3"),
        ("../a.png", MalformedRequest, "names no scheme"),
        ("", MalformedRequest, "names no scheme"),
        (" s3://bucket/key", MalformedRequest, "names no scheme"),
        ("http://example.com/a.png", MalformedRequest, "unknown scheme 'http'; known are data, https, s3"),
        ("gopher://example.com", MalformedRequest, "unknown scheme 'gopher'"),
        ("https://example.com/a.png", AccessDenied, r"storage\.https_enabled"),
        ("s3://bucket/\ud800", MalformedRequest, "lone surrogates"),
        ("s3://bucket/" + "a" * 9000, MalformedRequest, "9,012 characters, over the limit of 8,192"),
    ],
)
def test_service_refuses(location: str, error: type[RayocrError], message: str) -> None:
    with pytest.raises(error, match=message):
        SERVICE.read(location, 1000)
    with pytest.raises((AccessDenied, MalformedRequest)):
        next(SERVICE.list(location))


def test_service_reads_a_data_url() -> None:
    assert SERVICE.read("data:;base64,iVBORw==", 1000).data == b"\x89PNG"


@pytest.mark.parametrize("name", ["a.png", "a:b.png", "a%20b.png"])
def test_command_line_reads_paths_and_file_urls(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"content")
    assert COMMAND_LINE.read(str(tmp_path / name), 1000).data == b"content"
    assert COMMAND_LINE.read((tmp_path / name).as_uri(), 1000).data == b"content"


def test_https_has_no_listing() -> None:
    with pytest.raises(MalformedRequest, match="https:// has no listing"):
        SERVICE.list("https://example.com/folder/")


@pytest.mark.parametrize("location", ["https://example.com/a?secret", "data:,secret"])
def test_only_files_and_objects_are_written(location: str) -> None:
    for refused in (
        lambda: SERVICE.write(location, b""),
        lambda: SERVICE.delete(location),
        lambda: SERVICE.stat(location),
        lambda: SERVICE.read_range(location, 0, 1),
    ):
        with pytest.raises(MalformedRequest) as raised:
            refused()
        assert "secret" not in str(raised.value)


def test_service_writes_no_file(tmp_path: Path) -> None:
    with pytest.raises(AccessDenied, match="file:// can't be"):
        SERVICE.write((tmp_path / "a").as_uri(), b"content")
    assert list(tmp_path.iterdir()) == []


def test_command_line_writes_where_it_reads(tmp_path: Path) -> None:
    location = str(tmp_path / "folder" / "a")
    etag = COMMAND_LINE.write(location, b"content")
    assert COMMAND_LINE.read(location, 100).data == b"content"
    assert COMMAND_LINE.stat(location).etag == etag
    assert COMMAND_LINE.read_range(location, 3, 2) == b"te"
    COMMAND_LINE.delete(location)
    assert list(tmp_path.rglob("*")) == [tmp_path / "folder"]


def test_two_storages_for_one_scheme_are_refused() -> None:
    row = StorageRow("data", lambda settings: DataUrlStorage())
    with pytest.raises(ValueError, match="two storages for the scheme 'data'"):
        rows_by_scheme([row, row])


def test_unknown_allowed_scheme_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no storage reads \['ftp'\]"):
        build_storage(StorageSettings(), frozenset({"ftp"}))


def test_boto3_is_not_imported_before_its_first_use() -> None:
    program = (
        "import sys; from deployments.storage import *; "
        "build_storage(StorageSettings(), SERVICE_SCHEMES).read('data:,a', 1); "
        "print('boto3' in sys.modules, 'ray' in sys.modules)"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"


def test_reading_takes_no_chunk_after_the_limit() -> None:
    taken = 0

    def counted() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield b"x" * 100

    with pytest.raises(TooLarge, match="more than 1,000 bytes"):
        read_limited(counted(), 1000, "it")
    assert taken == 11


@pytest.mark.parametrize(
    ("location", "hosts", "allowed"),
    [
        ("https://a.b/c", None, ("of.settings",)),
        ("https://a.b/c", ("own.host", ".more"), ("own.host", ".more")),
        ("https://a.b/c", (), ("",)),  # which is the name of no host
        ("s3://bucket/c", ("own.host",), ("of.settings",)),
    ],
)
def test_hosts_of_a_client_hold_in_place_of_the_settings(
    location: str, hosts: tuple[str, ...] | None, allowed: tuple[str, ...]
) -> None:
    built: list[StorageSettings] = []

    def build(settings: StorageSettings) -> DataUrlStorage:
        built.append(settings)
        return DataUrlStorage()

    settings = StorageSettings(https_allowed_hosts=("of.settings",))
    rows = rows_by_scheme([StorageRow("https", build), StorageRow("s3", build)])
    storages = Storages(settings, rows, frozenset(rows))
    for _ in range(2):
        with pytest.raises(RayocrError):
            storages.read(location, 1000, hosts)
    assert [one.https_allowed_hosts for one in built] == [allowed]
