"""Which documents a bulk run takes: samples, limits, manifests, what has changed and what has failed."""

import io
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from serve.bulk.input.inputs import select_inputs
from tests.bulk import input_document
from tests.integration.bulk.runs import Bulk, page_file, put, results_in
from tests.minio import MinioServer

pytestmark = pytest.mark.timeout(600)

NUMBERS = [f"{number:02}" for number in range(12)]


def counts_of(folder: Path) -> dict[str, int]:
    counts: dict[str, int] = json.loads((folder / "_summary.json").read_bytes())["counts"]
    return counts


def results_of(folder: Path) -> dict[str, bytes]:
    return {path.name.removesuffix(".png.json"): path.read_bytes() for path in folder.glob("*.png.json")}


def test_sample_is_the_same_documents_each_time_and_limit_the_first(
    bulk: Bulk, minio: MinioServer, tmp_path: Path
) -> None:
    source, output = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    for number in NUMBERS:
        (source / f"{number}.png").write_bytes(page_file(f"NUMBER {number}"))
    sample = [document.key[:2] for document in select_inputs(map(input_document, NUMBERS), sample=4, seed=5)]
    assert sample != NUMBERS[:4]  # or it would say nothing

    def run(*options: str) -> dict[str, bytes]:
        code, _, err = bulk(f"--input={source}", f"--output={output}", *options)
        assert (code, err) == (0, "")
        return results_of(output)

    first = run("--sample=4", "--seed=5")
    assert sorted(first) == sample
    assert counts_of(output)["listed"] == 4

    assert run("--sample=4", "--seed=5") == first
    counts = counts_of(output)
    assert (counts["listed"], counts["skipped_done"], counts["done"]) == (4, 4, 0)

    third = run("--limit=3")
    assert sorted(third) == sorted({*sample, *NUMBERS[:3]})
    assert counts_of(output)["listed"] == 3
    assert {number: third[number] for number in first} == first


def test_failed_documents_are_tried_again_and_changed_ones_read_again_where_that_is_asked_for(
    bulk: Bulk,
    minio: MinioServer,
) -> None:
    bucket = minio.bucket()
    put(minio, bucket, alpha=page_file("ALPHA"), bravo=page_file("BRAVO"), charlie=b"no picture")

    def run(*options: str) -> tuple[dict[str, int], dict[str, dict[str, object]], list[str]]:
        """Counts of the run, results by key, keys of errors."""
        arguments = (f"--input=s3://{bucket}/in/", f"--output=s3://{bucket}/out/", "--max-error-rate=1")
        code, _, err = bulk(*arguments, *options)
        assert (code, err) == (0, "")
        found = results_in(minio, bucket)
        errors = [json.loads(line)["key"] for line in found["_errors.jsonl"].splitlines()]
        results = {name[:-9]: found[name] for name in found if name.endswith(".png.json")}
        counts = found["_summary.json"]["counts"]
        return {name: counts[name] for name in ("skipped_done", "skipped_failed", "done", "failed")}, results, errors

    counts, first, errors = run()
    assert counts == {"skipped_done": 0, "skipped_failed": 0, "done": 2, "failed": 1}
    assert errors == ["charlie.png"]

    put(minio, bucket, bravo=page_file("BRAVO TWO"), charlie=page_file("CHARLIE"))
    counts, second, errors = run("--retry-failed")
    assert counts == {"skipped_done": 2, "skipped_failed": 0, "done": 1, "failed": 0}
    assert (second["charlie"]["text"], errors) == ("CHARLIE", [])
    assert {name: second[name] for name in first} == first  # that bravo has changed is not looked at

    counts, third, errors = run("--refresh")
    assert counts == {"skipped_done": 2, "skipped_failed": 0, "done": 1, "failed": 0}
    assert third["bravo"]["text"] == "BRAVO TWO"
    assert third["bravo"]["etag"] != second["bravo"]["etag"]
    assert {name: third[name] for name in ("alpha", "charlie")} == {name: second[name] for name in ("alpha", "charlie")}


def test_manifest_says_what_is_read(bulk: Bulk, minio: MinioServer) -> None:
    bucket = minio.bucket()
    put(minio, bucket, **{name: page_file(name.upper()) for name in ("alpha", "bravo", "charlie", "delta")})
    keys = f"delta.png\ns3://{bucket}/in/bravo.png\n\ngone.png\ndelta.png\n"
    minio.client.put_object(Bucket=bucket, Key="keys.txt", Body=keys.encode())
    code, _, err = bulk(
        f"--input=s3://{bucket}/in/",
        f"--output=s3://{bucket}/out/",
        f"--manifest=s3://{bucket}/keys.txt",
        "--format=parquet",
        "--max-error-rate=0.5",
    )
    assert (code, err) == (0, "")
    found = results_in(minio, bucket)
    (shard,) = [content for name, content in found.items() if name.endswith(".parquet")]
    rows = pq.read_table(io.BytesIO(shard), columns=["key", "text"]).to_pylist()
    assert rows == [{"key": "bravo.png", "text": "BRAVO"}, {"key": "delta.png", "text": "DELTA"}]
    (error,) = map(json.loads, found["_errors.jsonl"].splitlines())
    assert (error["key"], error["code"]) == ("gone.png", "source_not_found")
    assert found["_summary.json"]["counts"]["listed"] == 3
