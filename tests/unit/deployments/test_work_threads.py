"""Threads for blocking work, and their watchdog."""

import asyncio
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from deployments.work.page_work import PageWork
from deployments.work.threads import WorkThreads
from deployments.work.yielding import yielding
from models.errors import PageTimeout
from tests.waiting import loop_is_idle

ROOT = Path(__file__).parents[3]
_PATIENCE_S = 200.0

HUNG = """
import asyncio, time
from deployments.work.threads import WorkThreads
from models.errors import ReplicaCrashed

async def main():
    thread = WorkThreads("hung", max_work_s=0.2)
    assert await thread.run(lambda: "quick") == "quick"
    try:
        await thread.run(time.sleep, 60)
    except ReplicaCrashed as exc:
        print(exc.message, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""

ONE_OF_SEVERAL_HUNG = """
import asyncio, time
from deployments.work.threads import WorkThreads
from models.errors import ReplicaCrashed

async def main():
    threads = WorkThreads("hung", max_work_s=0.4, count=3)
    hung = asyncio.create_task(threads.run(time.sleep, 60))
    started = time.monotonic()
    while not hung.done():  # the others work on, and hide nothing: each step of theirs is short
        await asyncio.gather(*(threads.run(time.sleep, 0.05) for _ in range(2)))
    try:
        await hung
    except ReplicaCrashed as exc:
        print(exc.message, round(time.monotonic() - started), flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""

HUNG_AND_CAN_NOT_END = """
import asyncio, os, time
from deployments.work.threads import WorkThreads

async def main():
    end, os._exit = os._exit, lambda code: None
    threads = WorkThreads("stuck", max_work_s=0.2, count=2)
    asyncio.create_task(threads.run(time.sleep, 60))
    for _ in range(2000):
        await threads.run(lambda: None)  # the other thread is well, and hides nothing
        try:
            threads.check()
        except RuntimeError as exc:
            print(exc, flush=True)
            end(0)
        await asyncio.sleep(0.05)

asyncio.run(main())
"""

HUNG_AND_NOBODY_WAITS = """
import asyncio, time
from deployments.work.threads import WorkThreads

async def main():
    asyncio.create_task(WorkThreads("hung", max_work_s=0.2).run(time.sleep, 60))
    await asyncio.sleep(0.05)

asyncio.run(main())  # cancels the task and closes the loop; the thread is still at it
"""

BUSY = """
import asyncio, time
from deployments.work.threads import WorkThreads

async def main():
    threads = WorkThreads("busy", max_work_s=1.5, count=2)
    # each is quick: only a single step may be taken for hung
    await asyncio.gather(*(threads.run(time.sleep, 0.1) for _ in range(40)))
    print("done", flush=True)

asyncio.run(main())
"""


def run_program(program: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200, check=False)


@pytest.fixture
def thread() -> WorkThreads:
    return WorkThreads("test", max_work_s=600)


async def test_functions_run_one_after_the_other_in_order(thread: WorkThreads) -> None:
    order: list[int] = []
    await asyncio.gather(*(thread.run(order.append, number) for number in range(100)))
    assert order == list(range(100))


async def test_functions_share_one_thread_beside_the_event_loop(thread: WorkThreads) -> None:
    names = {(await thread.run(threading.current_thread)).name for _ in range(5)}
    assert names == {"test_0"}


async def test_most_urgent_function_goes_first(thread: WorkThreads) -> None:
    release = threading.Event()
    order: list[str] = []
    holding = asyncio.create_task(thread.run(release.wait, _PATIENCE_S))
    await asyncio.sleep(0)
    job, request = PageWork(priority=1), PageWork(priority=0)
    waiting = [
        asyncio.create_task(thread.run(order.append, name, work=work))
        for name, work in (("job 1", job), ("request 1", request), ("job 2", job), ("request 2", None))
    ]
    await asyncio.sleep(0)
    release.set()
    await asyncio.gather(holding, *waiting)
    assert order == ["request 1", "request 2", "job 1", "job 2"]


async def test_job_begins_no_step_beside_a_request_that_needs_the_cpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yielding, "_cpus", 1)
    decoding, reading = WorkThreads("decoding", max_work_s=600), WorkThreads("reading", max_work_s=600)
    begun: list[str] = []
    request, job = PageWork(priority=0), PageWork(priority=1)
    with yielding.page("request", 0):  # also between its steps
        waiting = asyncio.create_task(decoding.run(begun.append, "job", work=job))
        await loop_is_idle()
        assert begun == []
        await decoding.run(begun.append, "request on the thread where the job waits", work=request)
        await reading.run(begun.append, "request on another", work=request)
        with yielding.page("request", 0):  # the same page, in the next stage
            await decoding.run(begun.append, "request in the next stage", work=request)
        await decoding.run(begun.append, "request after it", work=request)
        assert len(begun) == 4
    await waiting
    assert begun[4] == "job"


async def test_job_works_on_the_cpu_that_a_request_leaves_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yielding, "_cpus", 2)
    threads = WorkThreads("test", max_work_s=600, count=2)
    begun, release = threading.Event(), threading.Event()
    job = PageWork(priority=1)

    def hold() -> None:
        begun.set()
        release.wait(_PATIENCE_S)

    with yielding.page("request", 0):
        holding = [asyncio.create_task(threads.run(hold, work=job)) for _ in range(2)]
        assert await asyncio.to_thread(begun.wait, _PATIENCE_S)
        await threads.run(lambda: None, work=PageWork(priority=0))  # on the thread where the other waits
        assert yielding._running[False] == 1
        release.set()
        await asyncio.gather(*holding)


def compute(cpu_s: float) -> None:
    end = time.thread_time() + cpu_s
    while time.thread_time() < end:
        pass


async def test_time_of_work_is_charged_and_that_of_waiting_is_not() -> None:
    threads = WorkThreads("test", max_work_s=600, count=4)  # they share the interpreter: each waits for the others
    pages = [PageWork(limit_s=60.0) for _ in range(4)]
    sleeper = PageWork(limit_s=60.0)
    await asyncio.gather(*(threads.run(compute, 0.2, work=page) for page in pages))
    release = threading.Event()
    waiting = asyncio.create_task(threads.run(release.wait, _PATIENCE_S, work=sleeper))
    await threads.run(compute, 0.2)
    release.set()
    await waiting
    assert 0.7 < sum(page.spent_s for page in pages) < 1.1
    assert all(0.1 < page.spent_s < 0.4 for page in pages)
    assert sleeper.spent_s < 0.1


async def test_page_over_its_limit_begins_no_further_step(thread: WorkThreads) -> None:
    work = PageWork(limit_s=0.1, pixels=8_000_000)  # twice the pixels: twice the time
    steps: list[str] = []
    await thread.run(compute, 0.1, work=work)
    with pytest.raises(PageTimeout, match=r"took more than 0\.2 s, the limit for its 8 megapixels"):
        await thread.run(compute, 0.2, work=work)
    with pytest.raises(PageTimeout):
        await thread.run(steps.append, "never", work=work)
    assert steps == []


async def test_as_many_functions_run_at_a_time_as_there_are_threads() -> None:
    threads = WorkThreads("test", max_work_s=600, count=3)
    all_there = threading.Barrier(3)
    running, most = 0, 0
    lock = threading.Lock()

    def meet() -> str:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        all_there.wait(_PATIENCE_S)  # breaks unless three run at a time
        with lock:
            running -= 1
        return threading.current_thread().name

    names = await asyncio.gather(*(threads.run(meet) for _ in range(9)))
    assert set(names) == {"test_0", "test_1", "test_2"}
    assert most == 3


async def test_longest_of_several_functions_counts() -> None:
    threads = WorkThreads("test", max_work_s=600, count=2)
    begun, release = threading.Event(), threading.Event()

    def hold() -> bool:
        begun.set()
        return release.wait(_PATIENCE_S)

    holding = asyncio.create_task(threads.run(hold))
    assert await asyncio.to_thread(begun.wait, _PATIENCE_S)
    await threads.run(lambda: None)
    assert 0 < threads.busy_s() < _PATIENCE_S  # not 0: the last to end was another
    release.set()
    assert await holding
    assert threads.busy_s() == 0


async def test_arguments_and_results_pass(thread: WorkThreads) -> None:
    assert await thread.run(divmod, 17, 5) == (3, 2)
    absent: dict[str, int] = {}
    assert await thread.run(absent.get, "key") is None


async def test_exception_passes_and_the_thread_works_on(thread: WorkThreads) -> None:
    with pytest.raises(ZeroDivisionError):
        await thread.run(divmod, 1, 0)
    assert await thread.run(divmod, 1, 1) == (1, 0)
    assert thread.busy_s() == 0


async def test_cancelled_function_that_has_not_begun_is_not_run(thread: WorkThreads) -> None:
    begun, release = threading.Event(), threading.Event()
    ran: list[int] = []

    def hold() -> None:
        begun.set()
        release.wait(_PATIENCE_S)

    holding = asyncio.create_task(thread.run(hold))
    assert await asyncio.to_thread(begun.wait, _PATIENCE_S)
    tasks = [asyncio.create_task(thread.run(ran.append, number)) for number in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    await asyncio.sleep(0)
    release.set()
    await asyncio.gather(holding, tasks[0], tasks[2])
    assert ran == [0, 2]


async def test_function_whose_caller_went_while_it_ran_ends_quietly(thread: WorkThreads) -> None:
    begun, release = threading.Event(), threading.Event()

    def hold() -> None:
        begun.set()
        release.wait(_PATIENCE_S)
        raise ValueError("nobody is told")

    task = asyncio.create_task(thread.run(hold))
    assert await asyncio.to_thread(begun.wait, _PATIENCE_S)
    task.cancel()
    release.set()
    assert await thread.run(lambda: "next") == "next"
    assert task.cancelled()


async def test_health_check_passes_while_work_is_within_its_time(thread: WorkThreads) -> None:
    assert await thread.run(thread.busy_s) < 60
    await thread.run(thread.check)
    thread.check()


def test_health_check_fails_where_the_process_could_not_be_ended() -> None:
    ended = run_program(HUNG_AND_CAN_NOT_END)
    assert re.match(r"stuck has been at one step of work for \d+\.\d s", ended.stdout), ended.stderr


def test_hung_function_is_told_to_its_caller_and_ends_the_process() -> None:
    ended = run_program(HUNG)
    assert ended.returncode == 70
    assert ended.stdout == "one step of work in hung took more than 0.2 s and was given up\n"


def test_one_hung_function_among_several_ends_the_process() -> None:
    ended = run_program(ONE_OF_SEVERAL_HUNG)
    assert ended.returncode == 70
    message, _, waited_s = ended.stdout.strip().rpartition(" ")
    assert message == "one step of work in hung took more than 0.4 s and was given up"
    assert int(waited_s) <= 30


def test_hung_function_ends_the_process_even_when_its_loop_is_closed() -> None:
    assert run_program(HUNG_AND_NOBODY_WAITS).returncode == 70


def test_long_queue_of_short_functions_is_not_taken_for_hung() -> None:
    ended = run_program(BUSY)
    assert (ended.returncode, ended.stdout) == (0, "done\n")
