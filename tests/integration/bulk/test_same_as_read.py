"""A bulk run's texts, polygons and confidences are those of `rayocr read`, line for line, in every format.

The runs differ in more than the format: one has its stages apart, another reads the documents of a manifest.
"""

import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from serve.bulk.write.outputs import RESULT_FORMATS
from tests.integration.bulk.runs import Bulk, results_in
from tests.integration.files import FILES, SIX_PAGES, SIX_TEXTS
from tests.minio import MinioServer

pytestmark = pytest.mark.timeout(600)


GONE, LISTED = "gone.png", [SIX_PAGES, "turned.jpg", "empty.png"]


@pytest.fixture(scope="module")
def bucket(minio: MinioServer) -> str:
    """The files in a bucket, below `in/`, and a manifest of some of them, one of which it names twice."""
    name = minio.bucket()
    for key, content in FILES.items():
        minio.client.put_object(Bucket=name, Key=f"in/{key}", Body=content)
    manifest = "\n".join((LISTED[0], f"s3://{name}/in/{LISTED[1]}", "", GONE, LISTED[2], LISTED[0], ""))
    minio.client.put_object(Bucket=name, Key="keys.txt", Body=manifest.encode())
    return name


def _rows(results: Mapping[str, Any], output_format: str) -> list[dict[str, Any]]:
    if output_format == "json":
        return [result for name, result in results.items() if not name.startswith("_")]
    shards = [content for name, content in results.items() if name.startswith("part-")]
    if output_format == "jsonl":
        return [json.loads(line) for shard in shards for line in shard.splitlines()]
    return [row for shard in shards for row in pq.read_table(io.BytesIO(shard)).to_pylist()]


def _comparable(result: Mapping[str, Any]) -> dict[str, Any]:
    """All of a result that is the same each time, its numbers as precise as Parquet's columns."""
    pages = [
        {
            **{name: page[name] for name in ("page", "width", "height", "rotation", "text")},
            "lines": [
                (
                    line["text"],
                    float(np.float32(line["confidence"])),
                    np.asarray(line["polygon"], np.float32).reshape(-1).tolist(),
                    [
                        (word["text"], np.asarray(word["polygon"], np.float32).reshape(-1).tolist())
                        for word in line["words"]
                    ],
                )
                for line in page["lines"]
            ],
        }
        for page in result["pages"]
    ]
    return {"model": result["model"], "text": result["text"], "warnings": result["warnings"], "pages": pages}


@pytest.mark.parametrize(
    ("output_format", "options", "listed"),
    [
        ("json", (), [*FILES]),
        ("jsonl", ("--fetchers=1",), [*FILES]),
        ("parquet", ("--manifest=s3://{bucket}/keys.txt", "--max-error-rate=0.5"), LISTED),
    ],
    ids=["json", "jsonl, stages apart", "parquet, of a manifest"],
)
def test_every_format_holds_all_that_is_read(
    bulk: Bulk,
    minio: MinioServer,
    bucket: str,
    read_here: dict[str, dict[str, Any]],
    output_format: str,
    options: tuple[str, ...],
    listed: list[str],
) -> None:
    prefix = f"{output_format}/"
    code, _, err = bulk(
        *(f"--input=s3://{bucket}/in/", f"--output=s3://{bucket}/{prefix}", f"--format={output_format}"),
        "--structure=all",
        *(option.format(bucket=bucket) for option in options),
    )
    assert code == 0, err
    found = results_in(minio, bucket, prefix)
    rows = _rows(found, output_format)
    assert {row["key"]: _comparable(row) for row in rows} == {key: _comparable(read_here[key]) for key in listed}
    assert len(rows) == len(listed)
    if output_format != "parquet":  # to the last digit
        assert {row["key"]: row["pages"] for row in rows} == {key: read_here[key]["pages"] for key in listed}
    assert {row["key"]: row["text"] for row in rows}[SIX_PAGES] == "\f".join(SIX_TEXTS)
    errors = [json.loads(line) for line in found["_errors.jsonl"].splitlines()]
    gone = [(GONE, "source_not_found")] if listed == LISTED else []
    assert [(error["key"], error["code"]) for error in errors] == gone
    counts = found["_summary.json"]["counts"]
    assert (counts["listed"], counts["done"]) == (len(listed) + len(gone), len(listed))
    assert counts["pages"] == len(listed) + len(SIX_TEXTS) - 1


def test_formats_above_are_all() -> None:
    assert sorted(RESULT_FORMATS) == ["json", "jsonl", "parquet"]
