"""Imported nets give what ModelScope's own pipelines give, and a trained CRNN reads through rayocr.

`make import-test` runs this; it needs `.venv-import`. The nets are made and trained first, for some minutes.
`IMPORT_TEST_HUB` names a folder that keeps them, and is used again if it is there.
"""

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from models.detection.db import DbThresholds, db_quads
from models.manifests import BundleManifest, load_manifest, verified_path
from models.recognition import TextRecognizer
from models.recognition.crops import fit_line, in_chunks
from models.recognition.widths import LineWidths
from models.runtime import load_net
from models.settings import DetectionOptions, NetSettings
from tests.modelscope.drawn import draw_page

pytestmark = pytest.mark.timeout(3600)

_ROOT = Path(__file__).parents[2]
_RAYOCR = Path(sys.executable).with_name("rayocr")
_CRNN_STEPS, _DBNET_STEPS = 3600, 300
_DETECTORS = ["resnet18-seeded", "resnet18-trained", "proxylessnas-seeded"]
_RECOGNIZERS = ["CRNN-seeded", "CRNN-trained", "ConvNextViT-seeded", "LightweightEdge-seeded"]
_MOST_APART = 1e-4


@dataclass(frozen=True)
class Imported:
    """An imported net, and what ModelScope made of pictures."""

    bundle: BundleManifest
    reference: dict[str, npt.NDArray[np.generic]]

    @property
    def pictures(self) -> Iterator[tuple[int, npt.NDArray[np.uint8]]]:
        for index in range(sum(key.startswith("picture_") for key in self.reference)):
            yield index, self.reference[f"picture_{index}"].astype(np.uint8)


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(os.environ.get("IMPORT_TEST_HUB") or tmp_path_factory.mktemp("hub") / "nets")
    if not folder.is_dir():
        command = [
            ".venv-import/bin/python",
            "-m",
            "tests.modelscope.reference",
            str(folder),
            str(_CRNN_STEPS),
            str(_DBNET_STEPS),
        ]
        subprocess.run(command, cwd=_ROOT, check=True)
    return folder


@pytest.fixture(scope="session")
def imported(hub: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Imported]:
    nets = {}
    for folder in sorted(hub.iterdir()):
        output = tmp_path_factory.mktemp("imported") / folder.name
        subprocess.run([_RAYOCR, "models", "import", folder, "--output", output], check=True)
        with np.load(folder / "reference.npz") as reference:
            nets[folder.name] = Imported(load_manifest(str(output / "manifest.yaml")), dict(reference))
    return nets


def settings(runtime: str) -> NetSettings:
    return NetSettings.model_validate({"device": "cpu", "precision": "f32", "runtime": runtime})


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
@pytest.mark.parametrize("name", _DETECTORS)
def test_maps_are_the_same(imported: dict[str, Imported], name: str, runtime: str) -> None:
    net = imported[name]
    detection = net.bundle.detection
    loaded = load_net(verified_path(detection.file), detection, "map", settings(runtime))
    apart = [
        float(np.abs(loaded.run(page[None])[0][0] - net.reference[f"output_{i}"]).max()) for i, page in net.pictures
    ]
    print(f"{name} on {runtime}: maps of {len(apart)} pages differ by {max(apart):.2g}")
    assert max(apart) <= _MOST_APART


@pytest.mark.parametrize(("boxes", "most_px"), [("fine_boxes", 0.1), ("boxes", 3)], ids=["in parts of pixels", "whole"])
def test_boxes_are_the_same(imported: dict[str, Imported], boxes: str, most_px: float) -> None:
    """ModelScope cuts corners to whole pixels before it grows a box, and again after that; rayocr does not."""
    net = imported["resnet18-trained"]
    detection = net.bundle.detection
    loaded = load_net(verified_path(detection.file), detection, "map", settings("onnxruntime"))
    apart = []
    for index, page in net.pictures:
        (maps,) = loaded.run(page[None])
        thresholds = DbThresholds.of(detection, DetectionOptions())
        quads, _ = db_quads(maps[0, 0].astype(np.float32), (page.shape[1], page.shape[0]), thresholds)
        expected = net.reference[f"{boxes}_{index}"].astype(np.float64)
        assert len(quads) == len(expected)
        for box in expected:
            # They begin at the top left, but of a tilted box that may be another corner.
            turned = (np.roll(quad, turn, axis=0) for quad in quads for turn in range(4))
            apart.append(min(float(np.abs(one - box).max()) for one in turned))
    print(f"{len(apart)} {boxes}: corners differ by {max(apart):.2f} pixels at most, {np.mean(apart):.2f} in the mean")
    assert len(apart) >= 60
    assert max(apart) <= most_px


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
@pytest.mark.parametrize("name", _RECOGNIZERS)
def test_lines_are_the_same(imported: dict[str, Imported], name: str, runtime: str) -> None:
    net = imported[name]
    recognition = net.bundle.recognition
    assert recognition.width_px is not None
    logits = load_net(
        verified_path(recognition.file),
        recognition.model_copy(update={"softmax": "inside"}),
        "map",
        settings(runtime),
    )
    recognizer = TextRecognizer.load(recognition, settings(runtime))
    widths = LineWidths((recognition.width_px,))
    apart, same = [], 0
    for index, picture in net.pictures:
        batch = fit_line(picture, recognition.height_px, widths, recognition.padding).pixels[None]
        (found,) = logits.run(in_chunks(batch, recognition.chunks) if recognition.chunks else batch)
        apart.append(float(np.abs(found[0] - net.reference[f"output_{index}"]).max()))
        (line,) = recognizer.infer(batch)
        same += line.text == str(net.reference[f"text_{index}"]).strip()
    print(f"{name} on {runtime}: logits differ by {max(apart):.2g}, {same} of {len(apart)} texts are the same")
    assert max(apart) <= _MOST_APART
    assert same == len(apart)


def test_trained_crnn_reads_drawn_pages_through_the_command_line(hub: Path, tmp_path: Path) -> None:
    chance = random.Random(2041)
    bundle = tmp_path / "crnn"
    subprocess.run([_RAYOCR, "models", "import", hub / "CRNN-trained", "--output", bundle], check=True)
    pages = [draw_page(chance, 900, 640) for _ in range(10)]
    for index, page in enumerate(pages):
        Image.fromarray(page.pixels).save(tmp_path / f"{index}.png")
    sources = [str(tmp_path / f"{index}.png") for index in range(len(pages))]
    command = [str(_RAYOCR), "read", "--model", str(bundle / "manifest.yaml")]
    command += ["--output", str(tmp_path / "texts")]
    subprocess.run([*command, *sources], check=True)
    right, drawn = 0, 0
    for index, page in enumerate(pages):
        read = (tmp_path / "texts" / f"{index}.png.txt").read_text(encoding="utf-8").splitlines()
        lines = set(read)
        right += sum(text in lines for text in page.texts)
        drawn += len(page.texts)
        print([text for text in page.texts if text not in lines], [line for line in read if line not in page.texts])
    print(f"{right} of {drawn} lines are right ({right / drawn:.1%})")
    assert right >= 0.98 * drawn
