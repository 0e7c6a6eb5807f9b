"""The door of Textract, with AWS's own client."""

import uuid
from typing import Any

import boto3
import img2pdf  # type: ignore[import-untyped]
import pytest
from botocore.config import Config

from tests.minio import MinioServer
from tests.pictures import drawn_page, drawn_table, encoded
from tests.service import RunningService
from tests.waiting import until_true

_PAGE = encoded(drawn_page("INVOICE 2041", "TOTAL 13.50"))
_PDF = img2pdf.convert([encoded(drawn_page(text)) for text in ("FIRST", "SECOND PAGE")])


@pytest.fixture(scope="module", params=["", "/textract"])
def textract(service: RunningService, request: pytest.FixtureRequest) -> Any:
    return boto3.client(
        "textract",
        endpoint_url=f"{service.url}{request.param}",
        region_name="eu-central-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",
        config=Config(retries={"total_max_attempts": 1}, proxies={}),
    )


@pytest.fixture(scope="module")
def bucket(minio: MinioServer) -> str:
    bucket = minio.bucket()
    for name, content in (("2026/a page+1.png", _PAGE), ("two.pdf", _PDF), ("words.txt", b"only words")):
        minio.client.put_object(Bucket=bucket, Key=name, Body=content)
    return bucket


def _texts(blocks: list[dict[str, Any]], kind: str = "LINE") -> list[str]:
    return [block["Text"] for block in blocks if block["BlockType"] == kind]


def test_picture_is_read_at_once(textract: Any, bucket: str) -> None:
    answer = textract.detect_document_text(Document={"Bytes": _PAGE})
    assert answer["DocumentMetadata"] == {"Pages": 1}
    assert answer["ResponseMetadata"]["RequestId"]
    assert _texts(answer["Blocks"]) == ["INVOICE 2041", "TOTAL 13.50"]
    assert _texts(answer["Blocks"], "WORD") == ["INVOICE", "2041", "TOTAL", "13.50"]
    stored = {"S3Object": {"Bucket": bucket, "Name": "2026/a page+1.png"}}
    layout = textract.analyze_document(Document=stored, FeatureTypes=["LAYOUT"])
    assert _texts(layout["Blocks"]) == ["INVOICE 2041", "TOTAL 13.50"]
    assert any(block["BlockType"].startswith("LAYOUT_") for block in layout["Blocks"])


def test_table_has_its_cells(textract: Any) -> None:
    picture = encoded(drawn_table(("GOODS", "PRICE"), ("TEA", "3.50"), ("COFFEE", "14.90")))
    blocks = textract.analyze_document(Document={"Bytes": picture}, FeatureTypes=["TABLES", "FORMS"])["Blocks"]
    words = {block["Id"]: block["Text"] for block in blocks if block["BlockType"] == "WORD"}
    assert [
        (block["RowIndex"], block["ColumnIndex"], [words[one] for one in block["Relationships"][0]["Ids"]])
        for block in blocks
        if block["BlockType"] == "CELL"
    ] == [
        *((1, 1, ["GOODS"]), (1, 2, ["PRICE"]), (2, 1, ["TEA"]), (2, 2, ["3.50"])),
        *((3, 1, ["COFFEE"]), (3, 2, ["14.90"])),
    ]
    assert sum(block["BlockType"] == "TABLE" for block in blocks) == 1


def test_pdf_in_a_bucket_is_read_by_a_job(textract: Any, bucket: str) -> None:
    location, token = {"S3Object": {"Bucket": bucket, "Name": "two.pdf"}}, uuid.uuid4().hex
    job = textract.start_document_text_detection(DocumentLocation=location, ClientRequestToken=token)["JobId"]
    again = textract.start_document_text_detection(DocumentLocation=location, ClientRequestToken=token)["JobId"]
    assert job == again
    until_true(lambda: textract.get_document_text_detection(JobId=job)["JobStatus"] != "IN_PROGRESS", every_s=0.1)
    answer = textract.get_document_text_detection(JobId=job, MaxResults=2)
    assert (answer["JobStatus"], answer["DocumentMetadata"]) == ("SUCCEEDED", {"Pages": 2})
    blocks = answer["Blocks"]
    while "NextToken" in answer:
        answer = textract.get_document_text_detection(JobId=job, MaxResults=2, NextToken=answer["NextToken"])
        blocks += answer["Blocks"]
    assert _texts(blocks) == ["FIRST", "SECOND PAGE"]
    assert [block["Page"] for block in blocks if block["BlockType"] == "LINE"] == [1, 2]
    assert blocks == textract.get_document_text_detection(JobId=job)["Blocks"]


def test_errors_are_those_that_the_client_knows(textract: Any, bucket: str) -> None:
    known = textract.exceptions
    with pytest.raises(known.UnsupportedDocumentException, match="unsupported format"):
        textract.detect_document_text(Document={"Bytes": b"only words"})
    with pytest.raises(known.UnsupportedDocumentException, match="2 pages"):
        textract.detect_document_text(Document={"S3Object": {"Bucket": bucket, "Name": "two.pdf"}})
    with pytest.raises(known.InvalidS3ObjectException, match="nothing"):
        textract.detect_document_text(Document={"S3Object": {"Bucket": bucket, "Name": "nothing"}})
    with pytest.raises(known.InvalidParameterException, match="QUERIES"):
        textract.analyze_document(Document={"Bytes": _PAGE}, FeatureTypes=["QUERIES"])
    with pytest.raises(known.InvalidJobIdException):
        textract.get_document_text_detection(JobId="0" * 32)
