"""Deadlines: what is inside is ended in time, and only the deadline is called the deadline."""

import asyncio
import dataclasses
import pickle

import pytest

from deployments.context import RequestContext
from models.errors import DeadlineExceeded


def test_time_begins_now() -> None:
    context = RequestContext.starting_now("id-1", 30)
    assert (context.request_id, context.timeout_s) == ("id-1", 30)
    assert 29 < context.remaining_s <= 30


def test_context_travels_between_processes() -> None:
    context = RequestContext.starting_now("id-1", 30)
    assert pickle.loads(pickle.dumps(context)) == context


async def test_work_within_the_deadline_is_left_alone() -> None:
    async with RequestContext.starting_now("id", 30).limit("a test"):
        await asyncio.sleep(0)


async def test_passed_deadline_starts_no_work() -> None:
    began = False
    with pytest.raises(DeadlineExceeded, match="the request's 5 s ran out in a test: send smaller pages"):
        async with RequestContext("id", deadline=0, timeout_s=5).limit("a test"):
            began = True
    assert not began


async def test_passing_deadline_ends_the_work() -> None:
    work = asyncio.Event().wait()
    with pytest.raises(DeadlineExceeded, match=r"the request's 0\.02 s ran out in a test"):
        async with RequestContext.starting_now("id", 0.02).limit("a test"):
            await work
    with pytest.raises(RuntimeError, match="already awaited"):  # it was ended, not left to itself
        await work


async def test_task_goes_on_after_its_deadline() -> None:
    with pytest.raises(DeadlineExceeded):
        async with RequestContext.starting_now("id", 0.02).limit("a test"):
            await asyncio.Event().wait()
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    await asyncio.sleep(0)


@pytest.mark.parametrize(("outer_s", "inner_s", "stage"), [(30, 0.02, "inner"), (0.02, 30, "outer")])
async def test_the_limit_that_ran_out_is_named(outer_s: float, inner_s: float, stage: str) -> None:
    with pytest.raises(DeadlineExceeded, match=f"ran out in {stage}:"):
        async with (
            RequestContext.starting_now("id", outer_s).limit("outer"),
            RequestContext.starting_now("id", inner_s).limit("inner"),
        ):
            await asyncio.Event().wait()


async def test_one_deadline_in_two_limits_is_one_error() -> None:
    context = RequestContext.starting_now("id", 0.02)
    with pytest.raises(DeadlineExceeded, match=r"ran out in (outer|inner):"):
        async with context.limit("outer"), context.limit("inner"):
            await asyncio.Event().wait()
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_time_out_of_the_work_itself_is_not_the_deadline() -> None:
    # As a socket raises it. It was once told as the request's deadline, long before that.
    with pytest.raises(TimeoutError, match="the store did not answer"):
        async with RequestContext.starting_now("id", 30).limit("a test"):
            raise TimeoutError("the store did not answer")


async def test_shorter_time_out_inside_is_not_the_deadline() -> None:
    with pytest.raises(TimeoutError):
        async with RequestContext.starting_now("id", 30).limit("a test"), asyncio.timeout(0.01):
            await asyncio.Event().wait()


async def test_other_errors_pass_unchanged() -> None:
    with pytest.raises(KeyError, match="x"):
        async with RequestContext.starting_now("id", 30).limit("a test"):
            raise KeyError("x")


async def test_cancelled_request_is_cancelled_not_late() -> None:
    async def work() -> None:
        async with RequestContext.starting_now("id", 30).limit("a test"):
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_remaining_time_is_negative_after_the_deadline() -> None:
    context = dataclasses.replace(RequestContext.starting_now("id", 30), deadline=1.0)
    assert context.remaining_s < 0
