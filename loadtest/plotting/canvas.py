"""`python -m loadtest plot`: choosing the drawing by the file's kind, and writing it as PNG."""

import importlib
import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from loadtest import bench, soak
from loadtest.errors import LoadtestError
from loadtest.plotting.accuracy import draw_accuracy
from loadtest.plotting.bench import draw_comparison
from loadtest.plotting.soak import draw_record
from loadtest.plotting.steps import draw_steps

__all__ = ["plot"]

_DPI = 130

_Drawing = Callable[[Any], None]
"""Draws on a figure of Matplotlib (which gives no types)."""

_COMPARISON_DRAWINGS = {"": draw_comparison, "-accuracy": draw_accuracy, "-steps": draw_steps}


def _drawings_of_bench(path: Path) -> Mapping[str, _Drawing]:
    comparison = bench.read_comparison(path)
    return {
        ending: partial(_COMPARISON_DRAWINGS[ending], comparison=comparison) for ending in bench.pictures_of(comparison)
    }


# What draws each kind of file, by the ending of the picture's name.
_PLOTTED_KINDS: Mapping[str, Callable[[Path], Mapping[str, _Drawing]]] = {
    bench.KIND: _drawings_of_bench,
    soak.KIND: lambda path: {"": partial(draw_record, record=soak.read_record(path))},
}


def plot(
    file: Annotated[Path, typer.Argument(help="Figures that bench --json or soak --json kept.")],
    output: Annotated[
        Path, typer.Option(help="The PNG to write; a bench has further ones, NAME-accuracy.png and -steps.")
    ],
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
        drawings_of = _PLOTTED_KINDS[kind]
    except (OSError, KeyError, TypeError, ValueError) as exc:
        raise LoadtestError(f"{file} can't be drawn: it holds no figures of a bench or a soak ({exc!r})") from exc
    for ending, draw in drawings_of(file).items():
        figure = matplotlib.Figure(layout="constrained")  # no window, no global state
        draw(figure)
        figure.savefig(output.with_stem(output.stem + ending), format="png", dpi=_DPI)
