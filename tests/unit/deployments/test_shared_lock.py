"""Many together, or one alone."""

import asyncio

from deployments.work.shared_lock import SharedLock


async def test_one_alone_waits_for_all_and_keeps_all_out() -> None:
    lock = SharedLock()
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
    lock = SharedLock()
    async with lock.shared():
        waiting = asyncio.create_task(_alone(lock))
        await _settle()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        async with asyncio.timeout(1), lock.shared():
            pass


async def _alone(lock: SharedLock) -> None:
    async with lock.alone():
        pass


async def _settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)
