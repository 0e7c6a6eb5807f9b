"""Makes the work of jobs yield to requests, inside one process.

Pages that somebody waits for go first wherever work queues (`WorkThreads`, `ShapeBatcher`, `DecodedPages`). That is not
enough. Each stage of a process has threads of its own, and together these are more than the CPUs, so that a job's page
in one stage would take CPU time from a request's page in another. So while a page of a request is in the process, a
step of a job begins only if a CPU is left for it.
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Yielding", "yielding"]

#: The priority of `deployments.context.INTERACTIVE`.
_URGENT = 0


class Yielding:
    """Counts the requests' pages in this process, and the steps of work that all of its threads run.

    Callers of `admits`, `begins` and `ends` hold `changed`.
    """

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self._cpus = 1
        self._urgent_pages: Counter[str] = Counter()
        self._running: Counter[bool] = Counter()  # steps, by whether they are urgent

    def has_threads(self, count: int) -> None:
        """Note the threads of a stage. The stages of one process share as many CPUs as the largest has threads."""
        self._cpus = max(self._cpus, count)

    @contextmanager
    def page(self, request_id: str, priority: int) -> Iterator[None]:
        """Count a page as being in this process, in one stage or several, until the context is left."""
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
        """Note that a step of work begins."""
        self._running[priority <= _URGENT] += 1

    def ends(self, priority: int) -> None:
        """Note that a step of work has ended."""
        self._running[priority <= _URGENT] -= 1
        self.changed.notify_all()


#: The only instance in this process.
yielding = Yielding()
