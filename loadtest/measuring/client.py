"""Closed-loop HTTP client: N clients, each of which sends its next picture when the last one is answered.

It uses aiohttp, since the generator shares its cores with the service: a POST of 300 kB with an answer of 5 kB cost
0.46 to 0.58 ms of CPU with aiohttp 3.14 and 1.8 to 2.0 ms with httpx 0.28 (8 clients, one core, same server).
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass

import aiohttp

from loadtest.data.pictures import Picture

__all__ = ["Answer", "LoadPlan", "Traffic", "drive", "exchange", "failure_code", "picture_order"]

_BOUNDARY = "rayocr-loadtest-boundary-7d1f0c9a"
_CHUNK_BYTES = 1 << 18
# Below the 5 s after which uvicorn closes an idle connection, so that a request never meets a connection just closed.
_KEEPALIVE_S = 3.0
_DEFAULT_RETRY_AFTER_S = 1.0


@dataclass(frozen=True)
class LoadPlan:
    """How to drive the service.

    Attributes:
        url: The service's address without the path.
        clients: Requests under way at once.
        repeat: How often each picture is sent. Unused where `duration_s` is given.
        duration_s: Send pictures round and round, and begin no request after so long.
        timeout_s: Longest wait for one answer, its retries included.
        max_time_s: Begin no request after so long, whatever else is asked for.
        retry_503: Send a refused request (503) again after its Retry-After, instead of counting it.
    """

    url: str
    clients: int = 8
    repeat: int = 1
    duration_s: float | None = None
    timeout_s: float = 60.0
    max_time_s: float = 3600.0
    retry_503: bool = False


@dataclass(frozen=True)
class Answer:
    """What became of one request.

    Attributes:
        picture: Index of the picture sent.
        latency_s: Seconds from sending to the last byte, waits between retries included.
        failure: None when answered with 200, else the problem's code, `http_NNN`, `connection`, `timeout`, `protocol`.
        is_refused: The service was full: 503 with Retry-After.
        retries: How often it was sent again.
        body: The body of an answer with 200.
    """

    picture: int
    latency_s: float
    failure: str | None
    is_refused: bool = False
    retries: int = 0
    body: bytes = b""


@dataclass(frozen=True)
class Traffic:
    """All answers of a run in the order they came, its length, and whether `max_time_s` cut it short."""

    answers: Sequence[Answer]
    wall_s: float
    is_cut_short: bool


def picture_order(pictures: int, plan: LoadPlan) -> Iterator[int]:
    """Indices in the order of sending: the set again and again, `plan.repeat` times or without end."""
    rounds = 0
    while plan.duration_s is not None or rounds < plan.repeat:
        yield from range(pictures)
        rounds += 1


def failure_code(status: int, body: bytes) -> str:
    """Name of an unsuccessful answer: the `code` of its problem+json body, or `http_NNN` where there is none."""
    try:
        problem = json.loads(body)
    except ValueError:
        return f"http_{status}"
    code = problem.get("code") if isinstance(problem, dict) else None
    return code if isinstance(code, str) else f"http_{status}"


async def drive(plan: LoadPlan, pictures: Sequence[Picture]) -> Traffic:
    """Send pictures to `POST /v1/ocr` as planned and wait for all answers.

    Failures are answers too: nothing is raised for them.
    """
    answers: list[Answer] = []
    order = picture_order(len(pictures), plan)
    is_cut_short = False
    started = time.perf_counter()

    async def take() -> tuple[int, Picture] | None:
        nonlocal is_cut_short
        elapsed_s = time.perf_counter() - started
        if plan.duration_s is not None and elapsed_s >= plan.duration_s:
            return None
        index = next(order, None)
        if index is not None and elapsed_s >= plan.max_time_s:
            is_cut_short = True
            return None
        return None if index is None else (index, pictures[index])

    async def keep(answer: Answer) -> None:
        answers.append(answer)

    await exchange(plan, take, keep)
    return Traffic(answers, time.perf_counter() - started, is_cut_short)


async def exchange(
    plan: LoadPlan,
    take: Callable[[], Awaitable[tuple[int, Picture] | None]],
    keep: Callable[[Answer], Awaitable[None]],
) -> None:
    """Let `plan.clients` clients take, send and hand on, each one thing after the other, until nothing is left to take.

    Args:
        plan: Its URL, clients, time for an answer and handling of refusals hold.
        take: Gives the next picture and its index; None ends the client that asked.
        keep: Given each answer, failures included.
    """
    timeout = aiohttp.ClientTimeout(total=None)  # one limit over all retries of a request stands in _request
    connector = aiohttp.TCPConnector(limit=plan.clients, keepalive_timeout=_KEEPALIVE_S)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:

        async def client() -> None:
            while (taken := await take()) is not None:
                await keep(await _request(session, plan, *taken))

        async with asyncio.TaskGroup() as clients:
            for _ in range(plan.clients):
                clients.create_task(client())


async def _request(session: aiohttp.ClientSession, plan: LoadPlan, index: int, picture: Picture) -> Answer:
    started = time.perf_counter()
    retries = 0
    try:
        async with asyncio.timeout(plan.timeout_s):
            status, retry_after, body = await _post(session, plan.url, picture)
            while plan.retry_503 and status == 503 and retry_after is not None:
                await asyncio.sleep(_seconds(retry_after))
                retries += 1
                status, retry_after, body = await _post(session, plan.url, picture)
    except TimeoutError:
        failure = "timeout"
    except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, ConnectionError):
        failure = "connection"
    except aiohttp.ClientError:
        failure = "protocol"
    else:
        latency_s = time.perf_counter() - started
        if status == 200:
            return Answer(index, latency_s, None, retries=retries, body=body)
        is_refused = status == 503 and retry_after is not None
        return Answer(index, latency_s, failure_code(status, body), is_refused, retries)
    return Answer(index, time.perf_counter() - started, failure, retries=retries)


async def _post(session: aiohttp.ClientSession, url: str, picture: Picture) -> tuple[int, str | None, bytes]:
    """Send one picture; returns status, Retry-After and body."""
    # The form is written by hand: it costs a fifth less CPU than aiohttp's own and copies no picture.
    filename = picture.name.rsplit("/", 1)[-1].replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
    head = (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n'
        f"Content-Type: {picture.content_type}\r\n\r\n"
    ).encode()
    tail = f"\r\n--{_BOUNDARY}--\r\n".encode()
    headers = {
        "Content-Type": f"multipart/form-data; boundary={_BOUNDARY}",
        "Content-Length": str(len(head) + len(picture.content) + len(tail)),
    }
    parts = _parts(head, picture.content, tail)
    # A redirect could lead off this machine, and the body can't be sent twice: it counts as a failure.
    async with session.post(f"{url}/v1/ocr", data=parts, headers=headers, allow_redirects=False) as response:
        return response.status, response.headers.get("Retry-After"), await response.read()


async def _parts(head: bytes, content: bytes, tail: bytes) -> AsyncIterator[bytes]:
    first = _CHUNK_BYTES - len(head)
    yield head + content[:first]
    for start in range(first, len(content), _CHUNK_BYTES):
        yield content[start : start + _CHUNK_BYTES]
    yield tail


def _seconds(retry_after: str | None) -> float:
    """Retry-After in seconds; its date form, which rayocr does not send, counts as one second."""
    try:
        return max(0.0, float(retry_after or _DEFAULT_RETRY_AFTER_S))
    except ValueError:
        return _DEFAULT_RETRY_AFTER_S
