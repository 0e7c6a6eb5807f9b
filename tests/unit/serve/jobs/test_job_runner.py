"""Working on jobs, with a real store, a real pipeline, and a way through the stages that fails as it is told."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from deployments.context import JOB
from models.errors import StorageUnavailable
from serve.jobs.background import page_outcome
from serve.jobs.background.page_outcome import Failure, Retry, after_error
from serve.jobs.background.retention import Retention
from serve.jobs.background.runner import JobRunner
from serve.jobs.records import Job, JobState, Lease, Packed, PageOutcome, PageState, Settled
from serve.jobs.runtime import JobsRuntime
from tests.jobs.building import reclaim
from tests.unit.serve.jobs.scripted_route import OWNER, ScriptedRoute, add_job, jobs_in, runner_of
from tests.waiting import until

_PATIENCE_S = 200.0


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobsRuntime:
    monkeypatch.setattr(page_outcome, "_FIRST_PAUSE_S", 0.05)
    return jobs_in(tmp_path)


@asynccontextmanager
async def running(runner: JobRunner) -> AsyncIterator[JobRunner]:
    runner.start()
    try:
        async with asyncio.timeout(_PATIENCE_S):
            yield runner
    finally:
        await runner.stop()


async def end_of(jobs: JobsRuntime, job: Job) -> Job:
    await until(lambda: jobs.store.views.job(job.id, OWNER).state.is_ended)
    return jobs.store.views.job(job.id, OWNER)


def outcomes(jobs: JobsRuntime, job: Job) -> list[PageOutcome]:
    return jobs.store.views.outcomes(job.id, limit=1000)


async def test_each_page_is_read_once_and_stored_as_the_api_answers_it(jobs: JobsRuntime) -> None:
    route = ScriptedRoute()
    ended: list[Job] = []
    job = add_job(jobs, ["well"] * 20, uploads=[b"first upload", b"second upload"])
    async with running(runner_of(jobs, route, most_in_work=6, ended=ended)):
        found = await end_of(jobs, job)
        await until(lambda: ended)  # it is told after it is stored
    assert (found.state, found.done, found.failed) == (JobState.SUCCEEDED, 22, 0)
    assert [one.id for one in ended] == [job.id]
    assert set(route.begun.values()) == {1}
    assert 4 <= route.most_in_work <= 6
    pages = outcomes(jobs, job)
    assert sorted(page.sequence for page in pages) == list(range(1, 23))
    texts = [*(f"s3://pages/well/{number}" for number in range(1, 21)), "first upload", "second upload"]
    for page, text in zip(pages, texts, strict=True):
        result = json.loads(page.result or b"")
        assert (result["id"], result["model"], result["text"]) == (f"{job.id}/{page.number}", "ppocrv6-small", text)
    context = route.contexts["first upload"]
    assert (context.priority, context.page_work_s, context.is_alone) == (JOB, 5.0, False)
    trash = jobs.store.endings.trash()
    assert sorted(Path(location).read_bytes() for location in trash) == [b"first upload", b"second upload"]  # noqa: ASYNC240
    await Retention(jobs).clear()
    assert jobs.store.endings.trash() == []
    assert not any(Path(location).exists() for location in trash)  # noqa: ASYNC240


async def test_errors_that_do_not_pass_fail_their_page_at_once_with_their_code(jobs: JobsRuntime) -> None:
    route = ScriptedRoute()
    job = add_job(jobs, ["unsupported", "well", "too-slow", "unforeseen"])
    async with running(runner_of(jobs, route)):
        found = await end_of(jobs, job)
    assert (found.state, found.done, found.failed) == (JobState.PARTIAL, 1, 3)
    pages = outcomes(jobs, job)
    assert [(page.state, page.code) for page in pages] == [
        (PageState.FAILED, "unsupported_type"),
        (PageState.DONE, None),
        (PageState.FAILED, "page_timeout"),
        (PageState.FAILED, "internal"),
    ]
    assert pages[0].message == "no picture"
    assert "secret" not in (pages[3].message or "")
    assert set(route.begun.values()) == {1}


@pytest.mark.usefixtures("jobs")  # for its short pauses
async def test_what_may_pass_is_tried_again_and_given_up_after_the_attempts(tmp_path: Path) -> None:
    jobs = jobs_in(tmp_path / "own", attempts=3)
    route = ScriptedRoute()
    job = add_job(jobs, ["unreachable-once", "unreachable", "overloaded-thrice"])
    async with running(runner_of(jobs, route)):
        await end_of(jobs, job)
    once, always, overloaded = outcomes(jobs, job)
    assert (once.state, once.attempts) == (PageState.DONE, 2)
    assert (always.state, always.code, always.attempts) == (PageState.FAILED, "storage_unavailable", 3)
    assert route.begun["s3://pages/unreachable/2"] == 3
    assert (overloaded.state, overloaded.attempts) == (PageState.DONE, 1)  # load is not the fault of the page
    assert route.begun["s3://pages/overloaded-thrice/3"] == 4


async def test_page_that_ends_two_replicas_is_poison_and_the_rest_goes_on(jobs: JobsRuntime) -> None:
    route = ScriptedRoute()
    job = add_job(jobs, ["well", "kills", "kills-once", "well", "well", "well", "well"])
    async with running(runner_of(jobs, route)):
        found = await end_of(jobs, job)
    assert (found.state, found.done, found.failed) == (JobState.PARTIAL, 6, 1)
    poison = outcomes(jobs, job)[1]
    assert (poison.state, poison.code) == (PageState.FAILED, "poison")
    assert route.begun["s3://pages/kills/2"] == 2
    assert route.beside["s3://pages/kills/2"] == set()
    assert route.beside["s3://pages/kills-once/3"] == set()


async def test_cancelled_page_is_stopped(jobs: JobsRuntime) -> None:
    route = ScriptedRoute()
    job, other = add_job(jobs, ["waits"] * 3), add_job(jobs, ["well"])
    async with running(runner_of(jobs, route)):
        await end_of(jobs, other)
        assert len(route.in_work) == 3
        jobs.store.endings.cancel(job.id, OWNER)
        await until(lambda: not route.in_work)
    assert sum(route.cancelled.values()) == 3
    assert jobs.store.views.job(job.id, OWNER).state is JobState.CANCELLED
    assert jobs.store.leases.queue().running == 0


async def test_stopped_runner_gives_its_pages_back_at_once(jobs: JobsRuntime) -> None:
    route = ScriptedRoute()
    job = add_job(jobs, ["waits"] * 6)
    first = runner_of(jobs, route)
    async with running(first):
        await until(lambda: len(route.in_work) == 4)
        await first.stop()
        assert jobs.store.leases.queue().running == 0
        route.is_open.set()
        async with running(runner_of(jobs, route)):
            found = await end_of(jobs, job)
    assert found.done == 6
    assert {page.attempts for page in outcomes(jobs, job)} == {1}  # a shutdown is not the fault of a page
    assert not any(context.is_alone for context in route.contexts.values())


async def test_pages_of_a_worker_that_vanished_are_taken_up_alone(tmp_path: Path) -> None:
    jobs = jobs_in(tmp_path / "own", lease_s=1.0)
    job = add_job(jobs, ["well"] * 6)
    assert len(jobs.store.leases.take("vanished", 3, lease_s=0.1)) == 3
    route = ScriptedRoute()
    async with running(runner_of(jobs, route)):
        found = await end_of(jobs, job)
    assert (found.state, found.done) == (JobState.SUCCEEDED, 6)
    alone = {name for name, context in route.contexts.items() if context.is_alone}
    assert alone == {f"s3://pages/well/{number}" for number in (1, 2, 3)}
    assert all(not route.beside[name] for name in alone)


async def test_calls_of_clients_do_not_hold_up_signs_of_life(tmp_path: Path) -> None:
    jobs = jobs_in(tmp_path / "own", lease_s=1.0)
    add_job(jobs, ["waits"])
    route, answer = ScriptedRoute(), threading.Event()
    async with running(runner_of(jobs, route)):
        await until(lambda: bool(route.in_work))
        asked = [asyncio.create_task(jobs.in_store(answer.wait)) for _ in range(8)]
        (end,) = jobs.store.leases.held().values()
        await until(lambda: min(jobs.store.leases.held().values()) > end)
        answer.set()
        await asyncio.gather(*asked)


async def test_neither_an_outage_of_the_store_nor_a_step_of_its_clock_loses_a_worker(tmp_path: Path) -> None:
    """Two replicas: while one works on a page, the other finds that the lease is over by the store's clock."""
    jobs = jobs_in(tmp_path / "own", lease_s=2.0)
    job = add_job(jobs, ["waits"])
    route = ScriptedRoute()
    worker, other = runner_of(jobs, route), runner_of(jobs, ScriptedRoute())
    async with running(worker):
        await until(lambda: bool(route.in_work))
        (token,) = jobs.store.leases.held()
        jobs.store.leases.extend(worker.name, [token], -3600.0)  # as after a step of an hour, or an outage
        await other._beat()
        route.is_open.set()
        found = await end_of(jobs, job)
    assert (found.state, route.begun.total()) == (JobState.SUCCEEDED, 1)
    assert outcomes(jobs, job)[0].attempts == 1


async def test_page_over_which_workers_vanish_again_and_again_is_poison(tmp_path: Path) -> None:
    jobs = jobs_in(tmp_path / "own", lease_s=1.0, most_losses=2)
    job = add_job(jobs, ["well"])
    leases = jobs.store.leases
    assert leases.take("vanished", 1, 0.01)
    await until(lambda: reclaim(jobs.store, 2) == [] and leases.take_suspect("vanished too", 0.01) is not None)
    route = ScriptedRoute()
    ended: list[Job] = []
    async with running(runner_of(jobs, route, ended=ended)):
        found = await end_of(jobs, job)
        await until(lambda: ended)
    assert (found.state, [one.id for one in ended]) == (JobState.FAILED, [job.id])
    assert outcomes(jobs, job)[0].code == "poison"
    assert not route.begun


async def test_outcome_is_kept_until_the_store_takes_it(jobs: JobsRuntime, monkeypatch: pytest.MonkeyPatch) -> None:
    trouble = iter([StorageUnavailable("restarting"), StorageUnavailable("restarting")])
    complete = jobs.store.leases.complete

    def troubled(lease: Lease, result: Packed) -> Settled:
        if (error := next(trouble, None)) is not None:
            raise error
        return complete(lease, result)

    monkeypatch.setattr(jobs.store.leases, "complete", troubled)
    route = ScriptedRoute()
    job = add_job(jobs, ["well"])
    async with running(runner_of(jobs, route)):
        found = await end_of(jobs, job)
    assert (found.done, route.begun.total()) == (1, 1)


async def test_two_runners_share_a_job_and_settle_each_page_once(tmp_path: Path) -> None:
    jobs = jobs_in(tmp_path / "own", lease_s=20.0)
    routes = [ScriptedRoute(), ScriptedRoute()]
    job = add_job(jobs, ["well"] * 200)
    async with running(runner_of(jobs, routes[0])), running(runner_of(jobs, routes[1])):
        found = await end_of(jobs, job)
    assert (found.state, found.done) == (JobState.SUCCEEDED, 200)
    assert (routes[0].begun + routes[1].begun).total() == 200
    assert min(route.begun.total() for route in routes) > 0


def test_pauses_grow_at_random_up_to_a_minute() -> None:
    error = StorageUnavailable("down")
    pauses = [after_error(error, attempt, 100) for attempt in (1, 3, 20)]
    assert all(isinstance(pause, Retry) and pause.counts for pause in pauses)
    first, third, late = (pause.delay_s for pause in pauses if isinstance(pause, Retry))
    assert 0.5 <= first <= 1.0
    assert 2.0 <= third <= 4.0
    assert 30.0 <= late <= 60.0
    assert after_error(error, 5, 5) == Failure("storage_unavailable", "down")
