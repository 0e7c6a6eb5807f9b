"""Shows the progress bar of `rayocr read`."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from serve.progress_bar import progress_bar

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["ReadProgress"]


class ReadProgress:
    """Shows the progress of a run on stderr: done, failed, pages a second, time left.

    Args:
        total: Number of documents; None if not known yet.
        is_shown: Whether there is a bar at all.
    """

    def __init__(self, total: int | None, *, is_shown: bool) -> None:
        self._pages = 0
        self._failed = 0
        self._started = time.monotonic()
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        if is_shown:
            self._bar = progress_bar()
            self._task = self._bar.add_task("reading", total=total, failed="", speed="")
            self._bar.start()

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Take the bar away while something else is written to the terminal."""
        if self._bar is not None:
            self._bar.stop()
        try:
            yield
        finally:
            if self._bar is not None:
                sys.stdout.flush()
                self._bar.start()

    def advance(self, *, pages: int = 0, failed: bool = False) -> None:
        """Count one document.

        Args:
            pages: Number of its pages that were read.
            failed: Whether the document could not be read.
        """
        self._pages += pages
        self._failed += failed
        if self._bar is None or self._task is None:
            return
        speed = self._pages / max(time.monotonic() - self._started, 1e-3)
        shown_failed = f"{self._failed} failed" if self._failed else ""
        self._bar.update(self._task, advance=1, failed=shown_failed, speed=f"{speed:.1f} pages/s")

    def close(self) -> None:
        """Take the bar away for good."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None
