"""Looking at jobs, fetching their results, cancelling them."""

import asyncio
import json
import re
import tracemalloc
from typing import Any

import pytest

from models.errors import Overloaded

from .conftest import ALICE, BOB, Running, Start


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


async def test_job_tells_how_far_it_is(running: Running) -> None:
    job_id = await running.submit("s3://scans/a", "s3://scans/b", "s3://scans/c", "s3://scans/d")
    running.settle(most=2, failed=(2,))
    job = (await running.client.get(f"/v1/jobs/{job_id}")).json()
    assert (job["state"], job["total"], job["done"], job["failed"], job["progress"]) == ("running", 4, 1, 1, 0.5)
    assert job["queue_position"] is None
    assert job["created"].endswith("Z")
    assert job["started"] >= job["created"]
    assert (job["ended"], job["expires"]) == (None, None)
    running.settle()
    job = (await running.client.get(f"/v1/jobs/{job_id}")).json()
    assert (job["state"], job["progress"]) == ("partial", 1.0)
    assert job["expires"] > job["ended"] >= job["started"]


@pytest.mark.parametrize("path", ["", "/result", "/events"])
async def test_unknown_and_foreign_job_are_404_alike(start: Start, keys: str, path: str) -> None:
    async with start({"http": {"api_keys_directory": keys}}) as running:
        job_id = await running.submit(headers=ALICE)
        assert (await running.client.get(f"/v1/jobs/{job_id}", headers=ALICE)).status_code == 200
        foreign = await running.client.get(f"/v1/jobs/{job_id}{path}", headers=BOB)
        unknown = await running.client.get(f"/v1/jobs/{'0' * 32}{path}", headers=BOB)
        problems = [answer.json() | {"request_id": ""} for answer in (foreign, unknown)]
        assert {problem["status"] for problem in problems} == {404}
        assert problems[0]["detail"].replace(job_id, "0" * 32) == problems[1]["detail"]
        assert (await running.client.delete(f"/v1/jobs/{job_id}", headers=BOB)).status_code == 404
        assert (await running.client.get("/v1/jobs", headers=BOB)).json()["jobs"] == []


async def test_without_a_key_is_401(start: Start, keys: str) -> None:
    async with start({"http": {"api_keys_directory": keys}}) as running:
        for method, path in (("POST", ""), ("GET", ""), ("GET", "/1"), ("DELETE", "/1"), ("GET", "/1/result")):
            assert (await running.client.request(method, f"/v1/jobs{path}")).status_code == 401


async def test_listing_goes_by_pages_newest_first(running: Running) -> None:
    ids = [await running.submit() for _ in range(5)]
    found: list[str] = []
    url = "/v1/jobs?limit=2"
    sizes = []
    while url:
        answer = await running.client.get(url)
        sizes.append(len(answer.json()["jobs"]))
        found += [job["id"] for job in answer.json()["jobs"]]
        url = answer.links.get("next", {}).get("url", "")
        assert bool(url) == (answer.json()["next"] is not None)
    assert (found, sizes) == (ids[::-1], [2, 2, 1])


async def test_listing_filters_by_state(running: Running) -> None:
    ended, queued = await running.submit(), ""
    running.settle()
    queued = await running.submit()
    for query, expected in (("queued", [queued]), ("succeeded", [ended]), ("queued&state=succeeded", [queued, ended])):
        answer = await running.client.get(f"/v1/jobs?state={query}")
        assert [job["id"] for job in answer.json()["jobs"]] == expected


@pytest.mark.parametrize("query", ["state=done", "limit=0", "limit=501", "cursor=nonsense"])
async def test_listing_refuses_what_is_out_of_range(running: Running, query: str) -> None:
    answer = await running.client.get(f"/v1/jobs?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


async def test_results_are_lines_in_the_order_of_pages(running: Running) -> None:
    job_id = await running.submit("s3://scans/a", "s3://scans/b")
    running.settle(failed=(2,))
    answer = await running.client.get(f"/v1/jobs/{job_id}/result")
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    assert lines(answer.text) == [
        {"page": 1, "name": "s3://scans/a", "state": "done", "error": None, "result": {"id": "1", "text": "TOTAL"}},
        {
            "page": 2,
            "name": "s3://scans/b",
            "state": "failed",
            "error": {"code": "unsupported_type", "message": "it is a text"},
            "result": None,
        },
    ]
    assert "Link" not in answer.headers


async def test_results_go_by_pages(running: Running) -> None:
    job_id = await running.submit(*(f"s3://scans/{number}" for number in range(95)))
    running.settle()
    url, found, answers = f"/v1/jobs/{job_id}/result?limit=45", [], 0
    while url:
        answer = await running.client.get(url)
        found += [line["page"] for line in lines(answer.text)]
        url = answer.links.get("next", {}).get("url", "")
        answers += 1
    assert (found, answers) == (list(range(1, 96)), 3)


async def test_results_of_a_running_job_are_409_unless_partial(running: Running) -> None:
    job_id = await running.submit("s3://scans/a", "s3://scans/b", "s3://scans/c")
    answer = await running.client.get(f"/v1/jobs/{job_id}/result")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    running.settle(most=2)
    answer = await running.client.get(f"/v1/jobs/{job_id}/result")
    assert (answer.status_code, "2 of 3 pages" in answer.json()["detail"]) == (409, True)
    answer = await running.client.get(f"/v1/jobs/{job_id}/result?partial=true&limit=2")
    assert [line["page"] for line in lines(answer.text)] == [1, 2]
    assert answer.links["next"]["url"] == f"/v1/jobs/{job_id}/result?after=2&limit=2&partial=true"
    assert (await running.client.get(answer.links["next"]["url"])).text == ""


async def test_delete_cancels_then_forgets(running: Running) -> None:
    answer = await running.client.post("/v1/jobs", files=[("file", ("a.jpg", b"x")), ("file", ("b.jpg", b"y"))])
    path = answer.headers["Location"]
    running.settle(most=1)
    answer = await running.client.delete(path)
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    assert running.jobs.store.leases.take("tester", 10, 60.0) == []
    assert (await running.client.get(path)).json()["state"] == "cancelled"
    answer = await running.client.get(f"{path}/result?partial=true")
    assert (answer.status_code, "its results are deleted" in answer.json()["detail"]) == (409, True)
    assert running.jobs.store.endings.trash() == []
    assert running.uploads() == []
    assert (await running.client.delete(path)).status_code == 204
    assert (await running.client.get(path)).status_code == 404
    assert (await running.client.delete(path)).status_code == 404


async def test_delete_of_an_ended_job_leaves_nothing(running: Running) -> None:
    job_id = await running.submit()
    running.settle()
    assert (await running.client.delete(f"/v1/jobs/{job_id}")).status_code == 204
    for path in ("", "/result", "/events"):
        assert (await running.client.get(f"/v1/jobs/{job_id}{path}")).status_code == 404


async def test_store_that_is_away_is_503(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise Overloaded("no answer", 7.0)

    monkeypatch.setattr(running.jobs.store.views, "job", away)
    for path in ("", "/result", "/events"):
        answer = await running.client.get(f"/v1/jobs/{'0' * 32}{path}")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "7")


async def test_prefix_of_the_application_is_in_every_link(running: Running) -> None:
    job_id = await running.submit("s3://scans/a", "s3://scans/b")
    app = running.client._transport.app  # type: ignore[attr-defined]
    import httpx

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app, root_path="/ocr"), base_url="http://r") as client:
        job = (await client.get(f"/ocr/v1/jobs/{job_id}")).json()
        assert job["links"]["self"] == f"/ocr/v1/jobs/{job_id}"
        answer = await client.get(f"/ocr/v1/jobs/{job_id}/result?partial=true&limit=1")
        assert answer.links["next"]["url"].startswith("/ocr/v1/jobs/")
        answer = await client.post("/ocr/v1/jobs", files=[("file", ("a", bytes(40_000_000)))])
        assert "33,554,432" in answer.json()["detail"]  # the limit of a file, not of the body


async def test_no_jobs_no_routes(start: Start) -> None:
    import httpx

    from serve.api.application import build_api
    from serve.api.service import Service

    async with start() as running:
        without = build_api(Service(running.service.settings, running.service.pipeline))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(without), base_url="http://r") as client:
            assert (await client.get("/v1/jobs")).json()["code"] == "no_such_route"
        assert "/v1/jobs" not in without.openapi()["paths"]


async def test_openapi_tells_each_status(running: Running) -> None:
    paths = (await running.client.get("/openapi.json")).json()["paths"]
    assert set(paths["/v1/jobs"]["post"]["responses"]) == {
        *("202", "400", "403", "404", "409", "413", "429", "502", "503", "504", "507", "default")
    }
    assert "application/x-ndjson" in paths["/v1/jobs/{job_id}/result"]["get"]["responses"]["200"]["content"]
    assert "text/event-stream" in paths["/v1/jobs/{job_id}/events"]["get"]["responses"]["200"]["content"]
    assert set(paths["/v1/jobs"]["post"]["requestBody"]["content"]) == {"multipart/form-data", "application/json"}


async def test_openapi_resolves_and_its_examples_are_taken(running: Running) -> None:
    document = (await running.client.get("/openapi.json")).json()
    references = set(re.findall(r'"\$ref": "([^"]+)"', json.dumps(document)))
    schemas = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert references <= schemas, references - schemas
    events = document["paths"]["/v1/jobs/{job_id}/events"]["get"]["responses"]["200"]["content"]["text/event-stream"]
    assert [one["properties"]["event"]["const"] for one in events["itemSchema"]["oneOf"]] == ["page", "state", "end"]
    body = document["paths"]["/v1/jobs"]["post"]["requestBody"]["content"]["application/json"]
    fields = document["components"]["schemas"]["JobRequest"]["properties"]
    together = {name: field["examples"][0] for name, field in fields.items() if "examples" in field}
    assert {"sources", "options"} <= set(together)
    for example in (body["example"], together):
        answer = await running.client.post("/v1/jobs", json=example)
        assert answer.status_code == 202, answer.text


@pytest.mark.parametrize("page", ["", "/2"])
async def test_results_are_sent_piece_by_piece(running: Running, page: str) -> None:
    job_id = await running.submit(*(f"s3://scans/{number}" for number in range(4)))
    large = b'{"text":"' + b"TOTAL 12.50 " * 1_000_000 + b'"}'  # 12 MB, packed 35 kB
    for lease in running.jobs.store.leases.take("tester", 4, 60.0):
        running.jobs.store.leases.complete(lease, large)
    app = running.client._transport.app  # type: ignore[attr-defined]
    sent, largest = 0, 0

    async def send(message: Any) -> None:
        nonlocal sent, largest
        sent, largest = sent + len(message.get("body", b"")), max(largest, len(message.get("body", b"")))

    async def receive() -> Any:
        await asyncio.Event().wait()

    scope = {"type": "http", "method": "GET", "path": f"/v1/jobs/{job_id}/result{page}", "query_string": b""}
    tracemalloc.start()
    try:
        await app({**scope, "headers": []}, receive, send)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert sent >= len(large) * (1 if page else 4)
    assert largest <= 256 * 1024
    assert peak < 6_000_000


async def test_results_are_sent_to_few_at_a_time(start: Start) -> None:
    async with start({"http": {"max_concurrent_requests": 1}}) as running:
        job_id = await running.submit()
        running.settle()
        running.service._listeners.take("")
        for path in ("result", "result/1"):
            assert (await running.client.get(f"/v1/jobs/{job_id}/{path}")).status_code == 503
        running.service._listeners.give_back("")
        running.service._work.take("")  # results keep nobody from work, and the other way round
        assert (await running.client.get(f"/v1/jobs/{job_id}/result")).status_code == 200


async def test_signature_of_a_source_is_not_kept_or_shown(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    signed = "HTTPS://93.184.215.14/a/b.pdf?X-Amz-Signature=s3cr3t"
    async with start({"storage": {"https_enabled": True}}) as running:
        job = await running.submit(signed, "https://93.184.215.14/c.png#s3cr3t")
        leases = running.jobs.store.leases.take("tester", 2, 60.0)
        assert leases[0].source == signed  # what is fetched
        for lease in leases:
            running.jobs.store.leases.fail(lease, "storage_unavailable", "it is away")
        shown = [(await running.client.get(f"/v1/jobs/{job}{what}")).text for what in ("", "/results", "/events")]
    assert "HTTPS://93.184.215.14/a/b.pdf" in shown[2]
    assert "s3cr3t" not in "".join([*shown, caplog.text])
