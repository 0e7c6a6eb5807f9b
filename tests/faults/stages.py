"""A detection stage that fails on marked pages: as a net would on a poisonous picture."""

import signal
import time
from collections.abc import Callable

import numpy as np

from deployments.context import PageCall
from deployments.stages.detection import Detector
from models.page import Page, PageQuads

__all__ = ["FAULT_COLORS", "FaultyDetector"]


def _hang() -> None:
    time.sleep(3600)


def _segfault() -> None:
    # On this very thread: any other may take a process's signal, and this one goes on while Ray writes the traces.
    signal.raise_signal(signal.SIGSEGV)


def _out_of_memory() -> None:
    raise MemoryError("there is no memory for this picture")


def _raise() -> None:
    raise RuntimeError("a fault that nobody foresaw")


#: Top left pixel (RGB) of a page that has the fault.
FAULT_COLORS = {
    "hang": (1, 2, 3),
    "segfault": (4, 5, 6),
    "out_of_memory": (7, 8, 9),
    "raise": (10, 11, 12),
}
_FAULTS: dict[str, Callable[[], None]] = {
    "hang": _hang,
    "segfault": _segfault,
    "out_of_memory": _out_of_memory,
    "raise": _raise,
}


class FaultyDetector(Detector):
    """Detects, but for marked pages, on which it hangs, crashes, or raises, on the thread of its net."""

    async def detect(self, page: Page, call: PageCall) -> PageQuads:
        """See `Detector.detect`."""
        for name, color in FAULT_COLORS.items():
            if np.array_equal(page.pixels[0, 0], color):
                await self._net_threads.run(_FAULTS[name])
        return await super().detect(page, call)
