"""Continuous batching on real work threads, with a net that a test can hold up."""

import asyncio
import itertools
import random
import threading
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pytest

from deployments.work.batching import ShapeBatcher, power_of_two
from deployments.work.page_work import PageWork
from deployments.work.threads import WorkThreads
from deployments.work.yielding import yielding
from models.errors import PageTimeout
from tests.waiting import loop_is_idle

Pixels = npt.NDArray[np.uint8]

T = TypeVar("T")

POISON = 255
_PATIENCE_S = 10.0


class Net:
    """Returns the first value of each array; a test may hold it up, and a poisonous value makes it fail."""

    def __init__(self, max_batch: int, threads: int = 1) -> None:
        self.batches: list[list[int]] = []
        self.shapes: list[tuple[int, ...]] = []
        self.is_open = threading.Event()
        self.is_running = threading.Event()
        self.on_poison: Callable[[], object] = lambda: None
        self.is_open.set()
        self.batcher: ShapeBatcher[int] = ShapeBatcher(
            self.run, WorkThreads("test", 60, threads), power_of_two(max_batch), self.shapes.append
        )

    def run(self, batch: Pixels) -> list[int]:
        self.is_running.set()
        assert self.is_open.wait(_PATIENCE_S)
        values = [int(pixels.flat[0]) for pixels in batch]
        self.batches.append(values)
        if POISON in values:
            self.on_poison()
            raise ValueError(f"poison among {values}")
        return values

    def submit(self, value: int, width: int = 4, work: PageWork | None = None) -> "asyncio.Task[int]":
        return asyncio.create_task(one_of(self.batcher, np.full((2, width, 3), value, dtype=np.uint8), work))

    async def held_up(self) -> "asyncio.Task[int]":
        """Keep the net busy with the value 0 until `is_open` is set: what is submitted meanwhile gathers."""
        self.is_open.clear()
        task = self.submit(0, width=99)
        assert await asyncio.to_thread(self.is_running.wait, _PATIENCE_S)
        return task


async def one_of(batcher: ShapeBatcher[int], pixels: Pixels, work: PageWork | None = None) -> int:
    """A caller of one array."""
    (result,) = await batcher.submit([pixels], work)
    return result


async def results(*tasks: Awaitable[int]) -> list[int | BaseException]:
    await asyncio.sleep(0)  # lets each task submit
    return await asyncio.gather(*tasks, return_exceptions=True)


async def test_lone_array_is_run_at_once() -> None:
    net = Net(max_batch=8)
    assert await net.submit(7) == 7
    assert net.shapes == [(1, 2, 4, 3)]


async def test_arrays_of_one_shape_share_a_batch() -> None:
    net = Net(max_batch=8)
    first = await net.held_up()
    tasks = [net.submit(value) for value in (1, 2, 3, 4)]
    await asyncio.sleep(0)
    net.is_open.set()
    assert await results(first, *tasks) == [0, 1, 2, 3, 4]
    assert net.batches == [[0], [1, 2, 3, 4]]
    assert net.shapes[1] == (4, 2, 4, 3)


async def test_arrays_of_different_shapes_never_share_a_batch_and_the_oldest_goes_first() -> None:
    net = Net(max_batch=8)
    first = await net.held_up()
    tasks = [net.submit(value, width) for value, width in ((1, 8), (2, 4), (3, 8), (4, 6), (5, 4))]
    await asyncio.sleep(0)
    net.is_open.set()
    assert await results(first, *tasks) == [0, 1, 2, 3, 4, 5]
    assert net.batches == [[0], [1, 3], [2, 5], [4]]


async def test_urgent_goes_before_old_in_one_shape_and_between_shapes() -> None:
    net = Net(max_batch=2)
    first = await net.held_up()
    later = PageWork(priority=1)
    waiting = ((1, 4, later), (2, 8, later), (3, 8, None), (4, 4, later), (5, 8, None), (6, 8, None), (7, 6, None))
    tasks = [net.submit(value, width, work) for value, width, work in waiting]
    await asyncio.sleep(0)
    net.is_open.set()
    assert await results(first, *tasks) == [0, 1, 2, 3, 4, 5, 6, 7]
    # 2 only fills up the batch of 6; 7, which came last, waits for none of the others
    assert net.batches == [[0], [3, 5], [6, 2], [7], [1, 4]]


async def test_urgent_array_does_not_wait_for_a_batch_that_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yielding, "_cpus", 1)
    net = Net(max_batch=2)
    with yielding.page("request", 0):
        job = net.submit(1, work=PageWork(priority=1))  # its batch is chosen, and its thread waits for the request
        await loop_is_idle()
        async with asyncio.timeout(_PATIENCE_S):
            assert await net.submit(2) == 2
        assert net.batches == [[2]]
    assert await job == 1


async def test_page_over_its_limit_is_stopped_and_the_page_beside_it_is_not() -> None:
    net = Net(max_batch=2)
    first = await net.held_up()
    over, well = PageWork(limit_s=0.0), PageWork(limit_s=60.0)
    tasks = [net.submit(1, work=over), net.submit(2, work=well), net.submit(3, work=over)]
    await asyncio.sleep(0)
    net.is_open.set()
    _, one, two, three = await results(first, *tasks)
    assert [type(one), two, type(three)] == [PageTimeout, 2, PageTimeout]
    assert 0 < well.spent_s < 1
    assert net.batches == [[0], [1, 2], [3]]
    with pytest.raises(PageTimeout):
        await net.submit(4, work=over)
    assert len(net.batches) == 3  # the last one was not run


@pytest.mark.parametrize(
    ("max_batch", "count", "sizes"),
    [(8, 7, [4, 2, 1]), (4, 9, [4, 4, 1]), (6, 6, [4, 2]), (1, 3, [1, 1, 1]), (8, 8, [8])],
)
async def test_batches_are_powers_of_two_in_order(max_batch: int, count: int, sizes: list[int]) -> None:
    net = Net(max_batch)
    first = await net.held_up()
    tasks = [net.submit(value) for value in range(1, count + 1)]
    await asyncio.sleep(0)
    net.is_open.set()
    await results(first, *tasks)
    assert [len(batch) for batch in net.batches[1:]] == sizes
    assert list(itertools.chain(*net.batches[1:])) == list(range(1, count + 1))


async def test_failing_array_fails_alone() -> None:
    net = Net(max_batch=4)
    first = await net.held_up()
    tasks = [net.submit(value) for value in (1, POISON, 3, 4)]
    await asyncio.sleep(0)
    net.is_open.set()
    zero, one, poison, three, four = await results(first, *tasks)
    assert [zero, one, three, four] == [0, 1, 3, 4]
    assert isinstance(poison, ValueError)
    assert str(poison) == f"poison among [{POISON}]"  # not what its neighbors would have been told
    assert net.batches[1:] == [[1, POISON, 3, 4], [1], [POISON], [3], [4]]


async def test_array_that_comes_as_the_last_one_ends_is_run() -> None:
    # In the very step of the loop in which a result arrives, its runner has ended but is not yet forgotten.
    net = Net(max_batch=4)
    pixels = np.ones((2, 4, 3), dtype=np.uint8)
    async with asyncio.timeout(_PATIENCE_S):
        assert [await one_of(net.batcher, pixels) for _ in range(100)] == [1] * 100


async def test_batcher_works_on_after_a_failure() -> None:
    net = Net(max_batch=4)
    with pytest.raises(ValueError, match="poison"):
        await net.submit(POISON)
    assert await net.submit(5) == 5


async def test_cancelled_array_is_never_run() -> None:
    net = Net(max_batch=4)
    first = await net.held_up()
    tasks = [net.submit(value) for value in (1, 2, 3, 4)]
    alone = net.submit(9, width=8)
    await asyncio.sleep(0)
    for task in (tasks[0], tasks[2], alone):
        task.cancel()
    net.is_open.set()
    assert await results(first, tasks[1], tasks[3]) == [0, 2, 4]
    assert net.batches == [[0], [2, 4]]


async def test_array_cancelled_while_its_batch_fails_is_not_run_again() -> None:
    net = Net(max_batch=4)
    first = await net.held_up()
    tasks = [net.submit(value) for value in (1, POISON, 3, 4)]
    await asyncio.sleep(0)
    loop = asyncio.get_running_loop()
    # reaches the loop before the failure of the batch does
    net.on_poison = lambda: loop.call_soon_threadsafe(tasks[3].cancel)
    net.is_open.set()
    await results(first, *tasks)
    assert net.batches[1:] == [[1, POISON, 3, 4], [1], [POISON], [3]]
    assert tasks[3].cancelled()


async def test_cancelled_array_does_not_disturb_its_batch() -> None:
    net = Net(max_batch=4)
    net.is_open.clear()
    task = net.submit(1)
    assert await asyncio.to_thread(net.is_running.wait, _PATIENCE_S)
    task.cancel()
    net.is_open.set()
    assert await net.submit(2) == 2
    assert task.cancelled()


class CountingThreads(WorkThreads):
    """Notes how many arrays each call was for: a call is what costs."""

    def __init__(self) -> None:
        super().__init__("test", 60)
        self.calls: list[int] = []

    async def run_for(self, pages: Sequence[PageWork], function: Callable[..., T], *arguments: object) -> T:
        self.calls.append(len(pages))
        return await super().run_for(pages, function, *arguments)


@pytest.mark.parametrize(
    ("width", "calls"),
    [(4, [4, 2, 1, 1]), (70_000, [2, 2, 2, 1, 1]), (140_000, [1] * 8)],
    ids=["half of what waits", "small enough", "large"],
)
async def test_short_runs_are_handed_over_together(width: int, calls: list[int]) -> None:
    threads = CountingThreads()
    shapes: list[tuple[int, ...]] = []
    batcher: ShapeBatcher[int] = ShapeBatcher(lambda batch: [batch.shape[2]], threads, power_of_two(1), shapes.append)
    arrays = [np.zeros((2, width + number % 3, 3), dtype=np.uint8) for number in range(8)]
    assert await batcher.submit(arrays) == [array.shape[1] for array in arrays]
    assert threads.calls == calls
    assert len(shapes) == 8


async def test_nothing_less_urgent_is_handed_over_with_what_is_urgent() -> None:
    threads = CountingThreads()
    batcher: ShapeBatcher[int] = ShapeBatcher(lambda batch: [0], threads, power_of_two(1), lambda shape: None)
    array = np.zeros((2, 4, 3), dtype=np.uint8)
    job = asyncio.create_task(batcher.submit([array] * 12, PageWork(priority=1)))
    page = asyncio.create_task(batcher.submit([array] * 3))
    assert [*await asyncio.gather(job, page)] == [[0] * 12, [0] * 3]
    assert threads.calls[:2] == [3, 6]  # half of all fifteen would be seven


async def test_no_arrays_have_no_results() -> None:
    assert await Net(max_batch=4).batcher.submit([]) == []


async def test_failing_array_drops_those_of_its_caller_that_wait() -> None:
    net = Net(max_batch=1)
    arrays = [np.full((2, 4, 3), value, dtype=np.uint8) for value in (1, POISON, *range(2, 40))]
    with pytest.raises(ValueError, match="poison"):
        await net.batcher.submit(arrays)
    assert net.batches == [[1], [POISON], *([value] for value in range(2, 20))]  # half of them, in one call
    assert await net.submit(5) == 5


async def test_too_few_results_are_an_error_not_a_wait() -> None:
    batcher: ShapeBatcher[int] = ShapeBatcher(
        lambda batch: [], WorkThreads("test", 60), power_of_two(4), lambda shape: None
    )
    with pytest.raises(ValueError, match="0 results for 1 arrays"):
        await batcher.submit([np.zeros((2, 2, 3), dtype=np.uint8)])


class SeveralAtATime:
    """A net of which each run waits until `most` runs are there, or the test says that no more will come."""

    def __init__(self, threads: int, max_batch: int) -> None:
        self.started: list[list[int]] = []
        self.running = 0
        self.most = 0
        self.may_end = threading.Semaphore(0)
        self._changed = threading.Condition()
        self.batcher: ShapeBatcher[int] = ShapeBatcher(
            self.run, WorkThreads("test", 60, threads), power_of_two(max_batch), lambda shape: None
        )

    def run(self, batch: Pixels) -> list[int]:
        values = [int(pixels.flat[0]) for pixels in batch]
        with self._changed:
            self.started.append(values)
            self.running += 1
            self.most = max(self.most, self.running)
            self._changed.notify_all()
        assert self.may_end.acquire(timeout=_PATIENCE_S)
        with self._changed:
            self.running -= 1
        if POISON in values:
            raise ValueError(f"poison among {values}")
        return values

    def submit(self, value: int, width: int = 4) -> "asyncio.Task[int]":
        return asyncio.create_task(one_of(self.batcher, np.full((2, width, 3), value, dtype=np.uint8)))

    async def has_started(self, runs: int) -> None:
        def wait() -> bool:
            with self._changed:
                return self._changed.wait_for(lambda: len(self.started) >= runs, _PATIENCE_S)

        assert await asyncio.to_thread(wait)


async def test_as_many_runs_at_a_time_as_threads_and_no_more() -> None:
    net = SeveralAtATime(threads=3, max_batch=1)
    tasks = [net.submit(value) for value in range(7)]
    await net.has_started(3)
    await loop_is_idle()
    assert len(net.started) == 3
    net.may_end.release(7)
    assert await results(*tasks) == list(range(7))
    assert net.most == 3


async def test_thread_that_is_free_takes_the_oldest_whatever_the_others_do() -> None:
    net = SeveralAtATime(threads=2, max_batch=1)
    # one width comes again and again: it must not hold up the others
    tasks = [net.submit(value, width) for value, width in enumerate((4, 4, 8, 4, 6, 4, 8))]
    await net.has_started(2)
    for runs in range(3, 8):
        net.may_end.release()
        await net.has_started(runs)
    net.may_end.release(2)
    assert await results(*tasks) == list(range(7))
    assert sorted(itertools.chain(*net.started[:2])) == [0, 1]  # these start side by side
    assert net.started[2:] == [[2], [3], [4], [5], [6]]


async def test_arrays_of_one_shape_share_a_batch_on_each_of_several_threads() -> None:
    net = SeveralAtATime(threads=2, max_batch=4)
    first = [net.submit(value, width=90 + value) for value in (1, 2)]
    await net.has_started(2)
    tasks = [net.submit(value) for value in range(10, 18)]
    await asyncio.sleep(0)
    net.may_end.release(4)
    assert await results(*first, *tasks) == [1, 2, *range(10, 18)]
    assert sorted(net.started[2:]) == [[10, 11, 12, 13], [14, 15, 16, 17]]


async def test_failure_on_one_thread_does_not_reach_the_others() -> None:
    net = SeveralAtATime(threads=2, max_batch=4)
    net.may_end.release(100)
    values = [POISON if number % 5 == 0 else number for number in range(50)]
    found = await results(*[net.submit(value, width=4 + value % 3) for value in values])
    assert [isinstance(one, ValueError) for one in found] == [value == POISON for value in values]
    assert [one for one in found if not isinstance(one, ValueError)] == [one for one in values if one != POISON]
    assert await net.submit(7) == 7


async def test_threads_that_were_idle_take_up_work_again() -> None:
    net = SeveralAtATime(threads=3, max_batch=1)
    for turn in range(1, 4):
        tasks = [net.submit(value) for value in range(3)]
        await net.has_started(3 * turn)
        net.may_end.release(3)
        assert await results(*tasks) == [0, 1, 2]
    assert net.most == 3


@pytest.mark.parametrize("threads", [1, 4])
async def test_thousand_arrays_of_random_shapes_get_their_own_results(threads: int) -> None:
    net = Net(max_batch=8, threads=threads)
    source = random.Random(1)
    expected, tasks = [], []
    for _ in range(1000):
        value = source.randrange(POISON)
        expected.append(value)
        tasks.append(net.submit(value, width=source.choice((4, 5, 6, 7, 8))))
        if source.random() < 0.3:
            await asyncio.sleep(0)
    assert await results(*tasks) == expected
    assert {len(batch) for batch in net.batches} <= {1, 2, 4, 8}
    assert sum(len(batch) for batch in net.batches) == 1000
