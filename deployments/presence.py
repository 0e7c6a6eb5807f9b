"""Keeping the work of jobs out of the way of requests, in one process.

Pages that somebody waits for go first wherever work queues (`WorkThreads`, `ShapeBatcher`, `DecodedPages`). That is not
enough: the stages of one process have threads of their own, more than there are CPUs, and a job's page in one stage
would take CPU time from a request's page in another. So, while a page of a request is here, a step of a job begins only
where a CPU is left for it.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Presence", "StepMeter", "presence"]

#: Of `deployments.context.INTERACTIVE`.
_URGENT = 0


class Presence:
    """Which pages are here, and how many steps of work run. For all threads of a process.

    `changed` is held to look at it and to change it.
    """

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self._cpus = 1
        self._urgent_pages: Counter[str] = Counter()
        self._running: Counter[bool] = Counter()  # steps, by whether they are urgent
        # CPU time of this process that each step has had which ran since the process began, and when that was so.
        self._share_s = 0.0
        self._at_cpu_s = time.process_time()

    def has_threads(self, count: int) -> None:
        """Note that threads work in this process. The stages of one process take turns on the CPUs of the busiest."""
        self._cpus = max(self._cpus, count)

    @contextmanager
    def page(self, request_id: str, priority: int) -> Iterator[None]:
        """A page is here, in one stage or several, until the context is left."""
        if priority > _URGENT:
            yield
            return
        with self.changed:
            self._urgent_pages[request_id] += 1
        try:
            yield
        finally:
            with self.changed:
                self._urgent_pages[request_id] -= 1
                if not self._urgent_pages[request_id]:
                    del self._urgent_pages[request_id]
                self.changed.notify_all()

    def admits(self, priority: int) -> bool:
        """Whether a step may begin now."""
        if priority <= _URGENT or not self._urgent_pages:
            return True
        # A page between two steps is about to begin the next.
        urgent = max(self._running[True], len(self._urgent_pages))
        return self._running[False] + urgent < self._cpus

    def begins(self, priority: int) -> None:
        """A step of work begins."""
        self._advance()
        self._running[priority <= _URGENT] += 1

    def ends(self, priority: int) -> None:
        """A step of work has ended."""
        self._advance()
        self._running[priority <= _URGENT] -= 1
        self.changed.notify_all()

    def share_s(self) -> float:
        """A clock for steps: it advances by each step's share of the CPU time of this process."""
        with self.changed:
            self._advance()
            return self._share_s

    def _advance(self) -> None:
        cpu_s = time.process_time()
        self._share_s += (cpu_s - self._at_cpu_s) / max(1, self._running.total())
        self._at_cpu_s = cpu_s


#: Of this process.
presence = Presence()


class StepMeter:
    """Time of one step of work, begun with this object.

    It is the step's share of the CPU time of this process, its nets' own threads included, and never more than what has
    passed: neither other steps, nor other processes, nor a limit on CPU make a step longer. A step that only waits, as
    for a GPU, takes little; one that hangs is found by `WorkThreads`.
    """

    def __init__(self) -> None:
        self._started_s = time.monotonic()
        self._share_s = presence.share_s()

    def work_s(self) -> float:
        """Seconds of work until now."""
        return min(time.monotonic() - self._started_s, presence.share_s() - self._share_s)
