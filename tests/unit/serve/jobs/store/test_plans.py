from sqlalchemy import event

from serve.jobs.records import JobState
from serve.jobs.store import JobStore
from tests.jobs.building import add_job, complete_all, reclaim


def test_no_statement_reads_all_pages_or_jobs(store: JobStore) -> None:
    """Whatever is asked of a store with many pages is answered by an index."""
    engine = store._database._parts.engine
    store.check()
    statements: dict[str, object] = {}

    @event.listens_for(engine, "before_cursor_execute")
    def note(
        _connection: object, _cursor: object, statement: str, parameters: object, _context: object, many: bool
    ) -> None:
        statements[statement] = parameters[0] if many else parameters  # type: ignore[index]

    job = add_job(store, 6, uploads=2, webhook="https://example.com/")
    leases = store.leases.take("worker", 3, 60)
    store.leases.extend("worker", [lease.token for lease in leases], 60)
    store.leases.fail(leases[0], "undecodable", "")
    store.leases.retry_later(leases[1], 0, counts=True)
    store.leases.extend("worker", [leases[2].token], -1)
    reclaim(store, 3)
    suspect = store.leases.take_suspect("worker", 60)
    assert suspect is not None
    store.leases.complete(suspect, b"{}")
    complete_all(store)
    store.leases.queue()
    store.leases.oldest_s()
    store.views.jobs("ann", [JobState.QUEUED], after="5")
    store.views.outcomes(job.id, after_number=2)
    store.views.settled_since(job.id, after_sequence=2)
    store.endings.trash()
    store.endings.emptied(["s3://uploads/1"])
    store.deliveries.of(job.id)
    due = store.deliveries.take_due("worker", 60)
    assert due is not None
    store.deliveries.note(due, 204, None)
    store.endings.expire()
    store.endings.cancel(job.id, "ann")
    store.endings.cancel(add_job(store).id, "ann")
    scans = set()
    with engine.connect() as connection:
        for statement, parameters in list(statements.items()):
            if not statement.startswith(("BEGIN", "SAVEPOINT", "RELEASE")):
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)  # type: ignore[arg-type]
                details = [str(row[3]) for row in plan]
                scans |= {f"{one} <- {statement}" for one in details if one.startswith("SCAN")}
    # Few rows: an owner for each client, what is in work, and partial indexes of what is rare. Jobs with ready pages
    # may be many, and are looked at once a heartbeat.
    small = (
        "SCAN (subquery",
        "SCAN rayocr_owners",
        "SCAN rayocr_trash",
        *(f"SCAN rayocr_jobs USING INDEX rayocr_jobs_{which}" for which in ("running", "ready")),
        "SCAN rayocr_jobs USING COVERING INDEX rayocr_jobs_running",
        "SCAN asked",
        *(f"SCAN rayocr_pages USING INDEX rayocr_pages_{which}" for which in ("leased", "suspect")),
    )
    assert sorted(one for one in scans if not one.startswith(small)) == []
