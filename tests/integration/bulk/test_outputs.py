"""Results in a real MinIO server: written, found again, never doubled, never seen by half."""

import json
import threading
from collections.abc import Iterator
from io import BytesIO

import pyarrow.parquet as pq
import pytest

from deployments.storage import COMMAND_LINE_SCHEMES, Storages, StorageSettings, build_storage
from models.errors import SourceNotFound
from serve.bulk.input.inputs import list_inputs
from serve.bulk.locations import check_locations
from serve.bulk.report.ledger import ErrorLedger
from serve.bulk.write.done import DoneKeys
from serve.bulk.write.outputs import RESULT_FORMATS, WriterOptions, output_format
from tests.bulk import input_document, made_up_result
from tests.minio import MinioServer

KEYS = [f"2026/scan {number:03}.png" for number in range(250)]
OPTIONS = WriterOptions(threads=8, shard_documents=100)
ALL_FORMATS = pytest.mark.parametrize("name", RESULT_FORMATS)


@pytest.fixture
def storage(minio: MinioServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Storages]:
    for name, value in minio.environment().items():
        monkeypatch.setenv(name, value)
    storage = build_storage(StorageSettings(), COMMAND_LINE_SCHEMES)
    yield storage
    storage.close()


@pytest.fixture
def output(minio: MinioServer) -> str:
    return f"s3://{minio.bucket()}/texts/"


def keys_in(output: str, storage: Storages) -> list[str]:
    """The key of every row that a reader finds."""
    keys = []
    for stored in storage.list(output):
        name = stored.location.removeprefix(output)
        content = storage.read(stored.location, 1 << 30).data
        if name.startswith("_"):
            continue
        if name.endswith(".parquet"):
            keys += pq.read_table(BytesIO(content))["key"].to_pylist()
        else:
            keys += [json.loads(line)["key"] for line in content.splitlines()]
    return sorted(keys)


@ALL_FORMATS
def test_run_that_is_resumed_writes_each_key_once(storage: Storages, output: str, name: str) -> None:
    documents = [input_document(key) for key in KEYS]
    for durable in (130, 200, 250):  # where a run ends, and the next one begins
        output_format(name).remove_duplicates(output, storage, OPTIONS)
        done = DoneKeys.load(output, name, storage, OPTIONS)
        pending = list(done.pending(documents))
        writer = output_format(name).build_writer(output, storage, OPTIONS)
        said = writer.write([made_up_result(document.key) for document in pending[: durable - len(done)]])
        said += writer.flush()
        writer.close()
        assert sorted(said) == KEYS[len(done) : durable]
    assert keys_in(output, storage) == KEYS
    assert output_format(name).remove_duplicates(output, storage, OPTIONS) == 0


@ALL_FORMATS
def test_results_that_a_killed_writer_did_not_tell_of_are_not_doubled(
    storage: Storages, output: str, name: str
) -> None:
    killed = output_format(name).build_writer(output, storage, OPTIONS)
    killed.write([made_up_result(key) for key in KEYS[:150]])  # of shards, one of 100 is durable
    killed.close()
    retried = output_format(name).build_writer(output, storage, OPTIONS)
    retried.write([made_up_result(key) for key in reversed(KEYS[50:])])
    retried.flush()
    retried.close()

    output_format(name).remove_duplicates(output, storage, OPTIONS)

    found = keys_in(output, storage)
    assert found == KEYS
    assert len(DoneKeys.load(output, name, storage, OPTIONS)) == len(KEYS)


@ALL_FORMATS
def test_changed_inputs_are_found_by_their_etag(storage: Storages, output: str, minio: MinioServer, name: str) -> None:
    bucket = minio.bucket()
    for key in "abc":
        storage.write(f"s3://{bucket}/in/{key}", b"first")
    documents = list(list_inputs(f"s3://{bucket}/in", (), (), None, storage))
    writer = output_format(name).build_writer(output, storage, OPTIONS)
    writer.write([made_up_result(document.key, document.etag) for document in documents])
    writer.flush()
    writer.close()
    storage.write(f"s3://{bucket}/in/b", b"second")
    storage.write(f"s3://{bucket}/in/c", b"first")

    done = DoneKeys.load(output, name, storage, OPTIONS, with_etags=True)

    again = list(list_inputs(f"s3://{bucket}/in", (), (), None, storage))
    assert [document.key for document in done.pending(again, refresh=True)] == ["b"]


@ALL_FORMATS
def test_reader_sees_whole_results_while_they_are_written(storage: Storages, output: str, name: str) -> None:
    ended = threading.Event()

    def write() -> None:
        writer = output_format(name).build_writer(output, storage, WriterOptions(threads=4, shard_documents=5))
        for start in range(0, 100, 5):
            writer.write([made_up_result(key) for key in KEYS[start : start + 5]])
        writer.close()
        ended.set()

    thread = threading.Thread(target=write)
    thread.start()
    seen = 0
    while not ended.is_set():
        try:
            seen = max(seen, len(keys_in(output, storage)))  # half a row would not parse
        except SourceNotFound:
            continue
    thread.join()
    assert 0 < seen <= 100
    assert keys_in(output, storage) == KEYS[:100]


def test_beginning_of_names_lists_only_these(storage: Storages, minio: MinioServer) -> None:
    bucket = minio.bucket()
    for key in ("2026-01/a", "2026-02/b", "2027/c", "_state/d"):
        storage.write(f"s3://{bucket}/{key}", b"x")
    assert [document.key for document in list_inputs(f"s3://{bucket}/2026-*", (), (), None, storage)] == [
        "2026-01/a",
        "2026-02/b",
    ]
    assert [document.key for document in list_inputs(f"s3://{bucket}", (), (), None, storage)] == [
        "2026-01/a",
        "2026-02/b",
        "2027/c",
    ]


def test_folder_does_not_list_its_neighbour(storage: Storages, minio: MinioServer) -> None:
    bucket = minio.bucket()
    for key in ("2026/a", "2026-old/b"):
        storage.write(f"s3://{bucket}/{key}", b"x")
    assert [document.key for document in list_inputs(f"s3://{bucket}/2026", (), (), None, storage)] == ["a"]


def test_manifest_in_the_bucket_is_read(storage: Storages, minio: MinioServer) -> None:
    bucket = minio.bucket()
    storage.write(f"s3://{bucket}/keys.txt", f"b.png\ns3://{bucket}/in/a.png\n".encode())
    documents = list(list_inputs(f"s3://{bucket}/in/", (), (), f"s3://{bucket}/keys.txt", storage))
    assert [document.location for document in documents] == [f"s3://{bucket}/in/b.png", f"s3://{bucket}/in/a.png"]


def test_missing_output_bucket_shows_at_the_start(storage: Storages) -> None:
    with pytest.raises(SourceNotFound, match="the bucket of s3://no-such-bucket/_state/probe does not exist"):
        check_locations("s3://in/", "s3://no-such-bucket/", storage)


def test_errors_are_kept_in_the_bucket(storage: Storages, output: str) -> None:
    check_locations("s3://in/", output, storage)
    ledger = ErrorLedger.load(output, storage)
    assert len(ledger) == 0
    ledger.save()
    assert [stored.location for stored in storage.list(output)] == [f"{output}_errors.jsonl"]
