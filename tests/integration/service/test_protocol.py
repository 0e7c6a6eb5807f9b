"""What holds for every request: ids, limits, deadlines, overload, health, logs and metrics."""

import json
import re
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest

from loadtest.profile.counters import WORK, counted_between, read_snapshot, snapshot_from_text
from tests.pictures import drawn_page, encoded, long_page
from tests.service import RunningService

_PNG = encoded(drawn_page("INVOICE 2041", "TOTAL 13.50"))
# takes long enough that many are in work at a time
_SLOW_PNG = long_page(12)


def _post(client: httpx.Client, body: bytes = _PNG, headers: dict[str, str] | None = None) -> httpx.Response:
    return client.post("/v1/ocr", files={"file": ("page.png", body)}, headers=headers)


def test_request_id_comes_back_once_and_is_the_result_id(client: httpx.Client) -> None:
    answer = _post(client, headers={"X-Request-ID": "order-17"})
    assert answer.headers.get_list("x-request-id") == ["order-17"]
    assert answer.json()["id"] == "order-17"


def test_request_without_id_gets_one(client: httpx.Client) -> None:
    first, second = _post(client), _post(client)
    assert re.fullmatch(r"[0-9a-f-]{32,36}", first.json()["id"])
    assert first.headers.get_list("x-request-id") == [first.json()["id"]]
    assert first.json()["id"] != second.json()["id"]


@pytest.mark.parametrize(
    ("body", "headers", "words"),
    [
        (b"", {}, "no body"),
        (b"{", {"Content-Type": "application/json"}, "not valid JSON"),
        (b"{}", {"Content-Type": "application/json"}, "source"),
        (b'{"source": "s3://a/b", "soruce": 1}', {"Content-Type": "application/json"}, "soruce"),
        (b"a=b", {"Content-Type": "application/x-www-form-urlencoded"}, "multipart"),
        (b"--x", {"Content-Type": "multipart/form-data"}, "boundary"),
    ],
)
def test_malformed_body_is_400_with_the_reason(
    client: httpx.Client, body: bytes, headers: dict[str, str], words: str
) -> None:
    answer = client.post("/v1/ocr", content=body, headers=headers)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed"), answer.text
    assert words in answer.json()["detail"]


def test_form_without_file_is_400_and_names_its_fields(client: httpx.Client) -> None:
    answer = client.post("/v1/ocr", files={"picture": ("page.png", _PNG)})
    assert answer.status_code == 400
    assert "picture" in answer.json()["detail"]


def test_text_file_is_415_and_named(client: httpx.Client) -> None:
    answer = client.post("/v1/ocr", files={"file": ("notes.txt", b"only words\n" * 9)})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_type")
    assert answer.json()["detail"].startswith("unsupported format: .txt")


@pytest.mark.parametrize("query", [{"threshold": "2"}, {"box_threshold": "x"}, {"unclip_ratio": "0"}])
def test_option_out_of_range_is_400(client: httpx.Client, query: dict[str, str]) -> None:
    answer = client.post("/v1/detect", files={"file": ("page.png", _PNG)}, params=query)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert next(iter(query)) in answer.json()["detail"]


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/v1/nothing", 404), ("GET", "/v1/ocr", 405)])
def test_unknown_route_is_a_problem_too(client: httpx.Client, method: str, path: str, status: int) -> None:
    answer = client.request(method, path)
    assert answer.status_code == answer.json()["status"] == status
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_announced_body_over_the_limit_is_413_before_it_is_read(client: httpx.Client) -> None:
    answer = client.post("/v1/ocr", content=bytes(9 * 1024**2), headers={"Content-Type": "image/png"})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_unannounced_body_over_the_limit_is_413_while_it_is_read(client: httpx.Client) -> None:
    chunks = (bytes(256 * 1024) for _ in range(40))
    answer = client.post("/v1/ocr", content=chunks, headers={"Content-Type": "image/png"})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_deadline_is_504_and_the_next_request_is_answered(client: httpx.Client) -> None:
    answer = _post(client, _SLOW_PNG, headers={"X-Request-Timeout": "0.05"})
    assert (answer.status_code, answer.json()["code"]) == (504, "deadline")
    assert _post(client).status_code == 200


@pytest.mark.parametrize("timeout", ["0", "-1", "soon", "1e9"])
def test_timeout_out_of_range_is_400(client: httpx.Client, timeout: str) -> None:
    assert _post(client, headers={"X-Request-Timeout": timeout}).status_code == 400


@pytest.mark.slow
def test_overload_is_503_with_retry_after_and_loses_nothing_accepted(service: RunningService) -> None:
    limits = httpx.Limits(max_connections=32)
    with httpx.Client(base_url=service.url, timeout=100, limits=limits, trust_env=False) as client:
        with ThreadPoolExecutor(24) as pool:
            answers = list(pool.map(lambda _: _post(client, _SLOW_PNG, {"X-Request-Timeout": "100"}), range(24)))
        assert {answer.status_code for answer in answers} == {200, 503}
        refused = [answer for answer in answers if answer.status_code == 503]
        assert {answer.json()["code"] for answer in refused} == {"overloaded"}
        assert {answer.headers["Retry-After"] for answer in refused} == {"2"}
        read = {answer.json()["text"] for answer in answers if answer.status_code == 200}
        assert len(read) == 1
        assert _post(client).status_code == 200


def test_gone_client_frees_its_place(client: httpx.Client) -> None:
    for _ in range(20):  # more than may be in work at a time
        with pytest.raises(httpx.TimeoutException):
            client.post("/v1/ocr", files={"file": ("page.png", _SLOW_PNG)}, timeout=0.05)
    assert _post(client).status_code == 200


def test_live_and_ready(client: httpx.Client) -> None:
    assert client.get("/livez").text == "ok"
    assert client.get("/readyz").text == "ok"


def test_models_names_the_active_bundle(client: httpx.Client) -> None:
    models = client.get("/v1/models").json()["models"]
    assert [(model["name"], model["active"], model["served"], model["installed"]) for model in models] == [
        ("ppocrv4-mobile", False, False, True),
        ("ppocrv5-mobile", False, False, True),
        ("ppocrv6-small", True, True, True),
        ("ppocrv6-tiny", False, False, True),
    ]


def test_openapi_describes_what_the_routes_take_and_give(client: httpx.Client) -> None:
    schema = client.get("/openapi.json").json()
    post = schema["paths"]["/v1/ocr"]["post"]
    assert set(post["requestBody"]["content"]) >= {"multipart/form-data", "application/json"}
    assert post["requestBody"]["content"]["application/json"]["example"]["source"].startswith("s3://")
    assert {"200", "400", "413", "415", "422", "503", "504"} <= set(post["responses"])
    assert "Problem" in schema["components"]["schemas"]
    references = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(schema)))
    assert references <= set(schema["components"]["schemas"])


def test_every_stage_logs_the_request_id_and_the_page(service: RunningService, client: httpx.Client) -> None:
    assert _post(client, headers={"X-Request-ID": "look-for-me"}).status_code == 200
    give_up = time.monotonic() + 10
    while True:
        rows = [json.loads(row) for file in service.log_directory.glob("*.log") for row in _rows(file.read_text())]
        mine = [row for row in rows if row.get("request_id") == "look-for-me" and "stage" in row]
        if len(mine) == 3 or time.monotonic() > give_up:
            break
        time.sleep(0.2)
    assert {row["stage"] for row in mine} == {"preprocess", "detection", "recognition"}
    assert {row["page"] for row in mine} == {1}


def _rows(text: str) -> list[str]:
    return [row for row in text.splitlines() if '"look-for-me"' in row]


def test_metrics_are_exported(service: RunningService, client: httpx.Client) -> None:
    assert client.post("/v1/ocr?structure=codes", content=_PNG).status_code == 200
    assert client.post("/v1/ocr", content=b"").status_code == 400
    assert client.post("/v1/ocr?model=made-up", content=_PNG).status_code == 400
    wanted = {
        "ray_rayocr_stage_queue_seconds_count",
        "ray_rayocr_stage_work_seconds_count",
        "ray_rayocr_batch_size_count",
        "ray_rayocr_columns_total",
        "ray_rayocr_pixels_total",
        "ray_rayocr_pages_total",
        "ray_rayocr_requests_total",
        "ray_rayocr_request_seconds_count",
        "ray_rayocr_work_cpu_seconds_total",
    }
    named = "ppocrv6-small"
    give_up = time.monotonic() + 30
    while True:
        text = httpx.get(service.metrics_url, trust_env=False).text
        exported = set(re.findall(r"^(\w+)\{", text, re.MULTILINE))
        of_requests = re.findall(r'^ray_rayocr_requests_total\{.*model="([^"]*)".*route="/v1/ocr"', text, re.MULTILINE)
        is_there = wanted <= exported and {named, "none"} <= set(of_requests)
        if is_there or time.monotonic() > give_up:
            break
        time.sleep(1)
    assert wanted <= exported
    assert set(of_requests) == {named, "none"}  # an empty body, or a model that nobody serves, is read with none
    models = {
        (stage, model)
        for labels in re.findall(r"^ray_rayocr_pages_total\{(.*)\}", text, re.MULTILINE)
        for model, stage in re.findall(r'model="([^"]*)".*stage="([^"]*)"', labels)
    }
    shared = {("preprocess", "none"), ("structure", "none")}
    assert models == shared | {("detection", named), ("recognition", named)}


def test_cpu_time_of_the_work_is_counted_by_step(service: RunningService, client: httpx.Client) -> None:
    assert client.post("/v1/ocr", content=_SLOW_PNG).status_code == 200
    wanted = {
        ("preprocess", "decode"),
        ("detection", "resize"),
        ("detection", "detection_net"),
        ("detection", "postprocess"),
        ("recognition", "crop"),
        ("recognition", "recognition_net"),
        ("recognition", "ctc_decode"),
    }
    give_up = time.monotonic() + 30
    while True:
        work_s = counted_between(snapshot_from_text(""), read_snapshot(service.metrics_url), WORK)
        if wanted <= set(work_s) or time.monotonic() > give_up:
            break
        time.sleep(1)
    assert wanted <= set(work_s)
    assert min(work_s.values()) > 0
    assert work_s["detection", "detection_net"] > work_s["detection", "resize"] + work_s["detection", "postprocess"]
    assert work_s["recognition", "recognition_net"] > work_s["recognition", "crop"]
    family = [psutil.Process(service.pid), *psutil.Process(service.pid).children(recursive=True)]
    assert sum(work_s.values()) < sum(sum(process.cpu_times()[:2]) for process in family)


def test_session_of_ray_is_private(service: RunningService) -> None:
    """Its folder has the logs, and the sockets of daemons that run whatever they are sent."""
    family = [psutil.Process(service.pid), *psutil.Process(service.pid).children(recursive=True)]
    opened = {Path(file.path) for process in family for file in process.open_files()}
    sessions = {parent for path in opened for parent in path.parents if parent.name.startswith("session_2")}
    assert sessions
    # Ray opens the folder itself to everybody, and nobody else gets as far.
    assert {stat.S_IMODE(session.parents[1].stat().st_mode) for session in sessions} == {0o700}


def test_every_socket_listens_on_loopback(service: RunningService) -> None:
    family = [psutil.Process(service.pid), *psutil.Process(service.pid).children(recursive=True)]
    listening = {
        (process.name(), socket.laddr.ip)
        for process in family
        for socket in process.net_connections("inet")
        if socket.status == psutil.CONN_LISTEN
    }
    assert len(listening) > 5
    assert "haproxy" in {name for name, _ in listening}
    assert {ip for _, ip in listening} <= {"127.0.0.1", "::ffff:127.0.0.1", "::1"}, listening
