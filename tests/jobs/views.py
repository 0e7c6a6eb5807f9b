import pytest

from models.errors import MalformedRequest, SourceNotFound
from serve.jobs.records import JobState, PageState
from serve.jobs.store import JobStore
from tests.jobs.building import add_job, complete_all


class TestViews:
    def test_unknown_job_and_that_of_another_look_the_same(self, store: JobStore) -> None:
        job = add_job(store)
        for job_id, owner in (("unknown", "ann"), (job.id, "bob")):
            with pytest.raises(SourceNotFound, match=f"there is no job '{job_id}'"):
                store.views.job(job_id, owner)
            with pytest.raises(SourceNotFound, match=f"there is no job '{job_id}'"):
                store.endings.cancel(job_id, owner)

    def test_jobs_come_newest_first_page_by_page(self, store: JobStore) -> None:
        ids = [add_job(store).id for _ in range(5)]
        add_job(store, owner="bob")
        found: list[str] = []
        sizes: list[int] = []
        cursor = None
        while cursor is not None or not found:
            jobs, cursor = store.views.jobs("ann", after=cursor, limit=2)
            found += [job.id for job in jobs]
            sizes.append(len(jobs))
        assert (found, sizes) == (ids[::-1], [2, 2, 1])

    def test_jobs_by_state(self, store: JobStore) -> None:
        done, queued = add_job(store), add_job(store)
        store.leases.complete(store.leases.take("worker", 1, 60)[0], b"{}")
        assert [job.id for job in store.views.jobs("ann", [JobState.SUCCEEDED])[0]] == [done.id]
        assert [job.id for job in store.views.jobs("ann", [JobState.QUEUED, JobState.RUNNING])[0]] == [queued.id]

    def test_places_in_the_queue_count_jobs_of_all_owners(self, store: JobStore) -> None:
        ids = [add_job(store, owner=owner).id for owner in ("ann", "bob", "ann", "ann", "bob", "ann")]
        store.endings.cancel(ids[2], "ann")
        store.leases.take("worker", 1, 60)  # of the first job
        assert [job.queue_position for job in store.views.jobs("ann")[0]] == [4, 2, None, None]
        assert [job.queue_position for job in store.views.jobs("bob")[0]] == [3, 1]
        assert store.views.job(ids[3], "ann").queue_position == 2
        newest, _ = store.views.jobs("ann", limit=1)
        assert [job.queue_position for job in newest] == [4]

    @pytest.mark.parametrize("cursor", ["", "x", "-1", "1.5", "9" * 19, "9" * 5000, "\u0661"])
    def test_cursor_that_never_was_is_refused(self, store: JobStore, cursor: str) -> None:
        with pytest.raises(MalformedRequest, match="is not a cursor"):
            store.views.jobs("ann", after=cursor)

    def test_outcomes_come_page_by_page(self, store: JobStore) -> None:
        job = add_job(store, 5)
        complete_all(store)
        assert [one.number for one in store.views.outcomes(job.id, limit=2)] == [1, 2]
        assert [one.number for one in store.views.outcomes(job.id, after_number=2, limit=10)] == [3, 4, 5]
        assert store.views.outcomes("unknown") == []

    def test_settled_pages_can_be_followed(self, store: JobStore) -> None:
        job = add_job(store, 3)
        first, second, third = store.leases.take("worker", 3, 60)
        store.leases.fail(third, "undecodable", "damaged")
        assert [(one.sequence, one.number) for one in store.views.settled_since(job.id)] == [(1, 3)]
        store.leases.complete(first, b"{}")
        store.leases.complete(second, b"{}")
        since = store.views.settled_since(job.id, after_sequence=1)
        assert [(one.sequence, one.number, one.state) for one in since] == [
            (2, 1, PageState.DONE),
            (3, 2, PageState.DONE),
        ]
        assert [one.result for one in since] == [None, None]
