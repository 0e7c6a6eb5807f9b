"""Bulk runs over documents of several pages, in formats of files."""

import io
import json

import pikepdf
import pytest

from deployments.storage import COMMAND_LINE_SCHEMES, StorageSettings, build_storage
from models.errors import SourceNotFound, TooLarge
from serve.bulk.input.inputs import list_inputs
from serve.bulk.write.done import DoneKeys
from tests.integration.bulk.runs import Bulk, page_file, results_in
from tests.minio import MinioServer
from tests.pictures import drawn_page, encoded

pytestmark = pytest.mark.timeout(600)

PAGES = ("PAGE ONE", "PAGE TWO", "PAGE THREE", "PAGE FOUR", "PAGE FIVE", "PAGE SIX")


@pytest.fixture(scope="module")
def bucket(minio: MinioServer) -> str:
    name = minio.bucket()
    for key, pages in (("three.tif", PAGES[:3]), ("six.tif", PAGES)):
        minio.client.put_object(Bucket=name, Key=f"in/{key}", Body=encoded(*map(drawn_page, pages), kind="TIFF"))
    minio.client.put_object(Bucket=name, Key="in/one.png", Body=page_file("A PAGE"))
    return name


def test_pages_that_are_asked_for(bulk: Bulk, minio: MinioServer, bucket: str) -> None:
    code, _, err = bulk(
        *(f"--input=s3://{bucket}/in/", f"--output=s3://{bucket}/text/", "--format=text", "--max-error-rate=1"),
        *("--pages=2-", "--max-pages=2"),
    )

    assert code == 0, err
    found = results_in(minio, bucket, "text/")
    assert [name for name in found if not name.startswith("_")] == ["three.tif.txt"]
    assert [text.strip() for text in found["three.tif.txt"].decode().split("\f")] == ["PAGE TWO", "PAGE THREE"]
    errors = {error["key"]: error["code"] for error in map(json.loads, found["_errors.jsonl"].splitlines())}
    assert errors == {"one.png": SourceNotFound.code, "six.tif": TooLarge.code}


def test_export_formats_are_files_and_done_is_done(
    bulk: Bulk, minio: MinioServer, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = f"s3://{bucket}/pdf/"
    code, _, err = bulk(f"--input=s3://{bucket}/in/", f"--output={output}", "--format=pdf")

    assert code == 0, err
    found = results_in(minio, bucket, "pdf/")
    for key, pages in (("one.png", 1), ("three.tif", 3), ("six.tif", 6)):
        with pikepdf.open(io.BytesIO(found[f"{key}.pdf"])) as pdf:
            assert len(pdf.pages) == pages
    counts = found["_summary.json"]["counts"]
    assert (counts["done"], counts["pages"]) == (3, 10)

    for name, value in minio.environment().items():
        monkeypatch.setenv(name, value)
    storage = build_storage(StorageSettings(), COMMAND_LINE_SCHEMES)
    done = DoneKeys.load(output, "pdf", storage, with_etags=True)
    assert list(done.pending(list_inputs(f"s3://{bucket}/in/", (), (), None, storage), refresh=True)) == []
    assert done.skipped == 3
    storage.close()
