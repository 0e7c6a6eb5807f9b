"""Compares recognizers on drawn lines in fonts that no training saw: errors, and CPU time.

python -m tools.distil.evaluate BUNDLE... [--lines 600]
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import Levenshtein

from models.manifests import load_manifest
from models.recognition.crops import fit_line
from models.recognition.recognizer import TextRecognizer
from models.recognition.widths import LineWidths, common_shapes, width_table
from models.settings import NetSettings
from tools.distil.batches import Drawer, read_classes
from tools.distil.lines import DrawnLine

__all__ = ["main"]

# Another seed than the lines that a training validates itself with.
_SEED = 2_000_003
# A line of more is rare, and its nets are not prepared.
_MOST_COLUMNS = 560


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the lines with each bundle's recognizer, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m tools.distil.evaluate", description=__doc__.splitlines()[0])
    parser.add_argument("bundles", nargs="+", help="names of bundles, or paths of manifests")
    parser.add_argument("--data", type=Path, default=Path(".cache/distil/debian"), help="Debian's packages, unpacked")
    parser.add_argument("--charset", type=Path, default=Path("tools/distil/latin/latin.txt"))
    parser.add_argument("--lines", type=int, default=600)
    options = parser.parse_args(arguments)
    drawer = Drawer(options.data, read_classes(options.charset), _SEED, for_validation=True)
    drawn = drawer.lines(0, options.lines)
    lines = [line for line in drawn if line.whole.shape[1] * 48 < _MOST_COLUMNS * line.whole.shape[0]]
    print(f"{len(lines)} lines, {sum(len(line.text) for line in lines)} characters\n")
    print("| bundle | errors a character | in lines of ASCII | without spaces | lines right | CPU ms a line |")
    print("|---|---|---|---|---|---|")
    for bundle in options.bundles:
        print(f"| {bundle} | {_row(bundle, lines)} |", flush=True)


def _row(bundle: str, lines: Sequence[DrawnLine]) -> str:
    manifest = load_manifest(bundle).recognition.for_documents()
    shapes = common_shapes(manifest.width_multiple_px)
    recognizer = TextRecognizer.load(manifest, NetSettings(), shapes)
    widths = LineWidths(width_table(manifest.width_multiple_px), 0.85)
    by_width: dict[int, list[tuple[str, npt.NDArray[np.uint8]]]] = {}
    for line in lines:
        pixels = np.asarray(cv2.cvtColor(line.whole, cv2.COLOR_GRAY2RGB), np.uint8)
        crop = fit_line(pixels, manifest.height_px, widths, manifest.padding)
        by_width.setdefault(crop.pixels.shape[1], []).append((line.text, crop.pixels))
    pairs: list[tuple[str, str]] = []
    spent = 0.0
    for width, some in by_width.items():
        together = recognizer.lines_of_a_run(width) or 1
        recognizer.infer(np.stack([pixels for _, pixels in some[:together]]))  # the first run is slower
        started = time.process_time()
        for start in range(0, len(some), together):
            run = some[start : start + together]
            read = recognizer.infer(np.stack([pixels for _, pixels in run]))
            pairs += [(text, found.text) for (text, _), found in zip(run, read, strict=True)]
        spent += time.process_time() - started
    plain = [pair for pair in pairs if pair[0].isascii()]
    joined = [(text.replace(" ", ""), found.replace(" ", "")) for text, found in pairs]
    right = sum(text == found for text, found in pairs) / len(pairs)
    rates = f"{_rate(pairs):.4f} | {_rate(plain):.4f} | {_rate(joined):.4f}"
    return f"{rates} | {right:.3f} | {1000 * spent / len(pairs):.2f}"


def _rate(pairs: Sequence[tuple[str, str]]) -> float:
    return sum(Levenshtein.distance(*pair) for pair in pairs) / max(1, sum(len(text) for text, _ in pairs))


if __name__ == "__main__":
    main()
