"""Speed, CPU time, F1 and memory of each system on each set, as grouped bars."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from loadtest.bench.comparison import SERVICE, Comparison
from loadtest.bench.figures import SystemFigures, system_figures
from loadtest.plotting.looks import looks_of

__all__ = ["draw_comparison"]

_SIZE_INCHES = (13.0, 9.0)
_GROUP_WIDTH = 0.84


@dataclass(frozen=True)
class _Panel:
    title: str
    value: Callable[[SystemFigures], float | None]
    label: Callable[[float], str]
    top: float | None = None


_PANELS = (
    _Panel("images/s (more is better)", lambda row: row.images_per_s, "{:.2f}".format),
    _Panel("CPU seconds per image (less is better)", lambda row: row.cpu_s_per_image, "{:.2f}".format),
    _Panel("F1 (more is better)", lambda row: row.f1, lambda value: f"{value:.3f}".removeprefix("0"), top=1.16),
    _Panel(
        "peak memory, GB PSS (less is better)",
        lambda row: None if row.peak_memory_bytes is None else row.peak_memory_bytes / 1e9,
        "{:.2f}".format,
    ),
)


def draw_comparison(figure: Any, comparison: Comparison) -> None:
    """Draw four panels on a figure of Matplotlib."""
    figures = system_figures(comparison.turns)
    sets = list(dict.fromkeys(row.dataset for row in figures))
    systems = list(dict.fromkeys(row.system for row in figures))
    figure.set_size_inches(*_SIZE_INCHES)
    axes = figure.subplots(2, 2).flat
    for axis, panel in zip(axes, _PANELS, strict=True):
        _draw_panel(axis, panel, comparison, sets)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(len(systems), 5), frameon=False)
    clients = next((turn.report["clients"] for turn in comparison.turns if turn.system == SERVICE), "?")
    figure.suptitle(
        f"rayocr over HTTP with {clients} clients, peers called in a loop\n{comparison.machine}, {comparison.date}",
        fontsize=11,
    )


def _draw_panel(axis: Any, panel: _Panel, comparison: Comparison, sets: Sequence[str]) -> None:
    figures = system_figures(comparison.turns)
    systems = list(dict.fromkeys(row.system for row in figures))
    width = _GROUP_WIDTH / len(systems)
    looks = looks_of(systems)
    for number, system in enumerate(systems):
        found = {row.dataset: panel.value(row) for row in figures if row.system == system}
        places, heights = [], []
        for place, name in enumerate(sets):
            height = found.get(name)
            if height is not None:
                places.append(place - _GROUP_WIDTH / 2 + (number + 0.5) * width)
                heights.append(height)
        bars = axis.bar(places, heights, 0.94 * width, label=comparison.label_of(system), color=looks[system].color)
        axis.bar_label(bars, [panel.label(height) for height in heights], fontsize=6, padding=2, rotation=90)
    axis.set_title(panel.title, fontsize=10, loc="left")
    axis.set_xticks(range(len(sets)), sets, fontsize=9)
    axis.tick_params(axis="x", length=0)
    axis.tick_params(axis="y", labelsize=8)
    axis.spines[["top", "right"]].set_visible(False)
    axis.grid(axis="y", linewidth=0.4, alpha=0.6)
    axis.set_axisbelow(True)
    axis.margins(y=0.16)
    axis.set_ylim(0, panel.top)
