"""Server-sent events: in order, to the end, and resumed without a gap."""

import asyncio
import json
import socket
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import uvicorn

from serve.api.application import build_api
from serve.api.service import Service
from serve.jobs.events import job_events
from serve.jobs.records import Job, PageOutcome

from .conftest import Running, Start

Event = tuple[str, str, dict[str, Any]]


def parsed(text: str) -> list[Event]:
    """Kind, id and data of each event."""
    events = []
    for block in text.strip().split("\n\n"):
        if fields := dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":")):
            events.append((fields["event"], fields.get("id", ""), json.loads(fields["data"])))
    return events


@asynccontextmanager
async def listening_client(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """A client over a real socket: what is streamed comes while it is streamed."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # A test that settles pages blocks the loop: the server must not take its client for idle meanwhile.
        config = uvicorn.Config(build_api(service), log_level="warning", lifespan="off", timeout_keep_alive=60)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve([listener]))
        try:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            async with httpx.AsyncClient(base_url=url, timeout=60) as client:
                yield client
        finally:
            server.should_exit = True
            await serving


async def test_events_of_an_ended_job_are_its_pages_and_its_end(running: Running) -> None:
    job_id = await running.submit("s3://scans/a", "s3://scans/b")
    running.settle(failed=(2,))
    answer = await running.client.get(f"/v1/jobs/{job_id}/events")
    assert answer.headers["Content-Type"].startswith("text/event-stream")
    first, second, end = parsed(answer.text)
    assert first == ("page", "1", {"page": 1, "name": "s3://scans/a", "state": "done", "code": None})
    assert second == ("page", "2", {"page": 2, "name": "s3://scans/b", "state": "failed", "code": "unsupported_type"})
    assert (end[:2], end[2]["state"]) == (("end", "3"), "partial")


async def test_listener_goes_on_after_the_last_event_that_it_has(running: Running) -> None:
    job_id = await running.submit("s3://scans/a", "s3://scans/b", "s3://scans/c")
    running.settle()
    url = f"/v1/jobs/{job_id}/events"
    for last, expected in (("1", ["2", "3", "4"]), ("3", ["4"]), ("0", ["1", "2", "3", "4"])):
        answer = await running.client.get(url, headers={"Last-Event-ID": last})
        assert [event_id for _, event_id, _ in parsed(answer.text)] == expected
    assert (await running.client.get(url, headers={"Last-Event-ID": "4"})).status_code == 204  # browsers then stop
    answer = await running.client.get(url, headers={"Last-Event-ID": "page-3"})
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


async def test_end_of_a_cancelled_job_is_told(running: Running) -> None:
    job_id = await running.submit("s3://scans/a", "s3://scans/b")
    running.settle(most=1)
    await running.client.delete(f"/v1/jobs/{job_id}")
    ((kind, event_id, job),) = parsed((await running.client.get(f"/v1/jobs/{job_id}/events")).text)
    assert (kind, event_id, job["state"]) == ("end", "3", "cancelled")


async def test_events_come_while_the_job_runs_and_resume_without_a_gap(running: Running) -> None:
    job_id = await running.submit(*(f"s3://scans/{number}" for number in range(6)))
    url = f"/v1/jobs/{job_id}/events"
    seen: list[tuple[str, str]] = []
    async with listening_client(running.service) as client:
        async with client.stream("GET", url) as answer:
            blocks = _blocks(answer)
            assert parsed(await anext(blocks))[0][2]["state"] == "queued"
            running.settle(most=3)
            while len([event_id for _, event_id in seen if event_id]) < 2:
                seen += [event[:2] for event in parsed(await anext(blocks))]
        running.settle()  # while nobody listens
        answer = await client.get(url, headers={"Last-Event-ID": seen[-1][1]})
        seen += [event[:2] for event in parsed(answer.text)]
    assert [event for event in seen if event[0] != "state"] == [
        *(("page", str(number)) for number in range(1, 7)),
        ("end", "7"),
    ]


async def test_stop_of_the_service_ends_the_streams(running: Running) -> None:
    job_id = await running.submit()
    async with listening_client(running.service) as client:
        async with client.stream("GET", f"/v1/jobs/{job_id}/events") as answer:
            blocks = _blocks(answer)
            await anext(blocks)
            await running.service.drain()  # waits for requests, not for listeners
            assert [block async for block in blocks] == []
        refused = await client.get(f"/v1/jobs/{job_id}/events")
        assert (refused.status_code, "Retry-After" in refused.headers) == (503, True)


async def test_more_listeners_than_allowed_are_refused_and_readers_are_not(start: Start) -> None:
    async with start({"http": {"max_concurrent_requests": 1}}) as running, listening_client(running.service) as client:
        url = f"/v1/jobs/{await running.submit()}/events"
        async with client.stream("GET", url) as answer:
            blocks = _blocks(answer)
            await anext(blocks)
            assert (await client.get(url)).status_code == 503
            assert await running.submit()
        running.settle()
        async with asyncio.timeout(60):
            while (answer := await client.get(url)).status_code != 200:
                pass  # the server has not seen yet that the first has left
        assert parsed(answer.text)[-1][0] == "end"


async def test_silence_is_filled_with_pings(running: Running) -> None:
    job_id = await running.submit()
    job = running.jobs.store.views.job(job_id, "")
    stream = job_events(running.jobs, job, 0, _Words(), lambda: False, poll_every_s=0.01, ping_every_s=0.02)
    assert [await anext(stream) for _ in range(3)] == [b"queued", b"ping", b"ping"]
    running.settle()
    rest = [event async for event in stream]
    assert [event for event in rest if event != b"ping"] == [b"page 1", b"end"]


async def test_stream_of_a_deleted_job_ends(running: Running) -> None:
    job_id = await running.submit()
    job = running.jobs.store.views.job(job_id, "")
    stream = job_events(running.jobs, job, 0, _Words(), lambda: False, poll_every_s=0.01)
    assert await anext(stream) == b"queued"
    for _ in range(2):
        running.jobs.store.endings.cancel(job_id, "")
    assert [event async for event in stream] == []


class _Words:
    def page(self, outcome: PageOutcome) -> bytes:
        return f"page {outcome.number}".encode()

    def state(self, job: Job) -> bytes:
        return job.state.encode()

    def end(self, job: Job) -> bytes:
        return b"end"

    def ping(self) -> bytes:
        return b"ping"


async def _blocks(answer: httpx.Response) -> AsyncGenerator[str]:
    text = ""
    async for chunk in answer.aiter_text():
        text += chunk
        while "\n\n" in text:
            block, _, text = text.partition("\n\n")
            yield block
