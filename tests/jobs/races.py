import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from serve.jobs.records import Job, JobState, Lease, Settled
from serve.jobs.store import JobStore
from tests.jobs.building import LIMITS, add_job, counts_are_true, reclaim

PAGES = 60


class Storm:
    """Workers that settle, give back and lose pages until nothing is left to do.

    Args:
        seed: Of what they do.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._lock = threading.Lock()
        self.settled: Counter[tuple[str, int]] = Counter()
        self.ended: Counter[str] = Counter()

    def work(self, store: JobStore, worker: str) -> None:
        """Be one worker."""
        choose = random.Random(f"{self._seed} {worker}")
        while True:
            depth = store.leases.queue()
            if depth.queued + depth.running == 0:
                return
            leases = store.leases.take(worker, 3, choose.choice([-1.0, 60.0]))
            suspect = store.leases.take_suspect(worker, choose.choice([-1.0, 60.0]))
            for lease in [*leases, *([suspect] if suspect else [])]:
                self._one(store, worker, lease, choose)
            for job in reclaim(store, 1_000):
                self._end(job)

    def _one(self, store: JobStore, worker: str, lease: Lease, choose: random.Random) -> None:
        what = choose.randrange(6)
        if what == 0:
            store.leases.retry_later(lease, 0, counts=False)
            return
        if what == 1:
            store.leases.extend(worker, [lease.token], -1)  # the worker is lost
            return
        settled: list[Settled] = [store.leases.complete(lease, b"{}") for _ in range(2)]
        assert not settled[1].counted
        if settled[0].counted:
            with self._lock:
                self.settled[lease.job_id, lease.number] += 1
        if settled[0].end is not None:
            self._end(settled[0].end)

    def _end(self, job: Job) -> None:
        with self._lock:
            self.ended[job.id] += 1


class TestRaces:
    def test_each_page_is_settled_once_and_each_job_ends_once(self, store: JobStore, store_url: str) -> None:
        jobs = [add_job(store, PAGES, owner, webhook="https://example.com/") for owner in ("ann", "ann", "bob")]
        storm = Storm(7)
        other = JobStore.open(store_url, LIMITS)  # connections of its own
        try:
            with ThreadPoolExecutor(8) as threads:
                workers = [threads.submit(storm.work, (store, other)[n % 2], f"worker {n}") for n in range(8)]
                for worker in workers:
                    worker.result()
        finally:
            other.close()
        assert storm.settled == {(job.id, number): 1 for job in jobs for number in range(1, PAGES + 1)}
        assert storm.ended == {job.id: 1 for job in jobs}
        for job in jobs:
            assert store.views.job(job.id, job.owner).state is JobState.SUCCEEDED
            assert [one.sequence for one in store.views.settled_since(job.id)] == list(range(1, PAGES + 1))
            assert store.deliveries.take_due("worker", 60) is not None
        assert store.deliveries.take_due("worker", 60) is None
        assert counts_are_true(store_url)

    def test_cancelling_in_the_middle_of_work(self, store: JobStore, store_url: str) -> None:
        jobs = [add_job(store, PAGES, owner) for owner in ("ann", "bob", "eve", "joe")]
        storm = Storm(8)
        with ThreadPoolExecutor(8) as threads:
            workers = [threads.submit(storm.work, store, f"worker {n}") for n in range(4)]
            cancelled = [threads.submit(store.endings.cancel, job.id, job.owner) for job in jobs]
            ends = [one.result().state for one in cancelled]
            for worker in workers:
                worker.result()
        assert len(ends) == 4
        assert all(count == 1 for count in (storm.settled + storm.ended).values())
        assert counts_are_true(store_url)
