"""One thread for blocking work, and its watchdog."""

import asyncio
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from deployments.worker import WorkThread

ROOT = Path(__file__).parents[3]
_PATIENCE_S = 10.0

HUNG = """
import asyncio, time
from deployments.worker import WorkThread
from models.errors import ReplicaCrashed

async def main():
    thread = WorkThread("hung", max_work_s=0.2)
    assert await thread.run(lambda: "quick") == "quick"
    try:
        await thread.run(time.sleep, 60)
    except ReplicaCrashed as exc:
        print(exc.message, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""

HUNG_AND_NOBODY_WAITS = """
import asyncio, time
from deployments.worker import WorkThread

async def main():
    asyncio.create_task(WorkThread("hung", max_work_s=0.2).run(time.sleep, 60))
    await asyncio.sleep(0.05)

asyncio.run(main())  # cancels the task and closes the loop; the thread is still at it
"""

BUSY = """
import asyncio, time
from deployments.worker import WorkThread

async def main():
    thread = WorkThread("busy", max_work_s=0.4)
    # each is quick: only a single step may be taken for hung
    await asyncio.gather(*(thread.run(time.sleep, 0.1) for _ in range(10)))
    print("done", flush=True)

asyncio.run(main())
"""


def run_program(program: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)


@pytest.fixture
def thread() -> WorkThread:
    return WorkThread("test", max_work_s=60)


async def test_functions_run_one_after_the_other_in_order(thread: WorkThread) -> None:
    order: list[int] = []
    await asyncio.gather(*(thread.run(order.append, number) for number in range(100)))
    assert order == list(range(100))


async def test_functions_share_one_thread_beside_the_event_loop(thread: WorkThread) -> None:
    names = {(await thread.run(threading.current_thread)).name for _ in range(5)}
    assert names == {"test_0"}


async def test_arguments_and_results_pass(thread: WorkThread) -> None:
    assert await thread.run(divmod, 17, 5) == (3, 2)
    absent: dict[str, int] = {}
    assert await thread.run(absent.get, "key") is None


async def test_exception_passes_and_the_thread_works_on(thread: WorkThread) -> None:
    with pytest.raises(ZeroDivisionError):
        await thread.run(divmod, 1, 0)
    assert await thread.run(divmod, 1, 1) == (1, 0)
    assert thread.busy_s() == 0


async def test_cancelled_function_that_has_not_begun_is_not_run(thread: WorkThread) -> None:
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


async def test_function_whose_caller_went_while_it_ran_ends_quietly(thread: WorkThread) -> None:
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


async def test_health_check_passes_while_work_is_within_its_time(thread: WorkThread) -> None:
    assert await thread.run(thread.busy_s) < 1
    await thread.run(thread.check)
    thread.check()


def test_hung_function_is_told_to_its_caller_and_ends_the_process() -> None:
    ended = run_program(HUNG)
    assert ended.returncode == 70
    assert ended.stdout == "one step of work in hung took more than 0.2 s and was given up\n"


def test_hung_function_ends_the_process_even_when_its_loop_is_closed() -> None:
    assert run_program(HUNG_AND_NOBODY_WAITS).returncode == 70


def test_long_queue_of_short_functions_is_not_taken_for_hung() -> None:
    ended = run_program(BUSY)
    assert (ended.returncode, ended.stdout) == (0, "done\n")
