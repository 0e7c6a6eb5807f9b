from collections.abc import Sequence
from pathlib import Path

import pytest

from deployments.storage import COMMAND_LINE_SCHEMES, StorageSettings, build_storage
from models.errors import MalformedRequest
from serve.bulk.documents import DocumentResult
from serve.bulk.locations import folder_of
from serve.bulk.write.done import DoneKeys
from serve.bulk.write.outputs import WriterOptions, output_format
from tests.bulk import input_document, made_up_result

STORAGE = build_storage(StorageSettings(), COMMAND_LINE_SCHEMES)


def write(folder: Path, results: Sequence[DocumentResult], *, flush: bool = True) -> None:
    written = output_format("json").build_writer(folder_of(str(folder)), STORAGE, WriterOptions(threads=4))
    written.write(results)
    if flush:
        written.flush()
    written.close()


def load(folder: Path, *, with_etags: bool = True) -> DoneKeys:
    return DoneKeys.load(folder_of(str(folder)), "json", STORAGE, with_etags=with_etags)


def test_nothing_is_done_where_nothing_is_written(tmp_path: Path) -> None:
    done = load(tmp_path / "missing")
    documents = [input_document(key) for key in "abc"]
    assert len(done) == 0
    assert list(done.pending(documents)) == documents
    assert done.skipped == 0


def test_what_is_written_is_done_and_nothing_else(tmp_path: Path) -> None:
    keys = ["a", "deep/b.png", "_summary", "x//y", "漢字"]
    write(tmp_path, [made_up_result(key) for key in keys])
    for name in ("_summary.json", "_errors.jsonl", "_state/status.json", ".rayocr-0.tmp", "c.png"):
        (tmp_path / name).write_bytes(b"{}")

    done = load(tmp_path)

    assert len(done) == len(keys)
    assert all(done.has_key(key) for key in keys)
    assert not any(done.has_key(key) for key in ("b.png", "A", "c.png", "c", "_errors", "_state/status", ""))


def test_pending_leaves_out_what_is_done_and_keeps_the_order(tmp_path: Path) -> None:
    write(tmp_path, [made_up_result(f"{number:05}") for number in range(0, 9000, 9)])
    done = load(tmp_path)
    documents = [input_document(f"{number:05}") for number in range(10_000)]  # over two blocks

    pending = [document.key for document in done.pending(iter(documents))]

    expected = [document.key for number, document in enumerate(documents) if number % 9 or number >= 9000]
    assert pending == expected
    assert done.skipped == 1000


def test_changed_document_is_pending_only_at_a_refresh(tmp_path: Path) -> None:
    write(tmp_path, [made_up_result("a", "1"), made_up_result("b", "1"), made_up_result("c", "")])
    now = [input_document("a", "1"), input_document("b", "2"), input_document("c", "2"), input_document("d", "2")]
    assert [document.key for document in load(tmp_path).pending(now)] == ["d"]
    assert [document.key for document in load(tmp_path).pending(now, refresh=True)] == ["b", "d"]


def test_document_without_etag_never_counts_as_changed(tmp_path: Path) -> None:
    write(tmp_path, [made_up_result("a", "1")])
    assert not load(tmp_path).is_changed(input_document("a", ""))


@pytest.mark.parametrize("with_etags", [True, False])
def test_etag_that_a_killed_run_did_not_note_is_read_from_the_result(tmp_path: Path, with_etags: bool) -> None:
    write(tmp_path, [made_up_result("a", "1"), made_up_result("x//y", "1")], flush=False)
    assert not (tmp_path / "_state").exists()
    done = load(tmp_path, with_etags=with_etags)
    assert not done.is_changed(input_document("a", "1"))
    assert done.is_changed(input_document("a", "2"))
    assert done.is_changed(input_document("x//y", "2"))


def test_newest_etag_holds(tmp_path: Path) -> None:
    for etag in ("1", "2"):
        write(tmp_path, [made_up_result("a", etag)])
    assert len(list((tmp_path / "_state/etags").iterdir())) == 2
    (tmp_path / "a.json").write_bytes(b"not read, since its etag is noted")
    done = load(tmp_path)
    assert len(done) == 1
    assert not done.is_changed(input_document("a", "2"))
    assert done.is_changed(input_document("a", "1"))


def test_result_that_is_none_is_malformed_when_its_etag_is_needed(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(b"[]")
    with pytest.raises(MalformedRequest, match=r"a\.json is not a result of a bulk run"):
        load(tmp_path).is_changed(input_document("a", "1"))


def test_output_inside_the_input_does_not_count_state_as_done(tmp_path: Path) -> None:
    write(tmp_path, [made_up_result(str(number)) for number in range(6000)])  # more than one segment of etags
    assert len(list((tmp_path / "_state/etags").iterdir())) == 1
    assert len(load(tmp_path)) == 6000
