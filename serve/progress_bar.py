"""The progress bar that a long command shows on a terminal."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["progress_bar"]


def progress_bar(*further: str) -> "Progress":
    """Make a bar on stderr with done, failed, speed and time left. It disappears when it is stopped.

    Args:
        further: Names of fields that are shown dimmed at its end. A task has these fields, `failed` and `speed`, as
            text.
    """
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("[red]{task.fields[failed]}"),
        TextColumn("{task.fields[speed]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        *(TextColumn(f"[dim]{{task.fields[{name}]}}") for name in further),
        console=Console(stderr=True),
        transient=True,
        # Results belong on stdout and must not pass through the bar.
        redirect_stdout=False,
        redirect_stderr=False,
    )
