"""A worker in a process of its own: `python -m tests.jobs.worker URL NAME SEED LOG`.

It writes what the store has acknowledged into its log, a line each, before it goes on: `job ID PAGES` for a job that
was accepted, `page ID NUMBER` for a page that it settled, `end ID` for a job that ended by that. A line that ends in
the middle was not written whole, and counts for nothing.
"""

import os
import random
import sys
from collections.abc import Callable

from models.errors import Overloaded, StorageUnavailable
from serve.jobs.records import NewJob, NewPage
from serve.jobs.store import JobStore
from tests.jobs.building import LIMITS, reclaim

__all__ = ["main"]

_LEASE_S = 0.2
_NEVER_POISON = 1_000
_MOST_WAITING = 60


def main(url: str, name: str, seed: str, log: str, *, adds: bool) -> None:
    """Work until nothing is left to do; or without end, where it hands jobs in."""
    choose = random.Random(f"{seed} {name}")
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def note(line: str) -> None:
        os.write(file, f"{line}\n".encode())

    store = JobStore.open(url, LIMITS)
    count = 0
    while True:
        try:
            depth = store.leases.queue()
            if adds and depth.queued < _MOST_WAITING:
                count += 1
                _add(store, f"{name}-{count}", choose.randrange(1, 20), note)
            elif depth.queued + depth.running == 0:
                return
            _work(store, name, choose, note)
        except (StorageUnavailable, Overloaded) as exc:
            note(f"error {exc.code}")


def _add(store: JobStore, job_id: str, pages: int, note: Callable[[str], None]) -> None:
    new = [NewPage(f"s3://uploads/{job_id}/{number}", "", is_upload=True) for number in range(pages)]
    store.submissions.add(NewJob(job_id, "ann", new, {}, "https://example.com/", None, "00"))
    note(f"job {job_id} {pages}")


def _work(store: JobStore, name: str, choose: random.Random, note: Callable[[str], None]) -> None:
    leases = store.leases.take(name, 3, _LEASE_S)
    if (suspect := store.leases.take_suspect(name, _LEASE_S)) is not None:
        leases.append(suspect)
    for lease in leases:
        if choose.random() < 0.1:
            store.leases.retry_later(lease, 0, counts=False)
            continue
        settled = store.leases.complete(lease, f'"{lease.token}"'.encode())
        if settled.counted:
            note(f"page {lease.job_id} {lease.number}")
        if settled.end is not None:
            note(f"end {lease.job_id}")
    for job in reclaim(store, _NEVER_POISON):
        note(f"end {job.id}")


if __name__ == "__main__":
    main(*sys.argv[1:5], adds=sys.argv[5:] == ["adds"])
