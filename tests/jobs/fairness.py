import itertools

import pytest

from serve.jobs.records import QueueLimits
from serve.jobs.store import JobStore
from tests.jobs.building import add_job


def served(store: JobStore, count: int, at_once: int = 1) -> list[str]:
    """Owners of the next pages, in their order."""
    taken = (lease for _ in itertools.count() for lease in store.leases.take("worker", at_once, 600))
    return [lease.owner for lease in itertools.islice(taken, count)]


class TestFairness:
    @pytest.fixture
    def limits(self) -> QueueLimits:
        return QueueLimits(100_000, 500_000, 3600.0, lambda owner: {"heavy": 3.0, "light": 0.5}.get(owner, 1.0))

    def test_one_page_does_not_wait_for_ten_thousand_of_another(self, store: JobStore) -> None:
        add_job(store, 10_000, "big")
        assert len(store.leases.take("worker", 100, 600)) == 100
        add_job(store, 1, "small")
        assert "small" in served(store, 2)

    def test_one_page_does_not_wait_for_ten_thousand_of_the_same(self, store: JobStore) -> None:
        big = add_job(store, 10_000)
        store.leases.take("worker", 100, 600)
        small = add_job(store, 1)
        assert {lease.job_id for lease in store.leases.take("worker", 2, 600)} == {big.id, small.id}

    def test_pages_of_a_job_come_in_their_order(self, store: JobStore) -> None:
        add_job(store, 10)
        assert [lease.number for _ in range(5) for lease in store.leases.take("worker", 2, 600)] == list(range(1, 11))

    @pytest.mark.parametrize("at_once", [1, 9])
    def test_owners_share_by_weight(self, store: JobStore, at_once: int) -> None:
        for owner in ("plain", "heavy", "light"):
            for _ in range(2):
                add_job(store, 100, owner)
        owners = served(store, 90, at_once)
        assert [owners.count(name) for name in ("heavy", "plain", "light")] == [60, 20, 10]

    def test_many_jobs_of_one_do_not_outweigh_one_of_another(self, store: JobStore) -> None:
        for _ in range(20):
            add_job(store, 10, "many")
        add_job(store, 10, "one")
        assert served(store, 20, 4).count("one") == 10

    def test_idle_time_is_no_credit_and_past_work_no_debt(self, store: JobStore) -> None:
        add_job(store, 200, "ann")
        served(store, 200, 50)  # alone, and then idle
        add_job(store, 100, "bob")
        served(store, 20)
        add_job(store, 100, "ann")
        assert 9 <= served(store, 20).count("ann") <= 11

    def test_delayed_pages_of_a_job_do_not_hold_up_its_others(self, store: JobStore) -> None:
        add_job(store, 10)
        for lease in store.leases.take("worker", 5, 600):
            store.leases.retry_later(lease, 3600, counts=True)
        assert [lease.number for lease in store.leases.take("worker", 2, 600)] == [6, 7]
