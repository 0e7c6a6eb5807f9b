import json
from pathlib import Path

import pytest

from deployments.storage import COMMAND_LINE_SCHEMES, StorageSettings, build_storage
from models.errors import MalformedRequest
from serve.bulk.documents import DocumentError
from serve.bulk.locations import folder_of
from serve.bulk.report.ledger import ErrorLedger
from serve.bulk.write.done import DoneKeys
from serve.bulk.write.outputs import WriterOptions, output_format
from tests.bulk import made_up_result

STORAGE = build_storage(StorageSettings(), COMMAND_LINE_SCHEMES)
ERROR = DocumentError("deep/ü\n.png", "1", "undecodable", "cut off", 1)


def test_errors_are_rows_of_json(tmp_path: Path) -> None:
    ledger = ErrorLedger.load(folder_of(str(tmp_path)), STORAGE)
    ledger.add(ERROR)
    ledger.save()
    (line,) = (tmp_path / "_errors.jsonl").read_text().splitlines()
    assert json.loads(line) == {
        "key": "deep/ü\n.png",
        "etag": "1",
        "code": "undecodable",
        "message": "cut off",
        "attempts": 1,
    }


def test_errors_come_back(tmp_path: Path) -> None:
    output = folder_of(str(tmp_path))
    ledger = ErrorLedger.load(output, STORAGE)
    errors = [DocumentError(str(number), "", "replica_crashed", "it ended its worker", 3) for number in range(10)]
    for error in errors:
        ledger.add(error)
    ledger.save()
    again = ErrorLedger.load(output, STORAGE)
    assert list(again) == errors
    assert (len(again), "3" in again, "10" in again) == (10, True, False)


def test_key_that_was_read_after_all_leaves(tmp_path: Path) -> None:
    output = folder_of(str(tmp_path))
    ledger = ErrorLedger.load(output, STORAGE)
    ledger.add(ERROR)
    ledger.save()
    ledger.discard(ERROR.key)
    ledger.discard("another")
    ledger.save()
    assert (tmp_path / "_errors.jsonl").read_bytes() == b""
    assert len(ErrorLedger.load(output, STORAGE)) == 0


def test_later_error_of_a_key_replaces_the_earlier_one(tmp_path: Path) -> None:
    ledger = ErrorLedger.load(folder_of(str(tmp_path)), STORAGE)
    ledger.add(ERROR)
    ledger.add(DocumentError(ERROR.key, "2", "too_large", "too large", 2))
    assert [error.code for error in ledger] == ["too_large"]


def test_file_is_written_once_for_each_change(tmp_path: Path) -> None:
    output, path = folder_of(str(tmp_path)), tmp_path / "_errors.jsonl"
    ledger = ErrorLedger.load(output, STORAGE)
    ledger.save()  # no errors so far: an empty file says so
    assert path.read_bytes() == b""
    path.unlink()
    ledger.save()
    assert not path.exists()
    ledger.add(ERROR)
    ledger.save()
    assert path.exists()


def test_keys_with_a_result_leave(tmp_path: Path) -> None:
    output = folder_of(str(tmp_path))
    written = output_format("json").build_writer(output, STORAGE, WriterOptions(threads=1))
    written.write([made_up_result("a")])
    written.close()
    ledger = ErrorLedger.load(output, STORAGE)
    for key in "ab":
        ledger.add(DocumentError(key, "", "deadline", "", 1))
    ledger.discard_done(DoneKeys.load(output, "json", STORAGE))
    assert [error.key for error in ledger] == ["b"]


@pytest.mark.parametrize("content", [b"x", b"{}", b"[]\n", b"\n\n", b'"a"\n'])
def test_file_that_no_run_wrote_is_malformed(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "_errors.jsonl").write_bytes(content)
    with pytest.raises(MalformedRequest, match=r"line 1 of .*_errors\.jsonl was not written by a bulk run"):
        ErrorLedger.load(folder_of(str(tmp_path)), STORAGE)
