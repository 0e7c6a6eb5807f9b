import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from deployments.storage import COMMAND_LINE_SCHEMES, StorageSettings, build_storage
from models.errors import MalformedRequest
from models.structure.result import PARTS, Cell, Code, Field, Mark, PageStructure, PlacedText, Region, Table, WordSpan
from serve.bulk.documents import DocumentResult
from serve.bulk.locations import folder_of
from serve.bulk.write.done import DoneKeys
from serve.bulk.write.outputs import WriterOptions, output_format
from serve.bulk.write.outputs.schema import SCHEMA, SCHEMA_WITH_STRUCTURE
from serve.results import OcrResult
from serve.structure_results import StructureResult
from tests.bulk import input_document, made_up_result

STORAGE = build_storage(StorageSettings(), COMMAND_LINE_SCHEMES)
OPTIONS = WriterOptions(threads=2, shard_documents=3)
SHARDS = pytest.mark.parametrize("name", ["jsonl", "parquet"])


def write(folder: Path, name: str, results: Sequence[DocumentResult], options: WriterOptions = OPTIONS) -> list[str]:
    written = output_format(name).build_writer(folder_of(str(folder)), STORAGE, options)
    keys = [*written.write(results), *written.flush()]
    written.close()
    return keys


def results_of(keys: str, etag: str = "etag", text: str = "text") -> list[DocumentResult]:
    return [made_up_result(key, etag, text) for key in keys]


def shards(folder: Path) -> list[Path]:
    return sorted(folder.glob("part-*"))


def rows(folder: Path) -> list[dict[str, Any]]:
    """Key, etag and first line of all rows, sorted."""
    found = []
    for path in shards(folder):
        if path.suffix == ".parquet":
            found += pq.read_table(path).to_pylist()
        else:
            found += [json.loads(line) for line in path.read_text().splitlines()]
    return sorted(found, key=lambda row: str(row["key"]))


def load(folder: Path, name: str) -> DoneKeys:
    return DoneKeys.load(folder_of(str(folder)), name, STORAGE, with_etags=True)


def remove_duplicates(folder: Path, name: str) -> int:
    return output_format(name).remove_duplicates(folder_of(str(folder)), STORAGE, OPTIONS)


@SHARDS
def test_shard_is_written_when_it_is_full_and_the_rest_at_flush(tmp_path: Path, name: str) -> None:
    written = output_format(name).build_writer(folder_of(str(tmp_path)), STORAGE, OPTIONS)
    assert written.write(results_of("ba")) == []
    assert shards(tmp_path) == []
    assert written.write(results_of("cd")) == ["a", "b", "c"]
    assert len(shards(tmp_path)) == 1
    assert written.flush() == ["d"]
    assert written.flush() == []
    written.close()
    assert [row["key"] for row in rows(tmp_path)] == ["a", "b", "c", "d"]


@SHARDS
def test_many_results_in_one_call_fill_several_shards(tmp_path: Path, name: str) -> None:
    assert sorted(write(tmp_path, name, results_of("abcdefgh"))) == list("abcdefgh")
    assert sorted(len(path) for path in [[row] for row in rows(tmp_path)]) == [1] * 8
    assert len(shards(tmp_path)) == 3


@SHARDS
def test_same_keys_make_a_shard_of_the_same_name(tmp_path: Path, name: str) -> None:
    write(tmp_path, name, results_of("abc"))
    write(tmp_path, name, results_of("cba", text="again"))
    assert len(shards(tmp_path)) == 1
    assert [row["text"].partition("\n")[0] for row in rows(tmp_path)] == ["again"] * 3


def test_row_of_jsonl_is_that_of_the_json_object(tmp_path: Path) -> None:
    result = made_up_result("a/ü", "1")
    write(tmp_path, "jsonl", [result])
    (row,) = rows(tmp_path)
    assert (row["key"], row["etag"], row["source"]) == ("a/ü", "1", "s3://in/a/ü")
    assert OcrResult.model_validate(row) == result.result


def test_parquet_holds_all_of_the_result(tmp_path: Path) -> None:
    result = made_up_result("a/ü", "1")
    write(tmp_path, "parquet", [result])
    (path,) = shards(tmp_path)
    assert pq.read_schema(path).equals(SCHEMA)
    assert pq.read_schema(path).metadata[b"rayocr.schema"] == b"1"
    (row,) = pq.read_table(path).to_pylist()
    assert (row["key"], row["etag"], row["source"]) == ("a/ü", "1", "s3://in/a/ü")
    expected = result.result.model_dump()
    assert dict(row["timings_ms"]) == expected["timings_ms"]
    assert row["warnings"] == expected["warnings"]
    assert (row["id"], row["model"], row["text"]) == (expected["id"], expected["model"], expected["text"])
    (page,), (expected_page,) = row["pages"], expected["pages"]
    lines, expected_lines = page.pop("lines"), expected_page.pop("lines")
    assert page == expected_page
    for line, expected_line in zip(lines, expected_lines, strict=True):
        assert line["text"] == expected_line["text"]
        assert line["confidence"] == pytest.approx(expected_line["confidence"], abs=1e-7)
        assert line["polygon"] == [coordinate for corner in expected_line["polygon"] for coordinate in corner]


def with_structure(key: str) -> DocumentResult:
    """A result of which each part of the structure has something."""
    made = made_up_result(key)
    corners = ((1.0, 2.0), (3.0, 2.0), (3.0, 4.0), (1.0, 4.0))
    placed = PlacedText("TOTAL", corners, (WordSpan(0, 0, 1),))
    structure = PageStructure(
        PARTS,
        regions=(Region("figure", corners, 0.5),),
        tables=(Table(corners, 0.5, 1, 1, (Cell(0, 0, 1, 1, corners, "TOTAL", placed.words, is_header=True),)),),
        fields=(Field(placed, None, 0.5, "amount", name="total"),),
        marks=(Mark("checkbox", True, corners, 0.5, placed),),
        codes=(Code("qrcode", "x", corners, (1,)),),
    )
    page = made.result.pages[0].model_copy(update={"structure": StructureResult.of(structure)})
    return replace(made, result=made.result.model_copy(update={"pages": [page]}))


def test_parquet_has_structure_only_if_it_was_asked_for(tmp_path: Path) -> None:
    write(tmp_path, "parquet", results_of("a"))
    write(tmp_path, "parquet", [with_structure("b"), *results_of("c")])
    plain, structured = sorted(map(pq.read_table, shards(tmp_path)), key=len)
    assert plain.schema.equals(SCHEMA)
    assert structured.schema.equals(SCHEMA_WITH_STRUCTURE)
    assert structured.schema.metadata == {b"rayocr.schema": b"1", b"rayocr.structure": b"1"}
    first, second = (row["pages"][0]["structure"] for row in structured.to_pylist())
    corners = [1, 2, 3, 2, 3, 4, 1, 4]
    words = [{"line": 0, "start": 0, "end": 1}]
    assert first["regions"] == [{"kind": "figure", "polygon": corners, "confidence": 0.5, "lines": []}]
    (table,) = first["tables"]
    (cell,) = table.pop("cells")
    assert (table["rows"], table["columns"], table["continues"], table["polygon"]) == (1, 1, False, corners)
    assert (cell["row"], cell["text"], cell["is_header"], cell["words"]) == (0, "TOTAL", True, words)
    placed = {"text": "TOTAL", "polygon": corners, "words": words}
    assert first["fields"] == [
        {"name": "total", "label": placed, "value": None, "type": "amount", "normalized": None, "confidence": 0.5}
    ]
    assert (first["marks"][0]["label"], first["marks"][0]["is_set"]) == (placed, True)
    assert first["codes"] == [{"type": "qrcode", "text": "x", "polygon": corners, "lines": [1]}]
    assert second is None


def test_shard_of_older_columns_keeps_them_when_it_loses_rows(tmp_path: Path) -> None:
    write(tmp_path, "parquet", results_of("ab"))
    write(tmp_path, "parquet", [with_structure("b")])
    assert remove_duplicates(tmp_path, "parquet") == 1
    assert [row["key"] for row in rows(tmp_path)] == ["a", "b"]
    schemas = [pq.read_schema(path) for path in shards(tmp_path)]
    assert sorted(schema.equals(SCHEMA) for schema in schemas) == [False, True]


def test_parquet_takes_a_document_without_pages_and_a_path_that_is_not_utf8(tmp_path: Path) -> None:
    result = made_up_result("%FF")
    empty = result.result.model_copy(update={"pages": [], "warnings": [], "timings_ms": {}, "text": ""})
    write(tmp_path, "parquet", [DocumentResult("%FF", "", "/\udcff", empty)])
    (row,) = rows(tmp_path)
    assert (row["source"], row["pages"], row["timings_ms"]) == ("/\\udcff", [], [])


@SHARDS
@pytest.mark.parametrize("with_notes", [True, False])
def test_done_keys_come_from_the_shards(tmp_path: Path, name: str, with_notes: bool) -> None:
    write(tmp_path, name, results_of("abcd", etag="1"))
    if not with_notes:
        for path in (tmp_path / "_state/keys").iterdir():
            path.unlink()
    done = load(tmp_path, name)
    assert len(done) == 4
    assert [key for key in "abcde" if done.is_done(input_document(key))] == list("abcd")
    assert [key for key in "abcde" if done.is_changed(input_document(key, "2"))] == list("abcd")
    assert not any(done.is_changed(input_document(key, "1")) for key in "abcde")


@SHARDS
def test_note_of_another_version_of_a_shard_is_not_believed(tmp_path: Path, name: str) -> None:
    write(tmp_path, name, results_of("abc"))
    (shard,) = shards(tmp_path)
    write(tmp_path / "other", name, results_of("xy"))
    (other,) = shards(tmp_path / "other")
    shard.write_bytes(other.read_bytes())
    done = load(tmp_path, name)
    assert [key for key in "abcxy" if done.is_done(input_document(key))] == ["x", "y"]


@SHARDS
def test_duplicates_are_removed_from_the_older_shards(tmp_path: Path, name: str) -> None:
    write(tmp_path, name, results_of("abc", etag="1", text="old"))
    write(tmp_path, name, results_of("d", etag="1", text="old"))
    write(tmp_path, name, results_of("bd", etag="2", text="new"))

    assert remove_duplicates(tmp_path, name) == 2
    assert [(row["key"], row["etag"], row["text"][:3]) for row in rows(tmp_path)] == [
        ("a", "1", "old"),
        ("b", "2", "new"),
        ("c", "1", "old"),
        ("d", "2", "new"),
    ]
    assert len(shards(tmp_path)) == 2  # of the second one nothing was left
    assert len(list((tmp_path / "_state/keys").iterdir())) == 2
    assert remove_duplicates(tmp_path, name) == 0
    done = load(tmp_path, name)
    assert len(done) == 4
    assert not done.is_changed(input_document("b", "2"))


@SHARDS
def test_newest_of_two_results_counts_before_duplicates_are_removed(tmp_path: Path, name: str) -> None:
    write(tmp_path, name, results_of("abc", etag="1"))
    write(tmp_path, name, results_of("b", etag="2"))
    done = load(tmp_path, name)
    assert len(done) == 3
    assert not done.is_changed(input_document("b", "2"))
    assert done.is_changed(input_document("b", "1"))


@SHARDS
def test_removing_duplicates_notes_what_was_not_noted(tmp_path: Path, name: str) -> None:
    write(tmp_path, name, results_of("abcd"))
    before = {path.name: path.read_bytes() for path in (tmp_path / "_state/keys").iterdir()}
    for path in (tmp_path / "_state/keys").iterdir():
        path.unlink()
    assert remove_duplicates(tmp_path, name) == 0
    assert {path.name: path.read_bytes() for path in (tmp_path / "_state/keys").iterdir()} == before


@SHARDS
def test_output_that_is_not_there_has_no_duplicates(tmp_path: Path, name: str) -> None:
    assert remove_duplicates(tmp_path / "missing", name) == 0
    assert len(load(tmp_path / "missing", name)) == 0


@SHARDS
@pytest.mark.parametrize("content", [b"", b"no shard", b'{"key":1}\n'])
def test_file_that_is_no_shard_is_malformed(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / f"part-x.{name}").write_bytes(content)
    with pytest.raises(MalformedRequest, match=r"part-x\..* is not a result of a bulk run; move it out"):
        load(tmp_path, name)


@SHARDS
def test_key_that_is_written_again_before_its_shard_counts_once(tmp_path: Path, name: str) -> None:
    written = output_format(name).build_writer(folder_of(str(tmp_path)), STORAGE, OPTIONS)
    assert written.write(results_of("ab", text="old")) == []
    assert written.write(results_of("ba", text="new")) == []
    assert written.flush() == ["a", "b"]
    assert [row["text"][:3] for row in rows(tmp_path)] == ["new", "new"]
