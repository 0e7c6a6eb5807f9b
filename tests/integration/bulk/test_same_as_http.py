"""A bulk run's texts, polygons and confidences are those of the HTTP API, line for line, in every format."""

import io
import json
from collections.abc import Mapping
from typing import Any

import httpx
import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from deployments.document import Document
from serve.bulk.write.outputs import RESULT_FORMATS
from serve.config.loading import load_settings
from serve.documents.local import LocalReader
from tests.integration.bulk.runs import Bulk, results_in
from tests.minio import MinioServer
from tests.nets import DEFAULT_NETS, QUICK_NETS
from tests.pictures import drawn_page, encoded
from tests.service import running_service

pytestmark = pytest.mark.timeout(600)


def _turned() -> bytes:
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned clockwise by 90 degrees
    Image.fromarray(np.rot90(drawn_page("TURNED 90", "BY ITS CAMERA")).copy()).save(stream, "JPEG", exif=exif)
    return stream.getvalue()


def _two_pages() -> bytes:
    stream = io.BytesIO()
    first, second = (Image.fromarray(drawn_page(*rows)) for rows in (("PAGE ONE",), ("PAGE TWO", "ITS SECOND LINE")))
    first.save(stream, "TIFF", save_all=True, append_images=[second])
    return stream.getvalue()


def _noisy() -> bytes:
    page = drawn_page("INVOICE 2041", "SUBTOTAL 1,204.50", "VAT 19% 228.86", "TOTAL 1,433.36").astype(np.int16)
    noise = np.random.default_rng(1).integers(-60, 60, page.shape)
    return encoded(np.clip(page + noise, 0, 255).astype(np.uint8), kind="JPEG")


FILES = {
    "plain.png": encoded(drawn_page("INVOICE 2041", "TOTAL 13.50")),
    "wide.png": encoded(drawn_page("A LINE THAT IS MUCH LONGER THAN ALL OF THE OTHERS 0123456789", width=1400)),
    "turned.jpg": _turned(),
    "two pages.tiff": _two_pages(),
    "noisy.jpg": _noisy(),
    "empty.png": encoded(np.full((200, 300, 3), 255, np.uint8)),
}


@pytest.fixture(scope="module")
def bucket(minio: MinioServer) -> str:
    """The files in a bucket, below `in/`."""
    name = minio.bucket()
    for key, content in FILES.items():
        minio.client.put_object(Bucket=name, Key=f"in/{key}", Body=content)
    return name


@pytest.fixture(scope="module")
def over_http(minio: MinioServer) -> dict[str, dict[str, Any]]:
    """What the service answers for each file."""
    answers = {}
    with (
        running_service(minio.environment()) as service,
        httpx.Client(base_url=service.url, timeout=60, trust_env=False) as client,
    ):
        for key, content in FILES.items():
            answer = client.post("/v1/ocr", files={"file": (key, content)})
            assert answer.status_code == 200, answer.text
            answers[key] = answer.json()
    texts = [answer["text"] for answer in answers.values()]
    assert sum(map(bool, texts)) == len(FILES) - 1  # or there would be little to compare
    return answers


@pytest.fixture(scope="module")
def read_here() -> dict[str, dict[str, Any]]:
    """What this process reads in each file, with the quick nets that bulk runs of tests have."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in QUICK_NETS.items():
            patch.setenv(name, value)
        reader = LocalReader(load_settings().settings)
    try:
        return {key: reader.read(Document(content, key)).model_dump(mode="json") for key, content in FILES.items()}
    finally:
        reader.close()


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


def test_bulk_reads_as_the_service_does(
    bulk: Bulk, minio: MinioServer, bucket: str, over_http: dict[str, dict[str, Any]]
) -> None:
    rows = _read(bulk, minio, bucket, "json", **DEFAULT_NETS)
    assert {row["key"]: _comparable(row) for row in rows} == {key: _comparable(over_http[key]) for key in FILES}
    assert {row["key"]: row["pages"] for row in rows} == {key: over_http[key]["pages"] for key in FILES}


@pytest.mark.parametrize("output_format", sorted({*RESULT_FORMATS} - {"json"}))
def test_every_format_holds_all_that_is_read(
    bulk: Bulk, minio: MinioServer, bucket: str, read_here: dict[str, dict[str, Any]], output_format: str
) -> None:
    rows = _read(bulk, minio, bucket, output_format)
    assert {row["key"]: _comparable(row) for row in rows} == {key: _comparable(read_here[key]) for key in FILES}
    if output_format != "parquet":  # to the last digit
        assert {row["key"]: row["pages"] for row in rows} == {key: read_here[key]["pages"] for key in FILES}


def _read(bulk: Bulk, minio: MinioServer, bucket: str, output_format: str, **variables: str) -> list[dict[str, Any]]:
    prefix = f"{output_format}/"
    code, _, err = bulk(
        f"--input=s3://{bucket}/in/", f"--output=s3://{bucket}/{prefix}", f"--format={output_format}", **variables
    )
    assert code == 0, err
    return _rows(results_in(minio, bucket, prefix), output_format)
