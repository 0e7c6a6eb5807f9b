"""`python -m loadtest plot`."""

from pathlib import Path
from typing import Annotated

import typer

from loadtest.plotting.canvas import plot_file

__all__ = ["plot"]


def plot(
    file: Annotated[Path, typer.Argument(help="Figures that bench --json or soak --json kept.")],
    output: Annotated[Path, typer.Option(help="The PNG to write.")],
) -> None:
    """Draw the figures of a bench or a soak."""
    plot_file(file, output)
