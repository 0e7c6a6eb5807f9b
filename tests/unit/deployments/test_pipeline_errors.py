"""What becomes of errors that Ray reports to the pipeline. Real replicas that end: tests/integration/service."""

import asyncio
import dataclasses
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any, cast

import pytest
from ray.exceptions import ActorDiedError, ActorUnavailableError, ObjectLostError, OwnerDiedError, RayTaskError
from ray.serve._private.common import DeploymentID
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError, RequestCancelledError

from deployments.context import JOB, PageCall, RequestContext
from deployments.document import Document
from deployments.operation.metrics import error_code
from deployments.pipeline.attempts import Pipeline
from deployments.pipeline.routes import SeparateReplicas
from deployments.pipeline.shared_document import SharedDocument
from models.errors import (
    DeadlineExceeded,
    Overloaded,
    RayocrError,
    ReplicaCrashed,
    StorageUnavailable,
    Undecodable,
)
from tests.waiting import loop_is_idle

DOCUMENT = Document(b"page")
OBJECT_ID = "0" * 56
GONE = [
    ActorDiedError(),
    ActorUnavailableError("gone", None),
    OwnerDiedError(OBJECT_ID, None, ""),
    ObjectLostError(OBJECT_ID, None, ""),
]


def wrapped(cause: Exception) -> RayTaskError:
    """As Ray raises what a stage raised."""
    return RayTaskError("detect", "Traceback ...", cause)  # type: ignore[no-untyped-call]


def scripted(outcomes: list[object]) -> Callable[..., Coroutine[Any, Any, object]]:
    """A remote method that raises or returns one outcome after the other."""

    async def remote(*_arguments: object) -> object:
        outcome = outcomes.pop(0)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    return remote


def pipeline(*outcomes: object) -> tuple[Pipeline, list[object]]:
    """A pipeline whose detection has the given outcomes, and the list of those that are left."""
    left = list(outcomes)
    return pipeline_of(scripted(left)), left


def pipeline_of(remote: Callable[..., Coroutine[Any, Any, object]]) -> Pipeline:
    """A pipeline with this for detection."""
    page = SimpleNamespace(page=SimpleNamespace(remote=lambda *_arguments: "page"))
    detector = SimpleNamespace(detect=SimpleNamespace(remote=remote))
    route = SeparateReplicas(cast(Any, page), cast(Any, detector), cast(Any, None), None, max_body_bytes=1)
    return Pipeline(route)


async def detect(on: Pipeline, timeout_s: float = 30) -> object:
    return await on.detect(SharedDocument(DOCUMENT), PageCall(1, RequestContext.starting_now("id", timeout_s)))


async def detect_for_job(on: Pipeline, request_id: str = "job/1", *, is_alone: bool = False) -> object:
    started = RequestContext.starting_now(request_id, 30)
    context = dataclasses.replace(started, priority=JOB, is_alone=is_alone)
    return await on.detect(SharedDocument(DOCUMENT), PageCall(1, context))


async def test_result_passes() -> None:
    subject, left = pipeline("quads")
    assert await detect(subject) == "quads"
    assert left == []


@pytest.mark.parametrize("gone", GONE)
async def test_page_whose_replica_ended_is_tried_again(gone: Exception) -> None:
    subject, left = pipeline(gone, gone, "quads")
    assert await detect(subject) == "quads"
    assert left == []


async def test_page_that_ends_every_replica_is_given_up() -> None:
    subject, left = pipeline(*[ActorDiedError()] * 3, "never asked for")
    with pytest.raises(ReplicaCrashed, match="ended 3 times"):
        await detect(subject)
    assert left == ["never asked for"]


async def test_pages_that_lost_their_replica_go_one_at_a_time() -> None:
    active, most = 0, 0
    retried: set[object] = set()
    first_attempts = asyncio.Barrier(4)

    async def remote(*_arguments: object) -> str:
        nonlocal active, most
        if asyncio.current_task() not in retried:
            retried.add(asyncio.current_task())
            await first_attempts.wait()
            raise ActorDiedError
        active += 1
        most = max(most, active)
        await asyncio.sleep(0)
        active -= 1
        return "quads"

    subject = pipeline_of(remote)
    assert await asyncio.gather(*(detect(subject) for _ in range(4))) == ["quads"] * 4
    assert most == 1


async def test_page_of_a_job_is_given_up_after_its_second_replica() -> None:
    subject, left = pipeline(*[ActorDiedError()] * 2, "never asked for")
    with pytest.raises(ReplicaCrashed, match="ended 2 times"):
        await detect_for_job(subject)
    assert left == ["never asked for"]


@pytest.mark.parametrize("is_marked", [False, True], ids=["in its second attempt", "marked as such"])
async def test_suspect_of_a_job_has_no_page_of_a_job_beside_it(is_marked: bool) -> None:
    inside: set[str] = set()
    seen: list[tuple[str, set[str]]] = []
    all_in, go_on = asyncio.Event(), asyncio.Event()
    attempts = 0

    async def remote(_page: object, call: PageCall) -> str:
        nonlocal attempts
        name = call.context.request_id
        inside.add(name)
        seen.append((name, set(inside)))
        try:
            if name == "suspect" and not is_marked and (attempts := attempts + 1) == 1:
                all_in.set()
                raise ActorDiedError
            if name == "beside":
                await go_on.wait()
            await loop_is_idle()
            return "quads"
        finally:
            inside.remove(name)

    subject = pipeline_of(remote)
    beside = asyncio.create_task(detect_for_job(subject, "beside"))
    await loop_is_idle()
    suspect = asyncio.create_task(detect_for_job(subject, "suspect", is_alone=is_marked))
    if not is_marked:
        await all_in.wait()
    await loop_is_idle()
    after = [asyncio.create_task(detect_for_job(subject, f"after {number}")) for number in range(3)]
    await loop_is_idle()
    await detect(subject)  # a request neither waits nor is waited for
    go_on.set()
    assert await asyncio.gather(beside, suspect, *after) == ["quads"] * 5
    last = next(beside_it for name, beside_it in reversed(seen) if name == "suspect")
    assert last == {"suspect"}
    assert max(len(beside_it) for _, beside_it in seen) == 3  # those that came after it, together


async def test_suspect_that_is_cancelled_lets_the_others_in() -> None:
    never = asyncio.Event()

    async def remote(_page: object, call: PageCall) -> str:
        if call.context.is_alone:
            await never.wait()
        return "quads"

    subject = pipeline_of(remote)
    suspects = [asyncio.create_task(detect_for_job(subject, is_alone=True)) for _ in range(2)]
    await loop_is_idle()
    other = asyncio.create_task(detect_for_job(subject))
    await loop_is_idle()
    for suspect in suspects:
        suspect.cancel()
    async with asyncio.timeout(60):
        assert await other == "quads"


@pytest.mark.parametrize(
    ("raised", "error", "message"),
    [
        (BackPressureError(num_queued_requests=9, max_queued_requests=9), Overloaded, "every queue is full"),
        (DeploymentUnavailableError(DeploymentID("Detector", "app")), Overloaded, "no healthy replica"),
        (RequestCancelledError("id"), DeadlineExceeded, "cancelled"),
        (wrapped(Undecodable("no picture")), Undecodable, "no picture"),
        (wrapped(StorageUnavailable("down")), StorageUnavailable, "down"),
        (wrapped(ReplicaCrashed("hung")), ReplicaCrashed, "hung"),
        (wrapped(KeyError("a secret path")), RayocrError, "something went wrong inside"),
        (wrapped(TimeoutError("a socket's")), RayocrError, "something went wrong inside"),
    ],
    ids=["queue full", "no replica", "cancelled", "undecodable", "storage", "hung", "unforeseen", "time-out"],
)
async def test_error_of_ray_is_translated(raised: Exception, error: type[RayocrError], message: str) -> None:
    subject, left = pipeline(raised, "never asked for")
    with pytest.raises(RayocrError, match=message) as caught:
        await detect(subject)
    assert type(caught.value) is error
    assert caught.value.__cause__ is raised
    assert left == ["never asked for"]


async def test_unforeseen_error_tells_nothing_of_the_inside() -> None:
    subject, _ = pipeline(wrapped(KeyError("a secret path")))
    with pytest.raises(RayocrError) as caught:
        await detect(subject)
    assert "secret" not in caught.value.message


@pytest.mark.parametrize(("raised", "retry_after_s"), [("queue", 1.0), ("replica", 5.0)])
async def test_overload_says_when_to_try_again(raised: str, retry_after_s: float) -> None:
    errors = {
        "queue": BackPressureError(num_queued_requests=9, max_queued_requests=9),
        "replica": DeploymentUnavailableError(DeploymentID("Detector", "app")),
    }
    subject, _ = pipeline(errors[raised])
    with pytest.raises(Overloaded) as caught:
        await detect(subject)
    assert caught.value.retry_after_s == retry_after_s


async def test_attempts_end_with_the_deadline() -> None:
    subject, _ = pipeline(ActorDiedError())
    async with subject._suspects:  # another page is being tried
        with pytest.raises(DeadlineExceeded, match="ran out in the pipeline"):
            await detect(subject, timeout_s=0.02)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Undecodable("x"), "undecodable"),
        (DeadlineExceeded("x"), "deadline"),
        (KeyError("x"), "internal"),
        (MemoryError(), "internal"),
        (asyncio.CancelledError(), "cancelled"),
    ],
)
def test_errors_are_counted_by_code(error: BaseException, code: str) -> None:
    assert error_code(error) == code
