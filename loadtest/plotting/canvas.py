"""`python -m loadtest plot`: choosing the drawing by the file's kind, and writing it as PNG."""

import importlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from loadtest import bench, soak
from loadtest.errors import LoadtestError
from loadtest.plotting.bench import draw_comparison
from loadtest.plotting.soak import draw_record

__all__ = ["plot"]

_DPI = 130

# What draws each kind of file, on a figure of Matplotlib (which gives no types).
_PLOTTED_KINDS: Mapping[str, Callable[[Any, Path], None]] = {
    bench.KIND: lambda figure, path: draw_comparison(figure, bench.read_comparison(path)),
    soak.KIND: lambda figure, path: draw_record(figure, soak.read_record(path)),
}


def plot(
    file: Annotated[Path, typer.Argument(help="Figures that bench --json or soak --json kept.")],
    output: Annotated[Path, typer.Option(help="The PNG to write.")],
) -> None:
    """Draw the figures of a bench or a soak."""
    try:
        matplotlib = importlib.import_module("matplotlib.figure")
    except ImportError as exc:
        raise LoadtestError(
            "matplotlib is not installed in this environment; requirements/peers.lock holds it: make .venv-peers/.run, "
            "then use .venv-peers/bin/python"
        ) from exc
    try:
        kind = json.loads(file.read_text(encoding="utf-8"))["kind"]
        draw = _PLOTTED_KINDS[kind]
    except (OSError, KeyError, TypeError, ValueError) as exc:
        raise LoadtestError(f"{file} can't be drawn: it holds no figures of a bench or a soak ({exc!r})") from exc
    figure = matplotlib.Figure(layout="constrained")  # no window, no global state
    draw(figure, file)
    figure.savefig(output, format="png", dpi=_DPI)
