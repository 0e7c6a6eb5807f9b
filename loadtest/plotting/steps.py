"""CPU seconds per image of the service by step, on each set and with each bundle."""

from collections.abc import Mapping
from typing import Any

from loadtest.bench.comparison import Comparison, Turn, is_service
from loadtest.plotting.looks import OKABE_ITO

__all__ = ["draw_steps", "seconds_by_part"]

_WIDTH_INCHES = 12.0
_BAR_INCHES = 0.34
_ROOM_INCHES = 1.9
_SMALLEST_LABELLED_SHARE = 0.05
"""Share of the longest bar from which on a part has room for its number."""

# Parts of a bar with their colors, and the steps of work in each. The rest of the work is in the last of them.
_PARTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "decoding": (OKABE_ITO["gray"], ("decode",)),
    "detection": (OKABE_ITO["blue"], ("resize", "detection_net", "postprocess")),
    "crops": (OKABE_ITO["sky"], ("crop",)),
    "recognition": (OKABE_ITO["vermilion"], ("recognition_net", "ctc_decode", "lines")),
    "direction": (OKABE_ITO["green"], ("direction_net",)),
    "other work": (OKABE_ITO["purple"], ()),
    "HTTP": (OKABE_ITO["orange"], ()),
    "Ray and the rest": (OKABE_ITO["yellow"], ()),
}
_OUTSIDE = {"http": "HTTP", "ray": "Ray and the rest"}


def seconds_by_part(profile: Mapping[str, Any]) -> Mapping[str, float]:
    """CPU seconds per image of each part, in the order of drawing, from `Profile.as_dict`."""
    part_of_step = {step: part for part, (_, steps) in _PARTS.items() for step in steps}
    seconds = dict.fromkeys(_PARTS, 0.0)
    for row in profile["rows"]:
        part = _OUTSIDE.get(row["group"]) or part_of_step.get(row["name"], "other work")
        seconds[part] += row["cpu_ms"] / 1e3
    return seconds


def draw_steps(figure: Any, comparison: Comparison) -> None:
    """Draw a bar of stacked parts for each set and bundle, on a figure of Matplotlib."""
    turns = [turn for turn in comparison.turns if turn.profile is not None and is_service(turn.system)]
    sets = list(dict.fromkeys(turn.dataset for turn in turns))
    figure.set_size_inches(_WIDTH_INCHES, _BAR_INCHES * len(turns) + _BAR_INCHES * len(sets) + _ROOM_INCHES)
    axis = figure.subplots()
    places, names = [], []
    place = 0.0
    longest_s = max(sum(seconds_by_part(turn.profile or {}).values()) for turn in turns)
    for name in sets:
        for turn in (turn for turn in turns if turn.dataset == name):
            places.append(place)
            names.append(f"{name}: {str(turn.report['subject']).removeprefix('rayocr, bundle ')}")
            _draw_bar(axis, place, turn, longest_s)
            place += 1.0
        place += 0.6
    axis.set_yticks(places, names, fontsize=9)
    axis.invert_yaxis()
    axis.tick_params(axis="y", length=0)
    axis.tick_params(axis="x", labelsize=8)
    axis.set_xlim(0, 1.08 * longest_s)
    axis.set_xlabel("CPU seconds per image", fontsize=9)
    axis.spines[["top", "right", "left"]].set_visible(False)
    axis.grid(axis="x", linewidth=0.4, alpha=0.6)
    axis.set_axisbelow(True)
    handles = [axis.barh([0], [0], color=color) for color, _ in _PARTS.values()]
    figure.legend(handles, list(_PARTS), loc="outside lower center", ncols=len(_PARTS), frameon=False, fontsize=9)
    clients = turns[0].report["clients"]
    figure.suptitle(
        f"Where rayocr's CPU time goes: {clients} clients over HTTP, without structure\n"
        f"{comparison.machine}, {comparison.date}",
        fontsize=11,
    )


def _draw_bar(axis: Any, place: float, turn: Turn, longest_s: float) -> None:
    seconds = seconds_by_part(turn.profile or {})
    left_s = 0.0
    for part, part_s in seconds.items():
        color = _PARTS[part][0]
        axis.barh([place], [part_s], 0.78, left_s, color=color, edgecolor="white", linewidth=0.6)
        if part_s >= _SMALLEST_LABELLED_SHARE * longest_s:
            ink = "white" if part in ("detection", "recognition", "direction") else "black"
            axis.text(left_s + part_s / 2, place, f"{part_s:.2f}", ha="center", va="center", color=ink, fontsize=8)
        left_s += part_s
    axis.text(left_s + 0.006 * longest_s, place, f"{left_s:.2f}", va="center", fontsize=8, fontweight="bold")
