import time

from serve.jobs.records import JobState, PageState, QueueDepth
from serve.jobs.store import JobStore
from tests.jobs.building import add_job, counts_are_true, reclaim

OVER = -1.0  # a lease that ran out when it was given


class TestLeases:
    def test_first_lease_begins_the_job(self, store: JobStore) -> None:
        job = add_job(store, 3, uploads=1)
        first, second = store.leases.take("worker", 2, 60)
        assert (first.number, first.name, first.is_upload, first.attempt, first.losses) == (1, "1.png", True, 1, 0)
        assert (first.job_id, first.owner, second.is_upload) == (job.id, "ann", False)
        now = store.views.job(job.id, "ann")
        assert now.state is JobState.RUNNING
        assert now.started is not None
        assert store.leases.queue() == QueueDepth(1, 2)

    def test_oldest_job_is_the_one_whose_pages_wait(self, store: JobStore) -> None:
        assert store.leases.oldest_s() == 0
        add_job(store, 2)
        time.sleep(0.3)
        add_job(store)
        store.leases.take("worker", 1, 60)
        assert 0.3 <= store.leases.oldest_s() < 30
        store.leases.take("worker", 2, 60)
        assert store.leases.oldest_s() == 0
        assert store.leases.queue() == QueueDepth(0, 3)

    def test_job_ends_with_its_last_page(self, store: JobStore, store_url: str) -> None:
        job = add_job(store, 3)
        first, second, third = store.leases.take("worker", 3, 60)
        assert store.leases.complete(third, b'{"text": "three"}').end is None
        assert store.leases.fail(first, "undecodable", "the picture is damaged").end is None
        end = store.leases.complete(second, b'{"text": "two"}').end
        assert end is not None
        assert (end.state, end.done, end.failed, end.progress) == (JobState.PARTIAL, 2, 1, 1.0)
        assert end.ended is not None
        assert end.expires is not None
        assert (end.expires - end.ended).total_seconds() == 3600
        assert store.views.job(job.id, "ann") == end
        outcomes = store.views.outcomes(job.id)
        assert [(one.number, one.state, one.sequence, one.result, one.code) for one in outcomes] == [
            (1, PageState.FAILED, 2, None, "undecodable"),
            (2, PageState.DONE, 3, b'{"text": "two"}', None),
            (3, PageState.DONE, 1, b'{"text": "three"}', None),
        ]
        assert counts_are_true(store_url)

    def test_states_of_jobs_that_end_alike(self, store: JobStore) -> None:
        add_job(store, 1)
        end = store.leases.complete(store.leases.take("worker", 1, 60)[0], b"{}").end
        assert end is not None
        assert end.state is JobState.SUCCEEDED
        add_job(store, 1)
        end = store.leases.fail(store.leases.take("worker", 1, 60)[0], "undecodable", "").end
        assert end is not None
        assert end.state is JobState.FAILED

    def test_page_is_settled_once(self, store: JobStore) -> None:
        add_job(store, 2)
        lease = store.leases.take("worker", 1, 60)[0]
        assert store.leases.complete(lease, b"{}").counted
        assert not store.leases.complete(lease, b"{}").counted
        assert not store.leases.fail(lease, "internal", "").counted
        store.leases.retry_later(lease, 0, counts=True)
        assert store.leases.queue() == QueueDepth(1, 0)

    def test_lost_lease_completes_nothing(self, store: JobStore, store_url: str) -> None:
        job = add_job(store)
        lost = store.leases.take("first", 1, OVER)[0]
        assert reclaim(store, 3) == []
        again = store.leases.take_suspect("second", 60)
        assert again is not None
        assert (again.number, again.losses, again.attempt) == (1, 1, 1)
        assert not store.leases.complete(lost, b'"lost"').counted
        store.leases.retry_later(lost, 0, counts=True)
        assert store.leases.extend("first", [lost.token], 60) == set()
        assert store.leases.complete(again, b'"again"').end is not None
        assert [(one.result, one.attempts) for one in store.views.outcomes(job.id)] == [(b'"again"', 2)]
        assert counts_are_true(store_url)

    def test_late_worker_counts_while_nobody_took_its_page(self, store: JobStore) -> None:
        add_job(store)
        late = store.leases.take("worker", 1, OVER)[0]
        assert store.leases.complete(late, b"{}").end is not None
        assert reclaim(store, 1) == []

    def test_extended_lease_is_not_reclaimed(self, store: JobStore) -> None:
        add_job(store, 2)
        kept, lost = store.leases.take("worker", 2, OVER)
        assert store.leases.extend("worker", [kept.token, "unknown"], 60) == {kept.token}
        assert store.leases.extend("another", [lost.token], 60) == set()
        reclaim(store, 3)
        suspect = store.leases.take_suspect("worker", 60)
        assert suspect is not None
        assert suspect.number == lost.number
        assert store.leases.complete(kept, b"{}").counted

    def test_suspects_come_only_when_asked_for(self, store: JobStore) -> None:
        add_job(store, 2)
        store.leases.take("worker", 1, OVER)
        reclaim(store, 3)
        assert [lease.number for lease in store.leases.take("worker", 5, 60)] == [2]
        suspect = store.leases.take_suspect("worker", 60)
        assert suspect is not None
        assert suspect.number == 1
        assert store.leases.take_suspect("worker", 60) is None

    def test_page_that_loses_its_workers_is_poison(self, store: JobStore, store_url: str) -> None:
        job = add_job(store, 2, uploads=1)
        other = store.leases.take("worker", 2, OVER)[1]
        assert store.leases.extend("worker", [other.token], 60) == {other.token}
        assert reclaim(store, 2) == []
        assert store.leases.take_suspect("worker", OVER) is not None
        assert reclaim(store, 2) == []  # the other page goes on
        assert store.leases.complete(other, b"{}").end is not None
        poisoned = store.views.outcomes(job.id)[0]
        assert (poisoned.state, poisoned.code, poisoned.attempts) == (PageState.FAILED, "poison", 3)
        assert "lost 2 times" in str(poisoned.message)
        assert store.endings.trash() == [f"s3://uploads/{job.id}/1"]
        assert counts_are_true(store_url)

    def test_reclaim_returns_jobs_that_end_by_it(self, store: JobStore) -> None:
        jobs = [add_job(store), add_job(store, owner="bob")]
        store.leases.take("worker", 2, OVER)
        ended = reclaim(store, 1)
        assert {job.id for job in ended} == {job.id for job in jobs}
        assert {job.state for job in ended} == {JobState.FAILED}

    def test_page_that_is_put_off_comes_after_its_delay(self, store: JobStore, store_url: str) -> None:
        add_job(store)
        lease = store.leases.take("worker", 1, 60)[0]
        store.leases.retry_later(lease, 3600, counts=True)
        assert store.leases.take("worker", 1, 60) == []
        assert store.leases.queue() == QueueDepth(1, 0)
        assert counts_are_true(store_url)

    def test_only_tries_that_count_are_counted(self, store: JobStore) -> None:
        add_job(store)
        attempts = []
        for counts in (True, False, True, False):
            lease = store.leases.take("worker", 1, 60)[0]
            attempts.append(lease.attempt)
            store.leases.retry_later(lease, 0, counts=counts)
        assert attempts == [1, 2, 2, 3]

    def test_suspect_that_is_put_off_stays_one(self, store: JobStore) -> None:
        add_job(store)
        store.leases.take("worker", 1, OVER)
        reclaim(store, 3)
        suspect = store.leases.take_suspect("worker", 60)
        assert suspect is not None
        store.leases.retry_later(suspect, 0, counts=False)
        assert store.leases.take("worker", 1, 60) == []
        again = store.leases.take_suspect("worker", 60)
        assert again is not None
        assert again.losses == 1

    def test_settled_page_gives_its_upload_to_the_trash(self, store: JobStore) -> None:
        job = add_job(store, 4, uploads=3)
        first, second, *_ = store.leases.take("worker", 4, 60)
        store.leases.complete(first, b"{}")
        store.leases.fail(second, "undecodable", "")
        assert store.endings.trash() == [f"s3://uploads/{job.id}/1", f"s3://uploads/{job.id}/2"]
        store.endings.emptied([f"s3://uploads/{job.id}/1"])
        assert store.endings.trash() == [f"s3://uploads/{job.id}/2"]
