import time

import pytest

from models.errors import InsufficientStorage, SourceNotFound
from serve.jobs.records import DeliveryState, JobState, QueueDepth, QueueLimits
from serve.jobs.store import JobStore
from tests.jobs.building import add_job, complete_all, counts_are_true, row_counts


class TestEndings:
    def test_cancelled_job_keeps_its_counts_and_nothing_else(self, store: JobStore, store_url: str) -> None:
        job = add_job(store, 5, uploads=3)
        first, running = store.leases.take("worker", 2, 60)
        store.leases.complete(first, b"{}")
        cancelled = store.endings.cancel(job.id, "ann")
        assert (cancelled.state, cancelled.done, cancelled.cancelled) == (JobState.CANCELLED, 1, 4)
        assert cancelled.progress == 1.0
        assert store.views.job(job.id, "ann") == cancelled
        assert store.leases.extend("worker", [running.token], 60) == set()
        assert not store.leases.complete(running, b"{}").counted
        store.leases.retry_later(running, 0, counts=True)
        assert store.leases.take("worker", 5, 60) == []
        assert store.leases.queue() == QueueDepth(0, 0)
        assert row_counts(store_url) == {"jobs": 1, "pages": 0, "results": 0}
        assert sorted(store.endings.trash()) == [f"s3://uploads/{job.id}/{number}" for number in (1, 2, 3)]
        assert counts_are_true(store_url)

    def test_job_that_has_ended_vanishes(self, store: JobStore, store_url: str) -> None:
        job = add_job(store, 2, webhook="https://example.com/")
        complete_all(store)
        assert store.endings.cancel(job.id, "ann").state is JobState.SUCCEEDED
        with pytest.raises(SourceNotFound):
            store.views.job(job.id, "ann")
        assert row_counts(store_url) == {"jobs": 0, "pages": 0, "results": 0}
        assert store.deliveries.take_due("worker", 60) is None

    def test_cancelled_job_vanishes_when_it_is_deleted_again(self, store: JobStore, store_url: str) -> None:
        job = add_job(store)
        store.endings.cancel(job.id, "ann")
        assert store.endings.cancel(job.id, "ann").state is JobState.CANCELLED
        assert row_counts(store_url)["jobs"] == 0

    def test_job_stays_until_it_expires(self, store: JobStore) -> None:
        add_job(store)
        complete_all(store)
        assert store.endings.expire() == 0


class TestKeptUploads:
    @pytest.fixture
    def limits(self) -> QueueLimits:
        return QueueLimits(100, 100, 3600.0, max_upload_bytes=25, keep_uploads=True)

    def test_uploads_stay_and_count_until_their_job_is_deleted(self, store: JobStore) -> None:
        job = add_job(store, 3, uploads=2)
        store.stored.reserve(job.id, "ann", 20)
        complete_all(store)
        assert store.endings.trash() == []
        assert store.views.upload(job.id, 2) == (f"s3://uploads/{job.id}/2", "2.png")
        with pytest.raises(SourceNotFound, match="not kept"):  # it was not uploaded
            store.views.upload(job.id, 3)
        with pytest.raises(SourceNotFound, match="no page 4"):
            store.views.upload(job.id, 4)
        with pytest.raises(InsufficientStorage, match="delete jobs that have ended"):
            store.stored.reserve("another", "bob", 10)
        store.endings.cancel(job.id, "ann")
        assert store.endings.trash() == [f"s3://uploads/{job.id}/1", f"s3://uploads/{job.id}/2"]
        store.stored.reserve("another", "bob", 10)

    def test_uploads_of_a_cancelled_job_are_given_up(self, store: JobStore) -> None:
        job = add_job(store, 2, uploads=2)
        store.stored.reserve(job.id, "ann", 20)
        store.leases.complete(store.leases.take("worker", 1, 60)[0], b"{}")
        store.endings.cancel(job.id, "ann")
        assert len(store.endings.trash()) == 2
        store.stored.reserve("another", "bob", 20)


class TestExpiry:
    @pytest.fixture
    def limits(self) -> QueueLimits:
        return QueueLimits(100, 100, 0.0)

    def test_expired_jobs_vanish_with_their_results(self, store: JobStore, store_url: str) -> None:
        for _ in range(3):
            add_job(store, 2, uploads=1)
        unfinished = add_job(store)
        for lease in store.leases.take("worker", 7, 60):
            if lease.job_id != unfinished.id:
                store.leases.complete(lease, b"{}")
        assert (store.endings.expire(2), store.endings.expire(2)) == (2, 1)
        assert row_counts(store_url) == {"jobs": 1, "pages": 1, "results": 0}
        assert len(store.endings.trash()) == 3
        assert len(store.endings.trash(2)) == 2


class TestDeliveries:
    def test_webhook_is_due_when_its_job_ends(self, store: JobStore) -> None:
        job = add_job(store, 1, webhook="https://example.com/hook")
        assert store.deliveries.take_due("worker", 60) is None
        waiting = store.deliveries.of(job.id)
        assert waiting is not None
        assert (waiting.state, waiting.attempts) == (None, ())
        complete_all(store)
        due = store.deliveries.take_due("worker", 60)
        assert due is not None
        assert (due.job_id, due.owner, due.url, due.attempts) == (job.id, "ann", "https://example.com/hook", 0)
        assert store.deliveries.take_due("another", 60) is None  # it is leased

    def test_webhooks_of_busy_owners_are_passed_over(self, store: JobStore) -> None:
        for owner in ("ann", "ann", "bob"):
            add_job(store, 1, owner, webhook="https://example.com/hook")
        complete_all(store)
        due = store.deliveries.take_due("worker", 60, ["ann"])
        assert due is not None
        assert due.owner == "bob"
        assert store.deliveries.take_due("worker", 60, ["ann", "bob"]) is None
        assert store.deliveries.take_due("worker", 60, ["bob"]) is not None

    def test_cancelled_job_tells_its_webhook(self, store: JobStore) -> None:
        job = add_job(store, webhook="https://example.com/hook")
        store.endings.cancel(job.id, "ann")
        due = store.deliveries.take_due("worker", 60)
        assert due is not None
        assert due.job_id == job.id

    def test_attempts_are_logged_until_one_succeeds(self, store: JobStore) -> None:
        job = add_job(store, webhook="https://example.com/hook")
        complete_all(store)
        first = store.deliveries.take_due("worker", 60)
        assert first is not None
        store.deliveries.note(first, "connection refused", time.time() - 1)
        second = store.deliveries.take_due("worker", 60)
        assert second is not None
        assert (second.id, second.attempts) == (first.id, 1)
        store.deliveries.note(second, 503, time.time() + 3600)
        assert store.deliveries.take_due("worker", 60) is None
        store.deliveries.note(second, 204, None)
        webhook = store.deliveries.of(job.id)
        assert webhook is not None
        assert (webhook.state, webhook.next_at) == (DeliveryState.DELIVERED, None)
        assert [(one.status, one.error) for one in webhook.attempts] == [
            (None, "connection refused"),
            (503, None),
            (204, None),
        ]

    def test_webhook_is_given_up(self, store: JobStore) -> None:
        job = add_job(store, webhook="https://example.com/hook")
        complete_all(store)
        due = store.deliveries.take_due("worker", 60)
        assert due is not None
        store.deliveries.note(due, 410, None)
        webhook = store.deliveries.of(job.id)
        assert webhook is not None
        assert webhook.state is DeliveryState.GIVEN_UP

    def test_delivery_of_a_lost_worker_is_taken_up(self, store: JobStore) -> None:
        add_job(store, webhook="https://example.com/hook")
        complete_all(store)
        first = store.deliveries.take_due("worker", -1)
        assert first is not None
        assert store.deliveries.take_due("another", 60) == first

    def test_job_without_a_webhook_has_none(self, store: JobStore) -> None:
        job = add_job(store)
        complete_all(store)
        assert store.deliveries.of(job.id) is None
        assert store.deliveries.take_due("worker", 60) is None
