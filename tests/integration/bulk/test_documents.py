"""Bulk runs over documents of several pages, in every format."""

import io
from pathlib import Path

import pikepdf
import pytest

from models.errors import SourceNotFound, TooLarge
from tests.integration.bulk.runs import Bulk, page_file, results_in, without_timings
from tests.minio import MinioServer
from tests.pictures import drawn_page, encoded

pytestmark = pytest.mark.timeout(600)

PAGES = ("PAGE ONE", "PAGE TWO", "PAGE THREE", "PAGE FOUR", "PAGE FIVE", "PAGE SIX")


@pytest.fixture(scope="module")
def bucket(minio: MinioServer) -> str:
    name = minio.bucket()
    six = encoded(*map(drawn_page, PAGES), kind="TIFF")
    minio.client.put_object(Bucket=name, Key="in/six.tif", Body=six)
    minio.client.put_object(Bucket=name, Key="in/one.png", Body=page_file("A PAGE"))
    return name


@pytest.mark.parametrize("stages", [(), ("--fetchers=1",)], ids=["colocated", "apart"])
def test_every_page_is_read(
    bulk: Bulk, minio: MinioServer, bucket: str, stages: tuple[str, ...], request: pytest.FixtureRequest
) -> None:
    folder = f"out-{request.node.callspec.id}/"
    code, _, err = bulk(f"--input=s3://{bucket}/in/", f"--output=s3://{bucket}/{folder}", *stages)

    assert code == 0, err
    found = results_in(minio, bucket, folder)
    results = without_timings(found)
    assert results["six.tif"]["text"] == "\f".join(PAGES)
    assert [page["page"] for page in results["six.tif"]["pages"]] == [1, 2, 3, 4, 5, 6]
    assert results["one.png"]["text"] == "A PAGE"
    assert (found["_summary.json"]["counts"]["done"], found["_summary.json"]["counts"]["pages"]) == (2, 7)


def test_pages_that_are_asked_for(bulk: Bulk, minio: MinioServer, bucket: str) -> None:
    arguments = (f"--input=s3://{bucket}/in/", f"--output=s3://{bucket}/some/", "--max-error-rate=1")
    code, _, err = bulk(*arguments, "--pages=2-3")

    assert code == 0, err
    found = results_in(minio, bucket, "some/")
    assert without_timings(found)["six.tif"]["text"] == "PAGE TWO\fPAGE THREE"
    assert SourceNotFound.code in found["_errors.jsonl"].decode()  # of one.png, which has neither

    code, _, err = bulk(*arguments, "--output", f"s3://{bucket}/few/", "--max-pages=5")

    assert code == 0, err
    assert TooLarge.code in results_in(minio, bucket, "few/")["_errors.jsonl"].decode()


@pytest.mark.parametrize(("name", "extension"), [("text", ".txt"), ("pdf", ".pdf")])
def test_export_formats_are_files_and_done_is_done(
    bulk: Bulk, minio: MinioServer, bucket: str, name: str, extension: str, tmp_path: Path
) -> None:
    arguments = (f"--input=s3://{bucket}/in/", f"--output=s3://{bucket}/{name}/", f"--format={name}")
    code, _, err = bulk(*arguments)

    assert code == 0, err
    found = results_in(minio, bucket, f"{name}/")
    content = found[f"six.tif{extension}"]
    if name == "text":
        assert content.decode().split("\f")[5].strip() == "PAGE SIX"
    else:
        with pikepdf.open(io.BytesIO(content)) as pdf:
            assert len(pdf.pages) == 6

    if name == "pdf":
        code, _, err = bulk(*arguments, "--refresh")

        assert code == 0, err
        counts = results_in(minio, bucket, f"{name}/")["_summary.json"]["counts"]
        assert (counts["skipped_done"], counts["done"]) == (2, 0)
