import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from models.errors import Conflict, InsufficientStorage, Overloaded, QuotaExceeded
from serve.jobs.records import JobState, NewJob, NewPage, QueueDepth, QueueLimits, equal_weight
from serve.jobs.store import JobStore, submissions
from serve.jobs.store.database import rows
from serve.jobs.store.database.schema import trash
from serve.jobs.store.database.transactions import Database
from tests.jobs.building import add_job, complete_all, counts_are_true, new_job, row_counts


class TestSubmissions:
    def test_job_is_queued_with_all_its_pages(self, store: JobStore, store_url: str) -> None:
        job, is_new = store.submissions.add(new_job(12_000))
        assert (job.state, job.total, job.settled, job.progress, is_new) == (JobState.QUEUED, 12_000, 0, 0.0, True)
        assert store.leases.queue() == QueueDepth(12_000, 0)
        assert row_counts(store_url) == {"jobs": 1, "pages": 12_000, "results": 0}
        assert counts_are_true(store_url)

    def test_queue_position_counts_jobs_that_were_not_begun(self, store: JobStore) -> None:
        jobs = [add_job(store), add_job(store, owner="bob"), add_job(store)]
        assert [job.queue_position for job in jobs] == [1, 2, 3]
        store.leases.take("worker", 1, 60)
        assert [store.views.job(job.id, job.owner).queue_position for job in jobs] == [None, 1, 2]
        assert [job.queue_position for job in store.views.jobs("ann")[0]] == [2, None]

    def test_errors_do_not_show_what_was_submitted(self, store: JobStore, store_url: str) -> None:
        store.check()
        database = Database.open(store_url)
        twice = [{"key": 1, "location": "s3://scans/secret.png"}] * 2
        with pytest.raises(IntegrityError) as failed:
            database.write(lambda connection: connection.execute(insert(trash).values(twice)))
        database.close()
        assert "secret" not in str(failed.value)

    def test_same_key_and_request_is_the_same_job(self, store: JobStore) -> None:
        first, _ = store.submissions.add(new_job(key="monday", sha256="aa"))
        again, is_new = store.submissions.add(new_job(key="monday", sha256="aa"))
        assert (again, is_new) == (first, False)
        assert store.submissions.find("ann", "monday") == (first, "aa")
        assert store.leases.queue().queued == 1

    def test_same_key_for_another_request_is_a_conflict(self, store: JobStore) -> None:
        store.submissions.add(new_job(key="monday", sha256="aa"))
        with pytest.raises(Conflict, match="used before"):
            store.submissions.add(new_job(key="monday", sha256="bb"))

    def test_key_is_the_owners_own(self, store: JobStore) -> None:
        store.submissions.add(new_job(key="monday", sha256="aa"))
        assert store.submissions.add(new_job(owner="bob", key="monday", sha256="bb"))[1]
        assert store.submissions.find("eve", "monday") is None

    def test_key_is_free_when_its_job_has_vanished(self, store: JobStore) -> None:
        job, _ = store.submissions.add(new_job(key="monday", sha256="aa"))
        complete_all(store)
        store.endings.cancel(job.id, "ann")
        assert store.submissions.add(new_job(key="monday", sha256="bb"))[1]

    def test_same_key_at_once_makes_one_job(self, store: JobStore, store_url: str) -> None:
        with ThreadPoolExecutor(8) as threads:
            added = list(threads.map(lambda _: store.submissions.add(new_job(50, key="monday")), range(8)))
        assert len({job.id for job, _ in added}) == 1
        assert [is_new for _, is_new in added].count(True) == 1
        assert counts_are_true(store_url)

    def test_answer_that_was_lost_is_given_again(self, store: JobStore) -> None:
        job = new_job(3)
        assert store.submissions.add(job) == store.submissions.add(job)

    def test_texts_that_no_database_takes_are_replaced(self, store: JobStore) -> None:
        page = NewPage("s3://bucket/a\0b", "caf\udce9.png")
        job = NewJob("job-texts", "ann", [page], {"note": "a\0b"}, None, None, "00", ["a\0"])
        assert store.submissions.add(job)[0].options == {"note": "a\0b"}
        assert store.leases.take("worker", 1, 60)[0].name == "caf?.png"

    def test_job_without_pages_is_refused(self, store: JobStore) -> None:
        with pytest.raises(ValueError, match="at least one page"):
            store.submissions.add(new_job(0))


class TestQuotas:
    @pytest.fixture
    def limits(self) -> QueueLimits:
        return QueueLimits(40, 60, 3600.0)

    def test_client_over_its_limit_is_refused(self, store: JobStore, store_url: str) -> None:
        add_job(store, 40)
        with pytest.raises(QuotaExceeded, match="40 pages of this client wait, and 1 more") as refused:
            add_job(store, 1)
        assert refused.value.retry_after_s > 0
        assert row_counts(store_url) == {"jobs": 1, "pages": 40, "results": 0}

    def test_all_clients_over_the_limit_are_refused(self, store: JobStore) -> None:
        add_job(store, 40)
        with pytest.raises(Overloaded, match="40 pages wait, and 21 more would pass the limit of 60"):
            add_job(store, 21, "bob")
        add_job(store, 20, "bob")

    def test_page_in_work_does_not_wait(self, store: JobStore) -> None:
        add_job(store, 40)
        store.leases.take("worker", 5, 60)
        add_job(store, 5)

    def test_cancelling_makes_room(self, store: JobStore) -> None:
        job = add_job(store, 40)
        store.endings.cancel(job.id, "ann")
        add_job(store, 40)

    def test_bytes_of_uploads_count_from_the_first_file_to_the_end_of_the_job(self, store: JobStore) -> None:
        store = JobStore(store._database, QueueLimits(40, 60, 0.0, equal_weight, 100, 150))
        job = new_job(2, uploads=2)  # of 10 bytes each
        assert store.stored.reserve(job.id, "ann", 60) == 100
        with pytest.raises(QuotaExceeded, match="limit of 100 bytes"):
            store.stored.reserve("another", "ann", 1)
        assert store.stored.reserve("bobs", "bob", 40) == 50
        with pytest.raises(InsufficientStorage, match="limit of 150 bytes"):
            store.stored.reserve("bobs", "bob", 51)
        store.submissions.add(job)
        store.stored.release("bobs")
        assert store.stored.reserve("another", "ann", 70) == 80
        store.endings.cancel(job.id, "ann")
        assert store.stored.reserve("another", "ann", 100) == 100

    def test_limit_on_all_holds_for_owners_who_come_for_the_first_time_at_once(
        self, store: JobStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        owners = ("ann", "bob", "eve")
        all_are_there = threading.Barrier(len(owners))
        lock = rows.lock_owners

        def lock_late(*arguments: Any) -> Any:
            with suppress(threading.BrokenBarrierError):
                all_are_there.wait(0.5)  # until each has added itself, if nothing keeps them apart
            return lock(*arguments)

        def add(owner: str) -> bool:
            with suppress(Overloaded):
                add_job(store, 30, owner)
                return True
            return False

        monkeypatch.setattr(submissions, "lock_owners", lock_late)
        with ThreadPoolExecutor(len(owners)) as threads:
            assert sum(threads.map(add, owners)) == 2  # sixty pages

    def test_limits_hold_for_those_who_come_at_once(self, store: JobStore, store_url: str) -> None:
        def add(owner: str) -> str:
            try:
                add_job(store, 10, owner)
            except (QuotaExceeded, Overloaded) as exc:
                return exc.code
            return ""

        with ThreadPoolExecutor(8) as threads:
            codes = list(threads.map(add, ["ann", "bob", "eve"] * 6))
        assert codes.count("") == 6  # sixty pages
        assert store.leases.queue().queued == 60
        assert counts_are_true(store_url)
