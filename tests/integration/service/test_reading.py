"""POST /v1/ocr and /v1/detect, from outside, on a running service."""

import base64
import io
import json

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.minio import MinioServer
from tests.pictures import DATA, drawn_page, encoded, written_page

_PAGE = drawn_page("INVOICE 2041", "TOTAL 13.50")
_PNG = encoded(_PAGE)


def _upload(client: httpx.Client, body: bytes, name: str = "page.png", **options: str) -> httpx.Response:
    return client.post("/v1/ocr", files={"file": (name, body)}, params=options)


def test_upload_is_read_in_reading_order(client: httpx.Client) -> None:
    result = _upload(client, _PNG).json()
    (page,) = result["pages"]
    assert [line["text"] for line in page["lines"]] == ["INVOICE 2041", "TOTAL 13.50"]
    assert result["text"] == page["text"] == "INVOICE 2041\nTOTAL 13.50"
    assert (page["page"], page["width"], page["height"], page["rotation"]) == (1, 640, 180, 0)
    assert result["model"] == "ppocrv6-small"
    assert result["warnings"] == []
    assert set(result["timings_ms"]) == {"decoding", "detection", "recognition"}


def test_languages_choose_what_reads_a_page(client: httpx.Client) -> None:
    rows = ["Все люди рождаются свободными", "All human beings are born free"]
    png = encoded(written_page(*rows))
    listed = {one["tag"]: one for one in client.get("/v1/languages").json()["languages"]}
    assert listed["ru"] == {
        "tag": "ru",
        "name": "Russian",
        "script": "Cyrl",
        "models": {"ppocrv6-small": "tesseract"},
    }
    assert listed["en"]["models"]["ppocrv6-small"] == "net"
    for languages in ("ru,en", "rus+eng", "auto"):
        result = _upload(client, png, languages=languages).json()
        (page,) = result["pages"]
        assert (result["model"], [line["text"] for line in page["lines"]]) == ("ppocrv6-small", rows)
        read_with = page["lines"][0]["trained_data"]
        assert read_with in ({"rus", "Cyrillic"} if languages == "auto" else {"rus"})
        assert ("trained_data" in page["lines"][1], result["warnings"]) == (False, [])
    refused = _upload(client, png, languages="xyzzyish")
    assert (refused.status_code, "no language is known as 'xyzzyish'" in refused.json()["detail"]) == (400, True)
    job = {"file": ("1.png", png), "options": (None, b'{"languages": "ru,en"}')}
    submitted = client.post("/v1/jobs", files=job).json()["links"]["self"]
    with client.stream("GET", f"{submitted}/events") as events:
        assert "event: end" in events.read().decode()
    (page,) = client.get(f"{submitted}/result/1").json()["pages"]
    assert [line["text"] for line in page["lines"]] == rows


def test_polygon_is_clockwise_from_top_left_in_page_pixels(client: httpx.Client) -> None:
    polygon = np.array(_upload(client, _PNG).json()["pages"][0]["lines"][0]["polygon"])
    assert polygon.shape == (4, 2)
    dark = np.argwhere((_PAGE[:100] < 128).all(axis=2))
    top, left = dark.min(axis=0)
    bottom, right = dark.max(axis=0)
    expected = [[left, top], [right, top], [right, bottom], [left, bottom]]
    assert np.abs(polygon - expected).max() < 16


def test_exif_orientation_is_applied_to_text_and_polygons(client: httpx.Client) -> None:
    stream = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned clockwise by 90 degrees
    Image.fromarray(np.rot90(_PAGE).copy()).save(stream, "JPEG", exif=exif, quality=95)
    page = _upload(client, stream.getvalue()).json()["pages"][0]
    assert page["text"] == "INVOICE 2041\nTOTAL 13.50"
    assert (page["width"], page["height"]) == (640, 180)


def test_empty_page_has_no_lines_and_no_error(client: httpx.Client) -> None:
    result = _upload(client, encoded(np.full((200, 300, 3), 255, np.uint8))).json()
    assert result["pages"][0]["lines"] == []
    assert result["text"] == ""


@pytest.mark.parametrize("content_type", ["image/png", "application/octet-stream"])
def test_raw_body_is_read(client: httpx.Client, content_type: str) -> None:
    answer = client.post("/v1/ocr", content=_PNG, headers={"Content-Type": content_type})
    assert answer.json()["text"] == "INVOICE 2041\nTOTAL 13.50"


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded"])
def test_source_in_s3_is_read_like_an_upload(client: httpx.Client, minio: MinioServer, content_type: str) -> None:
    # `curl -d` calls whatever it sends a form
    bucket = minio.bucket()
    minio.client.put_object(Bucket=bucket, Key="2026/a receipt+1.png", Body=_PNG)
    body = json.dumps({"source": f"s3://{bucket}/2026/a receipt+1.png"})
    answer = client.post("/v1/ocr", content=body, headers={"Content-Type": content_type})
    assert answer.status_code == 200, answer.text
    assert answer.json()["pages"] == _upload(client, _PNG).json()["pages"]


def test_data_url_is_read(client: httpx.Client) -> None:
    source = "data:image/png;base64," + base64.b64encode(_PNG).decode()
    assert client.post("/v1/ocr", json={"source": source}).json()["text"] == "INVOICE 2041\nTOTAL 13.50"


@pytest.mark.parametrize(
    ("source", "status", "code"),
    [
        ("s3://no-such-bucket-here/key.png", 404, "source_not_found"),
        ("https://example.org/a.png", 403, "access_denied"),  # switched off by default
        ("file:///etc/hostname", 403, "access_denied"),  # never a file of the server
        ("/etc/hostname", 400, "malformed"),
        ("gopher://host/a.png", 400, "malformed"),
    ],
)
def test_source_that_may_not_be_read_is_refused(client: httpx.Client, source: str, status: int, code: str) -> None:
    answer = client.post("/v1/ocr", json={"source": source})
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


def test_missing_key_is_404_with_its_name(client: httpx.Client, minio: MinioServer) -> None:
    answer = client.post("/v1/ocr", json={"source": f"s3://{minio.bucket()}/missing.png"})
    assert answer.status_code == 404
    assert "missing.png" in answer.json()["detail"]


def test_source_over_the_limit_is_413(client: httpx.Client, minio: MinioServer) -> None:
    bucket = minio.bucket()
    minio.client.put_object(Bucket=bucket, Key="big.png", Body=_PNG + bytes(9 * 1024**2))
    answer = client.post("/v1/ocr", json={"source": f"s3://{bucket}/big.png"})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_page_image_is_a_picture_of_one_page(client: httpx.Client) -> None:
    pages = encoded(drawn_page("RAIN TODAY"), drawn_page("SNOW TODAY"), kind="TIFF")
    whole = client.post("/v1/page-image?page=2", content=pages)
    assert (whole.headers["content-type"], whole.headers["x-rayocr-page-count"]) == ("image/webp", "2")
    small = client.post("/v1/page-image", content=pages, params={"page": 2, "width": 100})
    pictures = [Image.open(io.BytesIO(answer.content)) for answer in (whole, small)]
    assert pictures[1].width == 100
    assert pictures[0].size == drawn_page("SNOW TODAY").shape[1::-1]
    assert client.post("/v1/ocr", content=whole.content).json()["text"] == "SNOW TODAY"
    missing = client.post("/v1/page-image?page=3", content=pages)
    assert (missing.status_code, missing.json()["code"]) == (404, "source_not_found")
    assert client.post("/v1/page-image?width=1", content=pages).status_code == 400


def test_document_of_a_job_is_there_as_long_as_the_job(client: httpx.Client) -> None:
    pages = encoded(drawn_page("RAIN TODAY"), drawn_page("SNOW TODAY"), kind="TIFF")
    job = client.post("/v1/jobs", files={"file": ("rain.tif", pages)}).json()["links"]["self"]
    with client.stream("GET", f"{job}/events") as events:
        assert "event: end" in events.read().decode()
    image = f"{job}/files/1/pages/2/image"
    picture = client.get(image, params={"width": 100})
    assert (picture.headers["content-type"], picture.headers["x-rayocr-page-count"]) == ("image/webp", "2")
    assert client.post("/v1/ocr", content=client.get(image).content).json()["text"] == "SNOW TODAY"
    original = client.get(f"{job}/files/1")
    assert (original.content, original.headers["x-content-type-options"]) == (pages, "nosniff")
    assert original.headers["content-disposition"] == 'attachment; filename="rain.tif"'
    for missing in (
        f"{job}/files/2",
        f"{job}/files/1/pages/3/image",
        f"{job}/files/2/pages/1/image",
        f"{job}x/files/1/pages/1/image",
    ):
        answer = client.get(missing)
        assert (answer.status_code, answer.json()["code"]) == (404, "source_not_found"), missing
    assert client.get(image, params={"width": 1}).status_code == 400
    assert client.delete(job).status_code == 204
    assert client.get(image).status_code == 404


@pytest.mark.parametrize(("query", "accept"), [("?visualize=true", "*/*"), ("", "image/png")])
@pytest.mark.parametrize("route", ["/v1/ocr", "/v1/detect"])
def test_visualize_answers_with_the_page_and_its_boxes(
    client: httpx.Client, route: str, query: str, accept: str
) -> None:
    answer = client.post(route + query, files={"file": ("page.png", _PNG)}, headers={"Accept": accept})
    assert answer.headers["Content-Type"] == "image/png"
    drawn = np.asarray(Image.open(io.BytesIO(answer.content)))
    assert drawn.shape == _PAGE.shape
    red = (drawn[..., 0] > 180) & (drawn[..., 1] < 80)
    # the outlines of two lines, which the page itself does not have
    assert 500 < red.sum() < 5000


def test_detect_finds_boxes_without_reading(client: httpx.Client) -> None:
    result = client.post("/v1/detect", files={"file": ("page.png", _PNG)}).json()
    lines = result["pages"][0]["lines"]
    assert [set(line) for line in lines] == [{"confidence", "polygon"}] * 2
    read = _upload(client, _PNG).json()["pages"][0]["lines"]
    assert [line["polygon"] for line in lines] == [line["polygon"] for line in read]


def test_thresholds_hold_for_their_request_alone(client: httpx.Client) -> None:
    def found(**options: str) -> list[dict[str, object]]:
        answer = client.post("/v1/detect", files={"file": ("page.png", _PNG)}, params=options)
        lines: list[dict[str, object]] = answer.json()["pages"][0]["lines"]
        return lines

    default = found()
    assert found(box_threshold="1") == []
    tight, wide = found(unclip_ratio="0.5"), found(unclip_ratio="2.5")
    heights = [np.ptp(np.array(lines[0]["polygon"])[:, 1]) for lines in (tight, default, wide)]
    assert heights == sorted(heights)
    assert heights[0] < heights[2]
    assert found() == default


@pytest.mark.skipif(not DATA.exists(), reason="the public pictures are not beside the project")
def test_receipt_is_read(client: httpx.Client) -> None:
    body = (DATA / "sroie" / "images" / "000.jpg").read_bytes()
    text = _upload(client, body, "000.jpg").json()["text"]
    for words in ("BOOK TA", "81100 JOHOR BAHRU,", "Document No : TD01167104", "25/12/2018 8:13:39 PM", "CASH BILL"):
        assert words in text
