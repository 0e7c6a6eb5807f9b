"""A comparison as GitHub markdown, and putting it between two markers of a page."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from loadtest.bench.comparison import ONE_CLIENT, SERVICE, Comparison, Turn, is_service, label_of
from loadtest.bench.figures import OneClientFigures, SystemFigures, one_client_figures, system_figures
from loadtest.errors import LoadtestError

__all__ = ["markdown", "pictures_of", "replace_results", "write_results"]

_BEGIN = "<!-- results -->"
_END = "<!-- end of results -->"

_COLUMNS = (
    "set",
    "system",
    "pictures",
    "rounds",
    "images/s",
    "rayocr is faster",
    "CPU-s/image",
    "rayocr takes less",
    "p50 s",
    "p95 s",
    "peak MB",
    "F1",
    "failed",
)
_ONE_CLIENT_COLUMNS = ("set", "pictures", "peer", "p50 s", "peer", "p95 s", "peer", "p95 ratio")


def markdown(comparison: Comparison) -> str:
    """Machine, systems, the table of all sets and systems, and the one of a client alone.

    Ratios are medians of the ratios within each round: above 1, rayocr is better; for one client's p95, below 1.
    """
    figures = system_figures(comparison.turns)
    lines = [f"{comparison.date}: {comparison.machine}.", "", *_systems(comparison.turns)]
    lines += ["", *_rows(_COLUMNS, (_cells(row) for row in figures))]
    if any(not is_service(row.system) and row.speed_ratio is None for row in figures):
        lines += ["", "No ratio (-): read in fewer pictures than rayocr, so that speeds don't compare."]
    alone = one_client_figures(comparison.turns)
    if alone:
        lines += ["", "One client alone over HTTP, beside a peer's own latency for the same pictures:", ""]
        lines += _rows(_ONE_CLIENT_COLUMNS, (_one_client_cells(row) for row in alone))
    if comparison.settings.strip():
        lines += ["", "<details><summary>Versions and settings in effect</summary>", ""]
        lines += ["```text", comparison.settings.strip(), "```", "", "</details>"]
    return "\n".join(lines)


def pictures_of(comparison: Comparison) -> Mapping[str, str]:
    """What each picture of a comparison shows, by the ending of its file's name."""
    pictures = {
        "": "Images a second, CPU seconds per image, F1 and memory of each system",
        "-accuracy": "F1 over CPU seconds per image of each system, a panel for each set",
    }
    if any(turn.profile for turn in comparison.turns):
        pictures["-steps"] = "CPU seconds per image of the service by step, on each set"
    return pictures


def _systems(turns: Sequence[Turn]) -> list[str]:
    """What was measured, each once, and what the idle service took from the peers."""
    clients = dict.fromkeys(str(turn.report["clients"]) for turn in turns if turn.system == SERVICE)
    subjects = dict.fromkeys(
        (turn.system, str(turn.report["subject"])) for turn in turns if not is_service(turn.system)
    )
    bundles = dict.fromkeys(
        (turn.system, str(turn.report["subject"]).removeprefix(SERVICE)) for turn in turns if is_service(turn.system)
    )
    lines = [f"- {system}: over HTTP, {' and '.join(clients)} clients{bundle}." for system, bundle in bundles]
    lines += [f"- {label_of(system)}: {subject}." for system, subject in subjects if system != ONE_CLIENT]
    idle = [turn.idle_cores for turn in turns if turn.idle_cores is not None]
    if idle:
        used = f"{statistics.median(idle):.2f} of a core while a peer ran, at most {max(idle):.2f}"
        lines.append(f"- The idle service used {used}.")
    return lines


def _rows(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(titles)} |", "|" + "---|" * len(titles), *(f"| {' | '.join(cells)} |" for cells in rows)]


def _cells(row: SystemFigures) -> list[str]:
    return [
        row.dataset,
        label_of(row.system),
        str(row.pictures),
        str(row.rounds),
        _number(row.images_per_s, 2),
        "" if is_service(row.system) else _times(row.speed_ratio),
        _number(row.cpu_s_per_image, 3),
        "" if is_service(row.system) else _times(row.cpu_ratio),
        _number(row.p50_s, 2),
        _number(row.p95_s, 2),
        _number(row.peak_memory_bytes, 0, 1e6),
        _number(row.f1, 4),
        str(row.failed),
    ]


def _one_client_cells(row: OneClientFigures) -> list[str]:
    return [
        row.dataset,
        str(row.pictures),
        label_of(row.system),
        *(_number(value, 3) for value in (row.p50_s, row.peer_p50_s, row.p95_s, row.peer_p95_s)),
        _number(row.p95_ratio, 2),
    ]


def _number(value: float | None, digits: int, unit: float = 1.0) -> str:
    return "-" if value is None else f"{value / unit:.{digits}f}"


def _times(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio:.2f} x"


def replace_results(page: str, results: str) -> str:
    """Replace what stands between the two markers, which stay.

    Raises:
        ValueError: The page has not each marker once, in their order.
    """
    if page.count(_BEGIN) != 1 or page.count(_END) != 1 or page.index(_BEGIN) > page.index(_END):
        raise ValueError(f"it needs one {_BEGIN} and, after it, one {_END}")
    before, rest = page.split(_BEGIN)
    after = rest.split(_END)[1]
    return f"{before}{_BEGIN}\n\n{results.strip()}\n\n{_END}{after}"


def write_results(path: Path, results: str) -> None:
    """Rewrite a page with new results.

    Raises:
        LoadtestError: It can't be read or written, or lacks the markers.
    """
    try:
        path.write_text(replace_results(path.read_text(encoding="utf-8"), results), encoding="utf-8")
    except (OSError, ValueError) as exc:
        raise LoadtestError(f"cannot write the results into {path}: {exc}") from exc
