import json
from pathlib import Path

import pytest

from deployments.storage import COMMAND_LINE_SCHEMES, StorageSettings, build_storage
from models.errors import MalformedRequest
from serve.bulk.locations import folder_of
from serve.bulk.write.outputs import FORMATS, ResultWriter, WriterOptions, output_format
from serve.results import OcrResult
from tests.bulk import made_up_result

STORAGE = build_storage(StorageSettings(), COMMAND_LINE_SCHEMES)


def writer(folder: Path) -> ResultWriter:
    return output_format("json").build_writer(folder_of(str(folder)), STORAGE, WriterOptions(threads=4))


def test_result_is_one_line_of_json_named_after_its_key(tmp_path: Path) -> None:
    result = made_up_result("deep/ü 1.png", "etag-1")
    with_writer = writer(tmp_path)
    assert with_writer.write([result]) == ["deep/ü 1.png"]
    with_writer.close()

    content = (tmp_path / "deep/ü 1.png.json").read_bytes()
    assert content.count(b"\n") == 1
    assert content.endswith(b"}\n")
    row = json.loads(content)
    assert list(row)[:3] == ["key", "etag", "source"]
    assert (row["key"], row["etag"], row["source"]) == ("deep/ü 1.png", "etag-1", "s3://in/deep/ü 1.png")
    assert OcrResult.model_validate(row) == result.result


def test_results_are_durable_at_once_and_flush_adds_nothing(tmp_path: Path) -> None:
    written = writer(tmp_path)
    keys = [f"{number}.png" for number in range(100)]
    assert written.write([made_up_result(key) for key in keys]) == keys
    assert sorted(path.name for path in tmp_path.glob("*.json")) == sorted(f"{key}.json" for key in keys)
    assert written.flush() == []
    written.close()


def test_key_that_comes_twice_in_one_call_is_said_once(tmp_path: Path) -> None:
    written = writer(tmp_path)
    assert written.write([made_up_result("a", text="old"), made_up_result("a", text="new")]) == ["a"]
    written.close()
    assert json.loads((tmp_path / "a.json").read_bytes())["pages"][0]["lines"][0]["text"] == "new"


def test_key_that_can_be_no_path_stays_inside_the_output(tmp_path: Path) -> None:
    written = writer(tmp_path / "out")
    written.write([made_up_result("../../a")])
    written.close()
    (path,) = (tmp_path / "out/_odd").iterdir()
    assert json.loads(path.read_bytes())["key"] == "../../a"
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


def test_failure_to_write_one_is_raised_when_the_others_are_written(tmp_path: Path) -> None:
    (tmp_path / "b.json").mkdir()
    written = writer(tmp_path)
    with pytest.raises(MalformedRequest, match=r"b\.json can't be written"):
        written.write([made_up_result(key) for key in "abcdef"])
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [f"{key}.json" for key in "acdef"]
    written.close()


def test_unknown_format_is_malformed() -> None:
    assert FORMATS[:3] == ("json", "jsonl", "parquet")
    with pytest.raises(MalformedRequest, match="unknown output format 'docx'; known are json, jsonl, parquet, text"):
        output_format("docx")
