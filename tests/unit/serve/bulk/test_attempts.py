"""Who was in work when a worker ended, and who runs alone from then on."""

import asyncio

from serve.bulk.stages.attempts import Attempts, SharedOrAlone


def test_finished_pages_are_never_suspects() -> None:
    attempts = Attempts()
    assert attempts.begin(["a", "b"]) == [0, 0]
    attempts.end(["a", "b"])
    assert attempts.begin(["a", "b"]) == [0, 0]
    assert attempts.crashes == 0


def test_page_begun_again_without_an_end_was_in_work_at_a_crash() -> None:
    attempts = Attempts()
    attempts.begin(["a", "b"])
    attempts.end(["a"])
    assert attempts.begin(["a", "b"]) == [0, 1]
    assert attempts.crashes == 1


def test_suspect_counts_as_begun_only_when_it_is_alone() -> None:
    attempts = Attempts()
    attempts.begin(["a", "b"])
    assert attempts.begin(["a", "b"]) == [1, 1]
    attempts.begin(["a"], alone=True)  # and here the worker ends once more, with a in work and b waiting
    assert attempts.begin(["a", "b"]) == [2, 1]


def test_innocent_page_keeps_its_count_when_it_was_finished_alone() -> None:
    attempts = Attempts()
    attempts.begin(["a"])
    attempts.begin(["a"])
    attempts.begin(["a"], alone=True)
    attempts.end(["a"])
    assert attempts.begin(["a"]) == [1]


async def test_one_alone_waits_for_all_and_keeps_all_out() -> None:
    lock = SharedOrAlone()
    log: list[str] = []
    may_leave = asyncio.Event()

    async def share(name: str) -> None:
        async with lock.shared():
            log.append(f"+{name}")
            await may_leave.wait()
            log.append(f"-{name}")

    async def stand_alone() -> None:
        async with lock.alone():
            log.append("+alone")
            await asyncio.sleep(0)
            log.append("-alone")

    tasks = [asyncio.create_task(share("a")), asyncio.create_task(share("b"))]
    await _settle()
    tasks.append(asyncio.create_task(stand_alone()))
    await _settle()
    tasks.append(asyncio.create_task(share("late")))
    await _settle()
    assert log == ["+a", "+b"]
    may_leave.set()
    await asyncio.gather(*tasks)
    assert log == ["+a", "+b", "-a", "-b", "+alone", "-alone", "+late", "-late"]


async def test_cancelled_wish_to_be_alone_lets_others_in() -> None:
    lock = SharedOrAlone()
    async with lock.shared():
        waiting = asyncio.create_task(_alone(lock))
        await _settle()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        async with asyncio.timeout(1), lock.shared():
            pass


async def _alone(lock: SharedOrAlone) -> None:
    async with lock.alone():
        pass


async def _settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)
