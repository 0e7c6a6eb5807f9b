"""The door for clients of small services: their fields, states and errors."""

from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.serve.doors.conftest import ALICE, BOB, Doors, Start


@pytest.mark.parametrize("path", ["/api/predict/", "/api/predict"])
async def test_picture_is_read_at_once(doors: Doors, path: str) -> None:
    files = {"image": ("a.jpg", b"good bad good")}
    answer = (await doors.client.post(path, files=files, data={"image_path": "scans/a.jpg"})).json()
    assert answer.pop("inference_time") > 0
    assert len(answer.pop("warnings")) == 1  # of the page that can't be read
    corners = [[0.0, 0.0], [9.0, 0.0], [9.0, 9.0], [0.0, 9.0]]
    assert answer == {
        "success": True,
        "texts": ["page 1", "page 3"],
        "boxes": [corners, corners],
        "scores": [0.9, 0.9],
        "pages": [1, 3],
        "image_path": "scans/a.jpg",
    }


async def test_path_is_the_name_of_the_file_if_none_is_given(doors: Doors) -> None:
    answer = await doors.client.post("/api/predict/", files={"image": ("b.jpg", b"good")})
    assert answer.json()["image_path"] == "b.jpg"


async def test_task_goes_from_pending_to_success(doors: Doors) -> None:
    sent = await doors.client.post("/upload", files={"image": ("a.jpg", b"good")})
    task = f"/status/{sent.json()['task_id']}"
    assert sent.status_code == 202
    assert (await doors.client.get(task)).json()["state"] == "PENDING"
    await doors.settle()
    done = (await doors.client.get(task)).json()
    assert (done["status"], done["result"]["texts"], done["result"]["text"]) == ("SUCCESS", ["page 1"], "page 1")


async def test_task_that_fails_says_why(doors: Doors) -> None:
    task = (await doors.client.post("/upload", files={"image": ("a.txt", b"unsupported")})).json()["task_id"]
    await doors.settle()
    failed = (await doors.client.get(f"/status/{task}")).json()
    assert (failed["state"], failed["code"], failed["error"]) == (
        "FAILURE",
        "unsupported_type",
        "unsupported format: .txt",
    )


async def test_task_of_another_client_does_not_exist(start: Start) -> None:
    async with start(keys=True) as guarded:
        headers = {"X-API-Key": ALICE}
        task = (await guarded.client.post("/upload", files={"image": b"good"}, headers=headers)).json()["task_id"]
        other = await guarded.client.get(f"/status/{task}", headers={"X-API-Key": BOB})
        assert (other.status_code, other.json()["code"]) == (404, "source_not_found")
        assert (await guarded.client.get(f"/status/{task}", headers=headers)).status_code == 200


@pytest.mark.parametrize("path", ["/api/predict/", "/upload"])
async def test_errors_are_json_of_these_services(doors: Doors, path: str) -> None:
    answer = await doors.client.post(path, files={"file": b"good"})
    assert answer.status_code == 400
    refused = answer.json()
    assert (refused["success"], refused["code"]) == (False, "malformed")
    assert "'image'" in refused["error"]
    assert refused["request_id"] == answer.headers["X-Request-ID"]
    wrong = await doors.client.get(path)
    assert (wrong.status_code, wrong.headers["Allow"], wrong.json()["success"]) == (405, "POST", False)


_NAMES = st.sampled_from(["image", "file", "image_path", "x"])


@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    path=st.sampled_from(["/api/predict/", "/api/predict", "/upload"]),
    files=st.lists(st.tuples(_NAMES, st.tuples(st.text(max_size=8), st.text(max_size=12).map(str.encode))), max_size=3),
    data=st.dictionaries(_NAMES, st.text(max_size=12)),
    body=st.none() | st.text(max_size=20).map(str.encode),
    task=st.text(max_size=12) | st.from_regex(r"[0-9a-f]{32}", fullmatch=True),
)
async def test_no_input_is_the_fault_of_the_service(
    doors: Doors,
    path: str,
    files: list[tuple[str, tuple[str, bytes]]],
    data: dict[str, str],
    body: bytes | None,
    task: str,
) -> None:
    form = {"files": files, "data": data} if body is None else {"content": body}
    answers = [await doors.client.post(path, **form), await doors.client.get(f"/status/{quote(task, safe='')}")]
    assert [answer.status_code for answer in answers if answer.status_code >= 500] == []
