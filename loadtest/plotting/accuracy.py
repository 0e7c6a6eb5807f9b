"""F1 over CPU seconds per image, a panel for each set."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from loadtest.bench.comparison import SERVICE, Comparison, is_service
from loadtest.bench.figures import SystemFigures, system_figures
from loadtest.plotting.looks import Look, looks_of

__all__ = ["draw_accuracy"]

_PANEL_INCHES = (6.0, 3.9)
_LEAST_WIDTH_INCHES = 11.0
"""The legend needs that much."""
_LEGEND_INCHES = 1.2
_MARKER_POINTS2 = 95.0
_DECADE = 10.0
_FLOOR = 0.6
"""Least F1 that is drawn to scale, as a part of the best of its set: one far below would press the others together."""
_FEWER = "hollow: read fewer pictures than rayocr, so that its F1 does not compare"


def draw_accuracy(figure: Any, comparison: Comparison) -> None:
    """Draw a point for each system on each set, on a figure of Matplotlib; those of the service are joined."""
    figures = system_figures(comparison.turns)
    sets = list(dict.fromkeys(row.dataset for row in figures))
    looks = looks_of(list(dict.fromkeys(row.system for row in figures)))
    columns = min(2, len(sets))
    rows = math.ceil(len(sets) / columns)
    width = max(_LEAST_WIDTH_INCHES, _PANEL_INCHES[0] * columns)
    figure.set_size_inches(width, _PANEL_INCHES[1] * rows + _LEGEND_INCHES)
    axes = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axis, name in zip(axes, sets, strict=False):
        _draw_panel(axis, name, [row for row in figures if row.dataset == name], looks)
    for axis in axes[len(sets) :]:
        axis.set_visible(False)
    handles = [_scatter(axes[0], [], [], look) for look in looks.values()]
    labels = [comparison.label_of(system) for system in looks]
    handles.append(_scatter(axes[0], [], [], Look("black", "o"), is_hollow=True))
    figure.legend(handles, [*labels, _FEWER], loc="outside lower center", ncols=3, frameon=False, fontsize=9)
    figure.suptitle(f"F1 over CPU time: up and left is better\n{comparison.machine}, {comparison.date}", fontsize=11)


def _draw_panel(axis: Any, name: str, figures: Sequence[SystemFigures], looks: Mapping[str, Look]) -> None:
    own = next((row.pictures for row in figures if row.system == SERVICE), max(row.pictures for row in figures))
    points = [(row, row.cpu_s_per_image, row.f1) for row in figures]
    drawn = [(row, cpu_s, f1) for row, cpu_s, f1 in points if cpu_s is not None and f1 is not None]
    floor = _FLOOR * max((f1 for _, _, f1 in drawn), default=0.0)
    services = sorted((cpu_s, f1) for row, cpu_s, f1 in drawn if is_service(row.system) and f1 >= floor)
    axis.plot([cpu_s for cpu_s, _ in services], [f1 for _, f1 in services], color="#D55E00", linewidth=1.0, zorder=1)
    for row, cpu_s, f1 in drawn:
        _scatter(axis, [cpu_s], [max(f1, floor)], looks[row.system], row.pictures < own)
        if f1 < floor:
            axis.annotate(
                f"F1 {f1:.2f} \u2193", (cpu_s, floor), (0, 8), textcoords="offset points", ha="center", fontsize=8
            )
    fewer = sorted({row.pictures for row, _, _ in drawn if row.pictures < own})
    hollow = f"; hollow: {', '.join(map(str, fewer))}" if fewer else ""
    axis.set_title(f"{name}, {own} pictures{hollow}", fontsize=10, loc="left")
    axis.set_xscale("log")
    axis.margins(x=0.08, y=0.1)
    axis.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    low_s, high_s = axis.get_xlim()
    digits = "25" if high_s > _DECADE * low_s else "23456789"
    axis.xaxis.set_minor_formatter(lambda value, _: f"{value:g}" if f"{value:e}"[0] in digits else "")
    axis.tick_params(which="both", labelsize=8, length=3, pad=3)
    axis.set_xlabel("CPU seconds per image", fontsize=8.5)
    axis.set_ylabel("F1", fontsize=8.5)
    axis.grid(which="both", linewidth=0.4, alpha=0.5)
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)


def _scatter(axis: Any, xs: Sequence[float], ys: Sequence[float], look: Look, is_hollow: bool = False) -> Any:
    """Draw points, hollow ones below the others."""
    style = {"facecolors": "none", "edgecolors": look.color, "linewidths": 1.8, "zorder": 2}
    if not is_hollow:
        style = {"facecolors": look.color, "edgecolors": "black", "linewidths": 0.6, "zorder": 3}
    return axis.scatter(xs, ys, _MARKER_POINTS2, marker=look.marker, **style)
