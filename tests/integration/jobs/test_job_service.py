"""Jobs on a real service: through the ends of replicas, and of the service itself."""

import base64
import contextlib
import io
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from PIL import Image

from serve.config.settings import Settings
from serve.jobs.runtime import JobsRuntime
from tests.faults.stages import FAULT_COLORS
from tests.nets import QUICK_NETS
from tests.pictures import drawn_page, encoded, long_page
from tests.poppler import text_by_pdfium
from tests.service import RunningService, replicas, running_service

pytestmark = pytest.mark.timeout(600)

_PATIENCE_S = 300.0
_PAGES = 30
_LONG = long_page()


def _picture(number: int, marker: tuple[int, int, int] | None = None) -> bytes:
    return encoded(drawn_page(f"INVOICE {number:05}", width=420, marker=marker))


def _submit(client: httpx.Client, pictures: list[bytes], **headers: str) -> str:
    files = [("file", (f"{number}.png", picture)) for number, picture in enumerate(pictures, 1)]
    answer = client.post("/v1/jobs", files=files, headers=headers)
    assert answer.status_code == 202, answer.text
    job_id: str = answer.json()["id"]
    return job_id


def _wait(client: httpx.Client, job_id: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    give_up = time.monotonic() + _PATIENCE_S
    job: dict[str, Any] = {}
    while time.monotonic() < give_up:
        with contextlib.suppress(httpx.TransportError):
            answer = client.get(f"/v1/jobs/{job_id}")
            job = answer.json()
            if answer.status_code == 200 and holds(job):
                return job
        time.sleep(0.1)
    raise AssertionError(f"not so within {_PATIENCE_S:g} s: {job}")


def _lines(client: httpx.Client, job_id: str) -> list[dict[str, Any]]:
    answer = client.get(f"/v1/jobs/{job_id}/result")
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def _has_ended(job: dict[str, Any]) -> bool:
    return job["ended"] is not None


def _has_read(pages: int) -> Callable[[dict[str, Any]], bool]:
    return lambda job: job["done"] >= pages


def test_page_of_a_job_is_read_as_a_request_is(faulty_client: httpx.Client) -> None:
    picture = _picture(7)
    job = _wait(faulty_client, _submit(faulty_client, [picture, b"no picture"]), _has_ended)
    assert (job["state"], job["done"], job["failed"]) == ("partial", 1, 1)
    read, refused = _lines(faulty_client, job["id"])
    alone = faulty_client.post("/v1/ocr", files={"file": ("1.png", picture)}).json()
    for answer in (read["result"], alone):
        del answer["id"], answer["timings_ms"]
    assert read["result"] == alone
    answer = faulty_client.post("/v1/ocr", files={"file": ("2.png", b"no picture")})
    assert (refused["error"]["code"], refused["error"]["message"]) == (answer.json()["code"], answer.json()["detail"])


def test_documents_of_several_pages_come_as_the_files_that_are_asked_for(faulty_client: httpx.Client) -> None:
    stream = io.BytesIO()
    first, second = (Image.fromarray(drawn_page(row)) for row in ("PAGE ONE", "PAGE TWO"))
    first.save(stream, "TIFF", save_all=True, append_images=[second])
    options = json.dumps({"format": "pdf", "pages": "1-2"})
    answer = faulty_client.post("/v1/jobs", files={"file": ("two.tif", stream.getvalue())}, data={"options": options})
    job = _wait(faulty_client, answer.json()["id"], _has_ended)
    assert job["state"] == "succeeded", _lines(faulty_client, job["id"])

    [line] = _lines(faulty_client, job["id"])
    file = faulty_client.get(f"/v1/jobs/{job['id']}/result/1")

    assert (line["result"]["format"], line["result"]["encoding"]) == ("pdf", "base64")
    assert base64.b64decode(line["result"]["content"]) == file.content
    assert file.headers["content-type"] == "application/pdf"
    assert file.headers["content-disposition"] == 'attachment; filename="two.pdf"'
    assert [text.strip() for text in text_by_pdfium(file.content)] == ["PAGE ONE", "PAGE TWO"]
    assert faulty_client.get(f"/v1/jobs/{job['id']}/result/2").status_code == 404


@pytest.mark.slow
def test_job_outlives_the_replica_that_reads_it_and_the_one_that_leads_it(
    faulty_client: httpx.Client, faulty_service: RunningService
) -> None:
    job_id = _submit(faulty_client, [_picture(number) for number in range(_PAGES)])
    for name, at in (("Reader", 5), ("Ingress", 10)):
        _wait(faulty_client, job_id, _has_read(at))
        for replica in replicas(faulty_service.pid, name):
            replica.kill()
    job = _wait(faulty_client, job_id, _has_ended)
    lines = _lines(faulty_client, job_id)
    assert [line["error"] for line in lines if line["error"]] == []
    assert (job["state"], job["done"]) == ("succeeded", _PAGES)
    assert [line["page"] for line in lines] == list(range(1, _PAGES + 1))
    assert [line["result"]["text"] for line in lines] == [f"INVOICE {number:05}" for number in range(_PAGES)]


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["segfault", "hang"])
def test_page_that_ends_its_replica_is_poison_and_the_rest_is_read(faulty_client: httpx.Client, fault: str) -> None:
    pictures = [_picture(number) for number in range(8)]
    pictures[3] = _picture(3, FAULT_COLORS[fault])
    job = _wait(faulty_client, _submit(faulty_client, pictures), _has_ended)
    assert (job["state"], job["done"], job["failed"]) == ("partial", 7, 1)
    assert [line["error"] and line["error"]["code"] for line in _lines(faulty_client, job["id"])] == [
        *[None] * 3,
        "poison",
        *[None] * 4,
    ]


@pytest.mark.slow
def test_replica_is_replaced_after_its_pages_and_none_is_lost(
    faulty_client: httpx.Client, faulty_service: RunningService
) -> None:
    before = {replica.pid for replica in replicas(faulty_service.pid, "Reader")}
    job = _wait(faulty_client, _submit(faulty_client, [_picture(number) for number in range(80)]), _has_ended)
    assert (job["state"], job["done"]) == ("succeeded", 80)
    give_up = time.monotonic() + 200
    while before & {replica.pid for replica in replicas(faulty_service.pid, "Reader")}:
        assert time.monotonic() < give_up, "the replica was not replaced"
        time.sleep(0.5)
    assert faulty_client.post("/v1/ocr", files={"file": ("1.png", _picture(1))}).json()["text"] == "INVOICE 00001"


@pytest.mark.slow
def test_stop_answers_what_is_in_work_and_leaves_the_job_to_the_next_service(tmp_path: Path) -> None:
    variables = {**QUICK_NETS, "RAYOCR_JOBS__DIRECTORY": str(tmp_path), "RAYOCR_JOBS__LEASE_S": "600"}
    with (
        running_service(variables) as first,
        httpx.Client(base_url=first.url, timeout=60, trust_env=False) as client,
    ):
        assert first.announcement.count("\n") == 2
        assert f"curl -F file=@receipt.jpg {first.url}/v1/ocr" in first.announcement
        family = psutil.Process(first.pid).children(recursive=True)
        job_id = _submit(client, [_picture(number) for number in range(_PAGES)])
        _wait(client, job_id, _has_read(3))
        answers: list[httpx.Response] = []
        url = f"{first.url}/v1/ocr"
        in_work = threading.Thread(target=lambda: answers.append(httpx.post(url, content=_LONG, timeout=60)))
        in_work.start()
        time.sleep(0.3)
    in_work.join()
    assert [answer.status_code for answer in answers] == [200]
    _, alive = psutil.wait_procs(family, timeout=60)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []
    # As the next service opens it: no page waits for its lease to run out, and none is lost.
    next_one = JobsRuntime(Settings.model_validate({"jobs": {"directory": str(tmp_path)}}))
    try:
        read = [outcome.number for outcome in next_one.store.views.outcomes(job_id)]
        waiting = [lease.number for lease in next_one.store.leases.take("next", _PAGES, 60)]
    finally:
        next_one.close()
    assert len(read) >= 3
    assert waiting  # else nothing was left to be shown
    assert sorted([*read, *waiting]) == list(range(1, _PAGES + 1))
