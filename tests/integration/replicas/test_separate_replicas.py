"""Stages in replicas of their own, behind Ray's own proxy: they answer like those that share replicas, and scale."""

import io
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import psutil
import pytest
from PIL import Image

from tests.minio import MinioServer
from tests.nets import QUICK_NETS
from tests.pdfs import MEANINGS, WRONG_DIGITS, helvetica_pdf
from tests.pictures import drawn_page, encoded, long_page
from tests.service import RunningService, replicas, running_service
from tests.structured_page import structured_page
from tests.waiting import until_true

pytestmark = pytest.mark.timeout(400)

PNG = encoded(drawn_page("INVOICE 2041", "TOTAL 13.50"))
LONG_PNG = long_page()


@pytest.fixture(scope="module")
def separate_service(minio: MinioServer) -> Iterator[RunningService]:
    """A service with a replica for each stage, and Ray's own proxy in place of HAProxy."""
    variables = {
        **QUICK_NETS,
        "RAYOCR_COLOCATED": "false",
        "RAYOCR_HTTP__PROXY": "python",
        "RAYOCR_STRUCTURE__ENABLED": "true",
        "RAYOCR_RECOGNITION__SCALING__MAX_REPLICAS": "2",
        # Two clients are load enough, and leave the second replica a CPU to start on.
        "RAYOCR_RECOGNITION__SCALING__TARGET_ONGOING_REQUESTS": "0.5",
        "RAYOCR_RECOGNITION__SCALING__UPSCALE_DELAY_S": "1",
        "RAYOCR_RECOGNITION__SCALING__DOWNSCALE_DELAY_S": "3",
    }
    with running_service({**minio.environment(), **variables}) as running:
        yield running


@pytest.fixture(scope="module")
def client(quick_service: RunningService) -> Iterator[httpx.Client]:
    """A client of a service with the same nets, all in one replica."""
    patient = {"X-Request-Timeout": "60"}
    with httpx.Client(base_url=quick_service.url, timeout=60, trust_env=False, headers=patient) as client:
        yield client


@pytest.fixture(scope="module")
def separate(separate_service: RunningService) -> Iterator[httpx.Client]:
    """A client of it."""
    with httpx.Client(base_url=separate_service.url, timeout=60, trust_env=False) as client:
        yield client


def stages(asked: httpx.Client) -> dict[str, dict[str, int]]:
    """The replicas of each deployment that has any, by their state."""
    found = asked.get("/v1/stages").json()["stages"]
    return {stage["name"]: stage["replicas"] for stage in found if stage["replicas"]}


def test_service_has_readers_by_default_and_this_one_a_replica_a_stage(
    separate: httpx.Client, client: httpx.Client
) -> None:
    one = {"running": 1}
    assert stages(client) == {"Ingress": one, "Reader": one}
    assert stages(separate) == {
        "Ingress": one,
        "Preprocessor": one,
        "Detector": one,
        "Recognizer": one,
        "Structurer": one,
    }


def test_request_chooses_its_model_whose_replica_starts_then(client: httpx.Client) -> None:
    def model(name: str) -> dict[str, Any]:
        (found,) = (model for model in client.get("/v1/models").json()["models"] if model["name"] == name)
        return {key: found[key] for key in ("active", "served", "state", "loaded")}

    assert model("ppocrv5-mobile") == {"active": False, "served": False, "state": None, "loaded": False}
    assert model("ppocrv6-small") == {"active": True, "served": True, "state": "healthy", "loaded": True}
    assert model("ppocrv6-tiny") == {"active": False, "served": True, "state": "healthy", "loaded": False}
    soon = client.post("/v1/ocr?model=ppocrv6-tiny", content=PNG, headers={"X-Request-Timeout": "2"}).json()
    assert soon["code"] == "deadline"
    assert soon["detail"].startswith("the request's 2 s ran out while model 'ppocrv6-tiny' was being started")
    patient = {"X-Request-Timeout": "120"}
    result = client.post("/v1/ocr?model=ppocrv6-tiny", content=PNG, headers=patient, timeout=120).json()
    assert (result["model"], result["text"]) == ("ppocrv6-tiny", "INVOICE 2041\nTOTAL 13.50")
    (warning,) = result["warnings"]
    assert (warning["code"], warning["page"]) == ("bundle_started", 1)
    assert "model 'ppocrv6-tiny' had no replica, and was started for this page" in warning["message"]
    until_true(lambda: model("ppocrv6-tiny")["loaded"], every_s=0.5)  # the service asks Serve once in two seconds
    assert client.post("/v1/ocr?model=ppocrv6-tiny", content=PNG).json()["warnings"] == []
    assert stages(client)["Reader-ppocrv6-tiny"] == {"running": 1}
    assert client.post("/v1/ocr", content=PNG).json()["model"] == "ppocrv6-small"
    found = client.post("/v1/detect?model=ppocrv6-tiny", content=PNG).json()
    assert (found["model"], len(found["pages"][0]["lines"])) == ("ppocrv6-tiny", 2)
    options = {"file": ("1.png", PNG), "options": (None, b'{"model": "ppocrv6-tiny"}')}
    job = client.post("/v1/jobs", files=options).json()["links"]["self"]
    with client.stream("GET", f"{job}/events") as events:
        assert "event: end" in events.read().decode()
    assert client.get(f"{job}/result/1").json()["model"] == "ppocrv6-tiny"


def test_model_that_is_not_served_is_refused_with_those_that_are(client: httpx.Client) -> None:
    job = {"file": ("1.png", PNG), "options": (None, b'{"model": "crnn"}')}
    for answer in (
        client.post("/v1/ocr?model=crnn", content=PNG),
        client.post("/v1/ocr?model=crnn&stream=true", content=PNG),
        client.post("/v1/detect?model=crnn", content=PNG),
        client.post("/v1/jobs", files=job),
    ):
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
        assert answer.json()["detail"] == "model 'crnn' is not served; served are ppocrv6-small, ppocrv6-tiny"


@pytest.mark.parametrize("path", ["/v1/ocr", "/v1/detect", "/v1/detect?box_threshold=0.9"])
def test_upload_has_the_same_answer(separate: httpx.Client, client: httpx.Client, path: str) -> None:
    pages = separate.post(path, content=PNG).json()["pages"]
    assert pages == client.post(path, content=PNG).json()["pages"]
    assert len(pages) == 1


def test_text_layer_has_the_same_answer(separate: httpx.Client, client: httpx.Client) -> None:
    lines, picture = ("Amounts of the year", "Total 1204.50"), Image.fromarray(drawn_page("STAMPED TODAY")[:100])
    codes = []
    for meanings in (MEANINGS, WRONG_DIGITS):
        data = helvetica_pdf(lines, meanings, picture)
        answers = [asked.post("/v1/ocr", content=data).json() for asked in (separate, client)]
        assert answers[0]["pages"] == answers[1]["pages"]
        assert answers[0]["pages"][0]["text"] == "Amounts of the year\nSTAMPED TODAY\nTotal 1204.50"
        codes.append([warning["code"] for warning in answers[0]["warnings"]])
    assert codes == [[], ["text_layer_refused"]]


def test_structure_has_the_same_answer(separate: httpx.Client, client: httpx.Client) -> None:
    upside_down = encoded(np.ascontiguousarray(np.rot90(structured_page(), 2)))
    for body in (encoded(structured_page()), upside_down, helvetica_pdf(("Name: Ann", "Total 12.50"), MEANINGS)):
        answers = [
            asked.post("/v1/ocr", content=body, params={"structure": "all"}).json() for asked in (separate, client)
        ]
        assert answers[0]["pages"] == answers[1]["pages"]
        assert answers[0]["pages"][0]["structure"]["fields"][0]["value"]["text"] in {"4711", "Ann"}
        assert "structure" in answers[0]["timings_ms"]


def test_source_has_the_same_answer(separate: httpx.Client, client: httpx.Client, minio: MinioServer) -> None:
    bucket = minio.bucket()
    minio.client.put_object(Bucket=bucket, Key="page.png", Body=PNG)
    body = {"source": f"s3://{bucket}/page.png"}
    assert separate.post("/v1/ocr", json=body).json()["pages"] == client.post("/v1/ocr", json=body).json()["pages"]


def test_document_whose_first_page_fails_is_the_same(
    separate: httpx.Client, client: httpx.Client, minio: MinioServer
) -> None:
    # asks for the number of pages, and for the document itself: two more ways to the stages
    pages = [Image.new("1", (13_000, 13_000)), *(Image.fromarray(drawn_page(word)) for word in ("SNOW", "HAIL"))]
    stream = io.BytesIO()
    pages[0].save(stream, "TIFF", save_all=True, append_images=pages[1:], compression="tiff_deflate")
    bucket = minio.bucket()
    minio.client.put_object(Bucket=bucket, Key="weather.tiff", Body=stream.getvalue())
    body = {"source": f"s3://{bucket}/weather.tiff"}
    answers = [asked.post("/v1/ocr", json=body).json()["pages"] for asked in (separate, client)]
    assert answers[0] == answers[1]
    assert [page["text"] for page in answers[0]] == ["SNOW", "HAIL"]

    minio.client.put_object(Bucket=bucket, Key="page.png", Body=PNG)
    body = {"source": f"s3://{bucket}/page.png", "format": "pdf"}
    files = [asked.post("/v1/ocr", json=body).content for asked in (separate, client)]
    assert files[0] == files[1]
    assert files[0].startswith(b"%PDF")


def test_drawn_picture_is_the_same(separate: httpx.Client, client: httpx.Client) -> None:
    picture = separate.post("/v1/ocr?visualize=true", content=PNG).content
    assert picture == client.post("/v1/ocr?visualize=true", content=PNG).content
    assert picture.startswith(b"\x89PNG")


@pytest.mark.parametrize("body", [b"no picture", PNG[:200]], ids=["unknown", "cut"])
def test_error_is_the_same(separate: httpx.Client, client: httpx.Client, body: bytes) -> None:
    answers = [asked.post("/v1/ocr", content=body) for asked in (separate, client)]
    assert answers[0].status_code == answers[1].status_code >= httpx.codes.BAD_REQUEST
    assert answers[0].json()["code"] == answers[1].json()["code"]


def test_python_proxy_stays_on_loopback(separate_service: RunningService) -> None:
    family = psutil.Process(separate_service.pid).children(recursive=True)
    assert [process.name() for process in family if process.name() == "haproxy"] == []
    listening = {
        one.laddr.ip
        for process in family
        for one in process.net_connections("inet")
        if one.status == psutil.CONN_LISTEN
    }
    assert listening <= {"127.0.0.1", "::ffff:127.0.0.1", "::1"}


@pytest.mark.slow
def test_recognition_scales_under_load_and_back_while_detection_stays(separate_service: RunningService) -> None:
    def count(deployment: str) -> int:
        return len(replicas(separate_service.pid, deployment))

    # A slow machine may have scaled for the tests before.
    until_true(lambda: count("Recognizer") == 1, every_s=0.2)
    over = threading.Event()
    statuses: list[int] = []

    def load() -> None:
        with httpx.Client(base_url=separate_service.url, timeout=100, trust_env=False) as client:
            while not over.is_set():
                statuses.append(client.post("/v1/ocr", content=LONG_PNG).status_code)

    clients = [threading.Thread(target=load) for _ in range(2)]
    for client in clients:
        client.start()
    try:
        until_true(lambda: count("Recognizer") == 2, every_s=0.2)
        assert count("Detector") == 1
    finally:
        over.set()
        for client in clients:
            client.join()
    assert set(statuses) == {200}
    until_true(lambda: count("Recognizer") == 1, every_s=0.2)
    assert count("Detector") == 1
