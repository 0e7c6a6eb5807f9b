"""Memory of each role over the images of a soak."""

from typing import Any

from loadtest.soak.growth import total_growth
from loadtest.soak.record import SoakRecord

__all__ = ["draw_record"]

_SIZE_INCHES = (11.0, 6.0)
_BAND_COLOR = "#e8e4d8"


def draw_record(figure: Any, record: SoakRecord) -> None:
    """Draw one line a role, their sum, and the two windows that growth is read from, on a figure of Matplotlib."""
    samples, windows = record.samples, record.windows
    images = [sample.images for sample in samples]
    figure.set_size_inches(*_SIZE_INCHES)
    axis = figure.subplots()
    half = windows.width / 2
    axis.axvspan(windows.settled_after - half, windows.settled_after + half, color=_BAND_COLOR, linewidth=0)
    axis.axvspan(images[-1] - windows.width, images[-1], color=_BAND_COLOR, linewidth=0)
    axis.plot(images, [sample.total_bytes / 1e6 for sample in samples], color="black", linewidth=1.6, label="all")
    last = samples[-1].bytes_by_role
    roles = sorted({role for sample in samples for role in sample.bytes_by_role}, key=lambda role: -last.get(role, 0))
    for number, role in enumerate(roles):
        sizes = [sample.bytes_by_role.get(role, 0) / 1e6 for sample in samples]
        axis.plot(images, sizes, linewidth=1.1, label=role, linestyle="-" if number < 10 else "--")
    grown = total_growth(samples, windows).percent
    axis.set_title(
        f"Memory (PSS) over {record.requests} images of mixed sizes, {record.clients} clients: "
        f"{'?' if grown is None else f'{grown:+.1f} %'} between the shaded windows\n{record.machine}",
        fontsize=10,
        loc="left",
    )
    axis.set_xlabel("images answered")
    axis.set_ylabel("MB")
    axis.set_xlim(0, images[-1])
    axis.set_ylim(0, None)
    axis.grid(axis="y", linewidth=0.4, alpha=0.6)
    axis.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside right upper", fontsize=8, frameon=False)
