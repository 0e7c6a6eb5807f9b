from pathlib import Path

import pytest

from deployments.storage import COMMAND_LINE_SCHEMES, StorageSettings, build_storage
from models.errors import MalformedRequest
from serve.bulk.locations import check_locations, file_of, folder_of, input_of, key_from_path, split_prefix

STORAGE = build_storage(StorageSettings(), COMMAND_LINE_SCHEMES)


@pytest.mark.parametrize(
    ("location", "folder"),
    [
        ("s3://scans", "s3://scans/"),
        ("s3://scans/2026", "s3://scans/2026/"),
        ("S3://scans/2026/", "s3://scans/2026/"),
        ("/data/../etc", "/etc/"),
        ("file:///data/a%20b/", "/data/a b/"),
        ("/", "/"),
    ],
)
def test_folder_ends_in_a_slash(location: str, folder: str) -> None:
    assert folder_of(location) == folder


def test_relative_paths_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert folder_of("scans") == f"{tmp_path.resolve()}/scans/"
    assert file_of("keys.txt") == f"{tmp_path.resolve()}/keys.txt"
    assert file_of("s3://b/keys.txt") == "s3://b/keys.txt"
    assert split_prefix("scan*") == (f"{tmp_path.resolve()}/", "scan")
    assert input_of("scan*") == f"{tmp_path.resolve()}/scan*"


@pytest.mark.parametrize("location", ["https://example.com/scans/", "data:,a", "http://x/"])
def test_location_without_folders_is_malformed(location: str) -> None:
    with pytest.raises(MalformedRequest, match="a bulk run reads and writes s3:// and file://"):
        folder_of(location)


@pytest.mark.parametrize(
    ("location", "parts"),
    [
        ("s3://scans/2026/", ("s3://scans/2026/", "")),
        ("s3://scans/2026-0*", ("s3://scans/", "2026-0")),
        ("s3://scans/2026/*", ("s3://scans/2026/", "")),
        ("s3://scans/*/", ("s3://scans/*/", "")),
        ("/data/scan*", ("/data/", "scan")),
    ],
)
def test_star_at_the_end_is_the_beginning_of_names(location: str, parts: tuple[str, str]) -> None:
    assert split_prefix(location) == parts


@pytest.mark.parametrize(
    ("location", "same"),
    [("s3://scans", "s3://scans/"), ("s3://scans/a*", "s3://scans/a*"), ("s3://scans/a/*", "s3://scans/a/")],
)
def test_input_keeps_its_star(location: str, same: str) -> None:
    assert input_of(location) == input_of(same) == same


def test_bucket_with_a_star_is_malformed() -> None:
    with pytest.raises(MalformedRequest, match="the name of a bucket can't end in"):
        split_prefix("s3://scans*")


def test_bytes_that_are_no_utf8_are_escaped_in_keys() -> None:
    assert key_from_path("a/\udcff\udce4 ü.png") == "a/%FF%E4 ü.png"


@pytest.mark.parametrize(("location", "output"), [("in", "in"), ("in/2026", "in"), ("in/scan*", "in"), ("in", ".")])
def test_output_that_holds_the_input_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, location: str, output: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MalformedRequest, match="is the input or holds it"):
        check_locations(location, folder_of(output), STORAGE)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("output", ["out", "in/texts", "in-2"])
def test_writable_output_is_accepted_and_left_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, output: str
) -> None:
    monkeypatch.chdir(tmp_path)
    check_locations("in", folder_of(output), STORAGE)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_a_killed_writer_left_in_the_output_goes_first(tmp_path: Path) -> None:
    for name in ("out/a/.rayocr-0123456789abcdef.tmp", "out/a/b.png.json", "in/.rayocr-0123456789abcdef.tmp"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    check_locations(str(tmp_path / "in"), folder_of(str(tmp_path / "out")), STORAGE)
    left = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert left == ["in/.rayocr-0123456789abcdef.tmp", "out/a/b.png.json"]
