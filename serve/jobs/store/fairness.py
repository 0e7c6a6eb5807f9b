"""Chooses the next page by start-time fair queueing (Goyal, Vin, Cheng, 1996) among owners, and among each one's jobs.

Everyone who waits has a virtual time, and the one with the least is served. A page moves its owner's time on by
1/weight, and its job's by 1. An owner who is new or comes back begins at the present time of service: idle time earns
no credit, and a burst in the past leaves no debt. So ten thousand pages never delay the one page that somebody else
submits later.
"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

__all__ = ["JobShare", "OwnerShare", "share_out"]


@dataclass(slots=True)
class JobShare:
    """A job with pages that are ready.

    Args:
        key: Key of the job in the store.
        virtual: Virtual time of the job.
        ready: Number of its pages that are ready.
        granted: Number of these pages that it is given now.
    """

    key: int
    virtual: float
    ready: int
    granted: int = 0


@dataclass(slots=True)
class OwnerShare:
    """An owner with pages that are ready.

    Args:
        owner: Name of the owner.
        virtual: Virtual time of the owner.
        ready: Number of ready pages in all its jobs.
        served: Virtual time at which it was last served.
        jobs_served: Virtual time at which one of its jobs was last served.
        jobs: Its jobs of the least virtual times, once it was given a page.
    """

    owner: str
    virtual: float
    ready: int
    served: float
    jobs_served: float
    jobs: list[JobShare] = field(default_factory=list)

    @property
    def granted(self) -> int:
        """The number of pages that its jobs are given now."""
        return sum(job.granted for job in self.jobs)


def share_out(
    owners: Sequence[OwnerShare],
    jobs_of: Callable[[str], list[JobShare]],
    weight_of: Callable[[str], float],
    most: int,
) -> list[OwnerShare]:
    """Choose the next pages, and move the virtual times on.

    Args:
        owners: Owners with pages that are ready. They are changed.
        jobs_of: Gives an owner's jobs with ready pages; of more than `most`, those of the least virtual times.
        weight_of: Gives the share of an owner, by its name.
        most: Number of pages to choose.

    Returns:
        The owners that are given pages.
    """
    waiting = [(share.virtual, share.owner, share) for share in owners if share.ready > 0]
    heapq.heapify(waiting)
    turns: dict[str, Iterator[JobShare]] = {}
    served: dict[str, OwnerShare] = {}
    for _ in range(most):
        if not waiting:
            break
        _, name, share = heapq.heappop(waiting)
        if name not in turns:
            share.jobs = jobs_of(name)
            turns[name] = _turns(share.jobs)
        job = next(turns[name], None)
        if job is None:
            continue
        served[name] = share
        share.served = share.virtual
        share.virtual += 1 / weight_of(name)
        share.jobs_served = job.virtual - 1
        if share.granted < share.ready:
            heapq.heappush(waiting, (share.virtual, name, share))
    return list(served.values())


def _turns(jobs: list[JobShare]) -> Iterator[JobShare]:
    """Yield the jobs in the order of their turns, each with its page granted and its time moved on."""
    waiting = [(job.virtual, job.key, job) for job in jobs if job.ready > 0]
    heapq.heapify(waiting)
    while waiting:
        _, key, job = heapq.heappop(waiting)
        job.granted += 1
        job.virtual += 1
        if job.granted < job.ready:
            heapq.heappush(waiting, (job.virtual, key, job))
        yield job
