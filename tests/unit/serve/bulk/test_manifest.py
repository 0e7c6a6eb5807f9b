from pathlib import Path

import pytest

from deployments.storage import COMMAND_LINE_SCHEMES, StorageSettings, build_storage
from models.errors import MalformedRequest, SourceNotFound
from serve.bulk.documents import InputDocument
from serve.bulk.input.inputs import list_inputs

STORAGE = build_storage(StorageSettings(), COMMAND_LINE_SCHEMES)


def read(path: Path, content: str | bytes, folder: str = "s3://scans/2026") -> list[InputDocument]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(list_inputs(folder, (), (), str(path), STORAGE))


def test_lines_are_keys_or_locations_as_they_are(tmp_path: Path) -> None:
    documents = read(tmp_path / "keys.txt", 'a.png\r\n\ns3://scans/2026/b c.png\n"d",%20#1\n{e}')
    assert [(document.key, document.location) for document in documents] == [
        ("a.png", "s3://scans/2026/a.png"),
        ("b c.png", "s3://scans/2026/b c.png"),
        ('"d",%20#1', 's3://scans/2026/"d",%20#1'),
        ("{e}", "s3://scans/2026/{e}"),
    ]


def test_json_lines_may_have_etag_and_size(tmp_path: Path) -> None:
    rows = '{"key":"a","etag":"\\"1\\"","size_bytes":5,"more":1}\n{"location":"s3://scans/2026/b"}\n'
    assert read(tmp_path / "keys.jsonl", rows) == [
        InputDocument("a", "s3://scans/2026/a", "1", 5),
        InputDocument("b", "s3://scans/2026/b", "", 0),
    ]


def test_key_that_comes_twice_counts_once(tmp_path: Path) -> None:
    lines = [str(number % 5000) for number in range(20_000)]
    documents = read(tmp_path / "keys.txt", "\n".join(lines))
    assert [document.key for document in documents] == lines[:5000]


def test_manifest_of_many_pieces_is_read_whole(tmp_path: Path) -> None:
    lines = [f"{number:0100}" for number in range(50_000)]  # 5 MB; a piece has 4 MiB
    assert [document.key for document in read(tmp_path / "keys.txt", "\n".join(lines) + "\n")] == lines


def test_patterns_choose_among_the_lines(tmp_path: Path) -> None:
    (tmp_path / "keys.txt").write_text("a.png\nb.jpg\n_state/c.png\n")
    documents = list_inputs("s3://scans/", ["*.png"], (), str(tmp_path / "keys.txt"), STORAGE)
    assert [document.key for document in documents] == ["a.png"]


def test_paths_may_be_relative_to_the_input_or_absolute(tmp_path: Path) -> None:
    folder = tmp_path.resolve()
    documents = read(tmp_path / "keys.txt", f"a.png\n{folder}/b.png\n{(folder / 'c d').as_uri()}\n", str(tmp_path))
    assert [document.key for document in documents] == ["a.png", "b.png", "c d"]
    assert documents[2].location == f"{folder}/c d"


def test_path_that_is_not_utf8_is_read(tmp_path: Path) -> None:
    (document,) = read(tmp_path / "keys.txt", b"\xff.png\n", str(tmp_path))
    assert (document.key, document.location) == ("%FF.png", f"{tmp_path.resolve()}/\udcff.png")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("keys.txt", "a\ns3://other/b", r"line 2 of .*keys.txt names s3://other/b, which does not lie in s3://scans/"),
        ("keys.txt", "https://example.com/b", "does not lie in"),
        ("keys.txt", "folder/", "does not name a document"),
        ("keys.jsonl", "a.png", "line 1 of .* is not a JSON object with key or location: a.png"),
        ("keys.jsonl", '"a.png"', "is not a JSON object"),
        ("keys.jsonl", "{}", "is not a JSON object"),
        ("keys.jsonl", '{"key":1}', "needs strings for key and etag"),
        ("keys.jsonl", '{"key":"a","size_bytes":"1"}', "needs strings for key and etag, an integer for size_bytes"),
        ("picture.png", b"\0" * 100_000, "has a line of over 65,536 bytes: is it a manifest?"),
    ],
)
def test_line_that_names_no_document_is_malformed(
    tmp_path: Path, name: str, content: str | bytes, message: str
) -> None:
    with pytest.raises(MalformedRequest, match=message):
        read(tmp_path / name, content)


def test_path_that_climbs_is_malformed(tmp_path: Path) -> None:
    with pytest.raises(MalformedRequest, match="does not name a document"):
        read(tmp_path / "keys.txt", "../secret.png", str(tmp_path))
    with pytest.raises(MalformedRequest, match="does not lie in"):
        read(tmp_path / "keys.txt", f"{tmp_path}/../secret.png", str(tmp_path))


def test_manifest_that_changes_while_it_is_read_is_malformed(tmp_path: Path) -> None:
    path = tmp_path / "keys.txt"
    path.write_text("\n".join(map(str, range(5000))))
    documents = list_inputs("s3://scans/", (), (), str(path), STORAGE)
    next(documents)
    path.write_text("other")
    with pytest.raises(MalformedRequest, match="changed while it was read"):
        list(documents)


def test_missing_manifest_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFound, match=r"keys\.txt does not exist"):
        list(list_inputs("s3://scans/", (), (), str(tmp_path / "keys.txt"), STORAGE))
