"""One huge picture pasted together from labelled pages, and the same pages one by one, to be read and compared."""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image

from loadtest.errors import LoadtestError
from loadtest.labels import LabelRow, read_labels

__all__ = ["mosaic"]

_GROUND = "white"
_MARGIN = 0.02


def mosaic(
    out: Annotated[Path, typer.Argument(help="Folder to be made: `whole` and `pages`, each with a labels.jsonl.")],
    data: Annotated[Path, typer.Option(help="Folder of labelled sets.")] = Path("../shared/data"),
    sets: Annotated[str, typer.Option(help="Sets, their pages by turns, with commas between.")] = "sroie,funsd",
    pages: Annotated[int, typer.Option(min=1, help="How many pages; of a square, row by row.")] = 100,
    side: Annotated[int, typer.Option(min=100, help="Of the picture, in pixels.")] = 12_000,
) -> None:
    """Paste labelled pages into one huge picture, each scaled down to fit its cell."""
    rows = _first_rows([read_labels(data / name / "labels.jsonl") for name in sets.split(",")], pages)
    count = math.ceil(math.sqrt(pages))
    cell = side // count
    whole = Image.new("RGB", (side, side), _GROUND)
    whole_lines: list[dict[str, object]] = []
    page_labels: list[dict[str, object]] = []
    for folder in (out / "whole", out / "pages"):
        folder.mkdir(parents=True, exist_ok=True)
    for index, row in enumerate(rows):
        picture, lines = _fitted(row, round(cell * (1 - _MARGIN)))
        left, top = cell * (index % count), cell * (index // count)
        whole.paste(picture, (left, top))
        name = f"{index:03}.png"
        picture.save(out / "pages" / name)
        page_labels.append({"image": name, "lines": [_label(text, points, 0, 0) for text, points in lines]})
        whole_lines += [_label(text, points, left, top) for text, points in lines]
    whole.save(out / "whole" / "whole.png", compress_level=1)
    _write_labels(out / "pages", page_labels)
    _write_labels(out / "whole", [{"image": "whole.png", "lines": whole_lines}])


def _first_rows(sets: Sequence[Sequence[LabelRow]], pages: int) -> list[LabelRow]:
    """Pages of the sets by turns; where one has no more, of the others."""
    longest = max(map(len, sets))
    rows = [rows[index] for index in range(longest) for rows in sets if index < len(rows)]
    if len(rows) < pages:
        raise LoadtestError(f"{pages} pages were asked for, but the sets hold {len(rows)}: ask for fewer")
    return rows[:pages]


def _fitted(row: LabelRow, side: int) -> tuple[Image.Image, list[tuple[str, list[tuple[float, float]]]]]:
    """A page scaled down to fit a square, and its lines there."""
    with Image.open(row.image) as stored:
        picture = stored.convert("RGB")
    scale = min(1.0, side / max(picture.size))
    if scale < 1:
        width, height = (max(1, round(length * scale)) for length in picture.size)
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    lines = []
    for line in row.page.lines:
        if line.polygon is None or line.ignore:
            raise LoadtestError(f"{row.image} has lines without a place, or to be ignored: take another set")
        lines.append((line.text, [(x * scale, y * scale) for x, y in line.polygon]))
    return picture, lines


def _label(text: str, points: Sequence[tuple[float, float]], left: int, top: int) -> dict[str, object]:
    return {"text": text, "points": [[round(x + left, 1), round(y + top, 1)] for x, y in points]}


def _write_labels(folder: Path, rows: Sequence[dict[str, object]]) -> None:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (folder / "labels.jsonl").write_text(text, encoding="utf-8")
