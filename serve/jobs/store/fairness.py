"""Whose page is next: start-time fair queueing (Goyal, Vin, Cheng, 1996), among owners and in each among its jobs.

Everyone who waits has a virtual time, and the least is served. A page moves its owner's on by 1/weight, its job's by 1.
Who comes back, or is new, begins at the time at which service now is: an idle time is no credit, and a burst of
the past no debt. So ten thousand pages never stand before the one page that somebody hands in later.
"""

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["JobShare", "OwnerShare", "share_out"]


@dataclass(slots=True)
class JobShare:
    """A job with pages that are ready.

    Args:
        key: In the store.
        virtual: Its virtual time.
        ready: Pages that are ready.
        granted: Those of them that it is given now.
    """

    key: int
    virtual: float
    ready: int
    granted: int = 0


@dataclass(slots=True)
class OwnerShare:
    """An owner with pages that are ready.

    Args:
        owner: Its name.
        virtual: Its virtual time.
        ready: Pages that are ready, of all its jobs.
        served: Virtual time at which it was last served.
        jobs_served: The same for its jobs: virtual time at which one was last served.
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
        """Pages that its jobs are given now."""
        return sum(job.granted for job in self.jobs)


def share_out(
    owners: Sequence[OwnerShare],
    jobs_of: Callable[[str], list[JobShare]],
    weights: Mapping[str, float],
    most: int,
) -> list[OwnerShare]:
    """Choose the next pages, and move the virtual times on.

    Args:
        owners: Those with pages that are ready. They are changed.
        jobs_of: Gives the jobs with ready pages of an owner; of more than `most`, those of the least virtual times.
        weights: Share of an owner by its name; 1 for one that is not named.
        most: Pages to choose.

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
        share.virtual += 1 / weights.get(name, 1.0)
        share.jobs_served = job.virtual - 1
        if share.granted < share.ready:
            heapq.heappush(waiting, (share.virtual, name, share))
    return list(served.values())


def _turns(jobs: list[JobShare]) -> Iterator[JobShare]:
    """The jobs in the order of their turns; each comes with its page granted and its time moved on."""
    waiting = [(job.virtual, job.key, job) for job in jobs if job.ready > 0]
    heapq.heapify(waiting)
    while waiting:
        _, key, job = heapq.heappop(waiting)
        job.granted += 1
        job.virtual += 1
        if job.granted < job.ready:
            heapq.heappush(waiting, (job.virtual, key, job))
        yield job
