import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from deployments.storage import COMMAND_LINE_SCHEMES, StorageSettings, build_storage
from models.errors import MalformedRequest, SourceNotFound
from serve.bulk.input.inputs import list_inputs, select_inputs
from serve.bulk.locations import folder_of
from tests.bulk import input_document

STORAGE = build_storage(StorageSettings(), COMMAND_LINE_SCHEMES)


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    for name in ("a.jpg", "b.PNG", "deep/er/c.jpg", "deep/readme", "_state/old.jpg", "texts/a.jpg.json", "texts-2/d"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    return folder


def keys(location: Path | str, include: Sequence[str] = (), exclude: Sequence[str] = (), output: str = "") -> list[str]:
    documents = list_inputs(str(location), include, exclude, None, STORAGE, output=output or None)
    return [document.key for document in documents]


def test_everything_is_a_document_but_state_and_output(scans: Path) -> None:
    listed = keys(scans, output=folder_of(str(scans / "texts")))
    assert listed == ["a.jpg", "b.PNG", "deep/er/c.jpg", "deep/readme", "texts-2/d"]


def test_document_has_location_etag_and_size(scans: Path) -> None:
    first = next(list_inputs(str(scans), (), (), None, STORAGE))
    path = scans / "a.jpg"
    assert (first.key, first.location, first.size_bytes) == ("a.jpg", str(path), 5)
    assert first.etag == f"5-{path.stat().st_mtime_ns}"


@pytest.mark.parametrize(
    ("include", "exclude", "expected"),
    [
        (["*.jpg"], [], ["a.jpg", "deep/er/c.jpg"]),
        (["*.jpg", "*.PNG"], [], ["a.jpg", "b.PNG", "deep/er/c.jpg"]),
        (["deep/*"], ["*/readme"], ["deep/er/c.jpg"]),
        ([], ["texts*", "deep/*"], ["a.jpg", "b.PNG"]),
        (["*.tif"], [], []),
        (["[ab].*"], [], ["a.jpg", "b.PNG"]),
    ],
)
def test_patterns_choose(scans: Path, include: list[str], exclude: list[str], expected: list[str]) -> None:
    assert keys(scans, include, exclude) == expected


def test_beginning_of_names_chooses_and_stays_in_the_key(scans: Path) -> None:
    assert keys(f"{scans}/de*") == ["deep/er/c.jpg", "deep/readme"]
    assert keys(f"{scans}/deep/r*") == ["readme"]


def test_one_file_is_an_input_too(scans: Path) -> None:
    assert keys(scans / "a.jpg") == ["a.jpg"]


def test_name_that_is_not_utf8_has_a_key_and_can_be_read(tmp_path: Path) -> None:
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.png")).write_bytes(b"content")
    (document,) = list_inputs(str(tmp_path), (), (), None, STORAGE)
    assert document.key == "%FF.png"
    assert STORAGE.read(document.location, 10).data == b"content"


def test_missing_input_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFound):
        keys(tmp_path / "missing")


def test_limit_takes_the_first_ones() -> None:
    documents = [input_document(str(number)) for number in range(10)]
    assert list(select_inputs(documents, limit=3)) == documents[:3]
    assert list(select_inputs(documents)) == documents


def test_limit_takes_no_more_of_the_stream() -> None:
    stream = iter([input_document(str(number)) for number in range(10)])
    list(select_inputs(stream, limit=3))
    assert next(stream).key == "3"


def test_sample_is_the_same_each_time_and_in_order() -> None:
    documents = [input_document(f"{number:04}") for number in range(1000)]
    first = [document.key for document in select_inputs(documents, sample=50, seed=7)]
    again = [document.key for document in select_inputs(documents, sample=50, seed=7)]
    other = [document.key for document in select_inputs(documents, sample=50, seed=8)]
    assert first == again == sorted(set(first))
    assert len(first) == 50
    assert first != other
    assert [document.key for document in select_inputs(documents, sample=50, seed=7, limit=5)] == first[:5]


def test_sample_is_even() -> None:
    documents = [input_document(str(number)) for number in range(20)]
    counts = dict.fromkeys(range(20), 0)
    for seed in range(2000):
        for document in select_inputs(documents, sample=5, seed=seed):
            counts[int(document.key)] += 1
    # 500 expected, standard deviation 19.
    assert all(400 < count < 600 for count in counts.values())


def test_sample_of_fewer_takes_all() -> None:
    documents = [input_document(str(number)) for number in range(3)]
    assert list(select_inputs(documents, sample=5)) == documents


def test_sample_of_nothing_is_malformed() -> None:
    with pytest.raises(MalformedRequest, match="ask for at least 1"):
        list(select_inputs([], sample=0))
