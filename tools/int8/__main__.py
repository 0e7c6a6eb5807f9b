"""`python -m tools.int8 BUNDLE`: make the int8 recipes of a bundle, beside its manifest.

Only whoever adds or changes a bundle runs it, with the fonts that `tools.int8.drawing.fonts` names.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from itertools import islice

import cv2
import numpy as np
import openvino as ov
import yaml

from models.detection.passes import first_pass
from models.errors import ConfigurationError
from models.manifests import load_manifest, verified_path
from models.manifests.manifest import (
    BundleManifest,
    DetectionManifest,
    Int8Recipe,
    RecognitionManifest,
    SureBlanks,
    recipe_path,
)
from models.recognition.crops import crop_line
from models.recognition.widths import SCENE_LINES, LineWidths, width_table
from models.runtime.base import normalized
from tools.int8.calibrate import Candidate, Floats, Ranges, calibrate
from tools.int8.drawing import DrawnPage, drawn_pages
from tools.int8.sure_blanks import sure_blanks

_NETS = ("detection", "detection-documents", "recognition", "recognition-documents", "sure-blanks")
_SEED = 2026
_RECOGNITION_PAGES = 30
_LINES_OF_A_PAGE = 4
_DETECTION_PAGES = 8
_BLANKS_PAGES = 120
_BLANKS_LINES_OF_A_PAGE = 20
# To classify a step among fewer classes takes no time worth saving.
_FEWEST_CLASSES = 5_000
# Of the sum over classes of a time step's absolute change: bf16 alone has .005.
_SCENES_BUDGET = 0.03
# Convolutions behind GELU cost photographs of scenes a point of F1, and documents nothing.
_SCENES_LEAST_BELOW_ZERO = 0.25
_DOCUMENTS_BUDGET = 0.09
# Of the sum over a row of pixels of the probability map. It leaves out the nine convolutions that cost most for
# their work: the first, and those where the neck joins what comes from all depths.
_DETECTION_BUDGET = 2.2
# Unreadable on purpose: their extremes would stretch every range.
_LEFT_OUT = {"noisy_page"}


def main() -> int:
    """Run the command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.int8", description=__doc__)
    parser.add_argument("bundle", help="name of a bundle, or the path of its manifest")
    parser.add_argument("--net", choices=_NETS, action="append", help="only this one")
    arguments = parser.parse_args()
    try:
        manifest = load_manifest(arguments.bundle, with_recipes=False)
        for net in arguments.net or _NETS:
            if net == "sure-blanks":
                _add_sure_blanks(manifest)
            else:
                _make_recipe(manifest, net)
    except ConfigurationError as exc:
        print(f"tools.int8: {exc}", file=sys.stderr)
        return exc.exit_code
    return 0


def _make_recipe(manifest: BundleManifest, net: str) -> None:
    detectors = {"detection": manifest.detection, "detection-documents": manifest.detection_documents}
    part = detectors.get(net, manifest.recognition)
    if part is None:
        raise ConfigurationError(f"bundle {manifest.name} has no net {net}")
    path = verified_path(part.file)
    pages = (page for page in drawn_pages(10 * _RECOGNITION_PAGES, _SEED) if page.kind not in _LEFT_OUT)
    if isinstance(part, DetectionManifest):
        samples, budget, least_below_zero = list(_detection_samples(pages, part)), _DETECTION_BUDGET, 0.0
    else:
        samples = list(_recognition_samples(pages, part))
        is_scenes = net == "recognition"
        budget = _SCENES_BUDGET if is_scenes else _DOCUMENTS_BUDGET
        least_below_zero = _SCENES_LEAST_BELOW_ZERO if is_scenes else 0.0
    read: Callable[[], ov.Model] = lambda: ov.Core().read_model(path)  # noqa: E731 - two words, used twice
    ranges = calibrate(read, samples, budget, _print_candidate, least_below_zero)
    target = recipe_path(manifest.name, net)
    target.write_text(_recipe_text(part.file.sha256, ranges), encoding="utf-8")
    print(f"{target.name}: {len(ranges)} convolutions, from {len(samples)} samples")


def _add_sure_blanks(manifest: BundleManifest) -> None:
    """Learn the sure blanks of documents, and write them into the recipe that is there."""
    part = manifest.recognition
    target = recipe_path(manifest.name, "recognition-documents")
    path = verified_path(part.file)
    read: Callable[[], ov.Model] = lambda: ov.Core().read_model(path)  # noqa: E731 - two words, used twice
    classes = read().output(0).get_partial_shape()[-1].get_length()
    if not target.exists() or classes < _FEWEST_CLASSES:
        print(f"{manifest.name}: no sure blanks, since it has {classes} classes or no recipe for documents")
        return
    recipe = Int8Recipe.model_validate(yaml.safe_load(target.read_bytes()))
    blank = 0 if part.charset.blank == "first" else classes - 1
    space = classes - (1 if blank == 0 else 2) if part.charset.append_space else None
    pages = islice(drawn_pages(_BLANKS_PAGES, _SEED + 1), _BLANKS_PAGES)
    found = sure_blanks(read, recipe.activations, list(_document_lines(pages, part)), blank, space, print)
    target.write_text(_recipe_text(recipe.sha256, recipe.activations, found), encoding="utf-8")


def _recipe_text(sha256: str, ranges: Ranges, blanks: SureBlanks | None = None) -> str:
    head = f"# Made by `python -m tools.int8` from drawn pictures, seed {_SEED}; not edited by hand.\n"
    body: dict[str, object] = {"sha256": sha256, "activations": {name: list(pair) for name, pair in ranges.items()}}
    if blanks is not None:
        body["sure_blanks"] = {**blanks.model_dump(), "weights": list(blanks.weights)}
    return head + yaml.safe_dump(body, sort_keys=False, default_flow_style=None)


def _print_candidate(one: Candidate) -> None:
    print(f"{one.name:12} {one.multiplications:6.2%} of the work, shift {one.shift:.5f}, range {one.range}", flush=True)


def _recognition_samples(pages: Iterator[DrawnPage], manifest: RecognitionManifest) -> Iterator[Floats]:
    random = np.random.default_rng(_SEED)
    for page in islice(pages, _RECOGNITION_PAGES):
        for index in random.permutation(len(page.quads))[:_LINES_OF_A_PAGE]:
            widths = LineWidths(width_table(manifest.width_multiple_px))
            crop = crop_line(page.pixels, page.quads[index], manifest.height_px, widths)
            yield normalized(crop.pixels[None], manifest.input)


def _document_lines(pages: Iterator[DrawnPage], manifest: RecognitionManifest) -> Iterator[Floats]:
    """Lines at the widths at which documents are read."""
    random = np.random.default_rng(_SEED)
    table = width_table(manifest.width_multiple_px)
    for page in pages:
        count = len(page.quads)
        for index in random.permutation(count)[:_BLANKS_LINES_OF_A_PAGE]:
            widths, is_document = LineWidths.of_page(table, count), count > SCENE_LINES
            crop = crop_line(page.pixels, page.quads[index], manifest.height_px, widths, is_document=is_document)
            yield normalized(crop.pixels[None], manifest.input)


def _detection_samples(pages: Iterator[DrawnPage], manifest: DetectionManifest) -> Iterator[Floats]:
    for page in islice(pages, _DETECTION_PAGES):
        yield normalized(first_pass(page.pixels, 1, manifest, is_document=True).pixels[None], manifest.input)


if __name__ == "__main__":
    cv2.setNumThreads(1)
    sys.exit(main())
