"""Model folders of ModelScope's hub: what is read in them, and what is refused before PyTorch is asked."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from models.errors import ConfigurationError, MalformedRequest
from models.importing import ImportOptions, import_modelscope
from models.importing.hub_folder import read_hub_folder
from models.manifests.manifest import DetectionManifest, RecognitionManifest

FILE = {"source": "file:net.onnx", "sha256": "0" * 64}
DETECTOR: dict[str, Any] = {
    "task": "ocr-detection",
    "model": {
        "model_type": "DBNet",
        "backbone": "resnet18",
        "inference_kwargs": {"image_short_side": 736, "thresh": 0.2, "return_polygon": False},
    },
}
RECOGNIZER: dict[str, Any] = {
    "task": "ocr-recognition",
    "model": {
        "recognizer": "CRNN",
        "inference_kwargs": {"img_height": 32, "img_width": 640, "do_chunking": False},
    },
}


def folder_of(path: Path, configuration: object, characters: int = 7642) -> Path:
    path.mkdir(exist_ok=True)
    (path / "configuration.json").write_text(json.dumps(configuration))
    (path / "pytorch_model.pt").write_bytes(b"weights")
    (path / "vocab.txt").write_text("".join(f"{chr(0x4E00 + index)}\n" for index in range(characters)))
    return path


def of_model(base: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return {**base, "model": {**base["model"], **changed}}


def of_settings(base: dict[str, Any], **changed: Any) -> dict[str, Any]:
    return of_model(base, inference_kwargs={**base["model"]["inference_kwargs"], **changed})


def test_detector_brings_its_thresholds_and_normalization(tmp_path: Path) -> None:
    net = read_hub_folder(folder_of(tmp_path / "det", of_settings(DETECTOR, thresh=0.25, image_short_side=800)))
    manifest = DetectionManifest.model_validate({**net.fields, "file": FILE})
    assert (net.section, net.architecture, net.charset) == ("detection", "DBModel", None)
    assert (manifest.threshold, manifest.box_threshold, manifest.unclip_ratio) == (0.25, 0.3, 1.5)
    assert (manifest.shortest_side_px, manifest.dilation_px, manifest.sigmoid) == (800, 1, "inside")
    assert manifest.input.channels == "bgr"
    assert [round(255 * value, 2) for value in manifest.input.mean] == [123.68, 116.78, 103.94]
    assert manifest.input.std == (1, 1, 1)


def test_detector_of_polygons_has_their_thresholds(tmp_path: Path) -> None:
    net = read_hub_folder(folder_of(tmp_path / "det", of_settings(DETECTOR, return_polygon=True)))
    assert (net.fields["box_threshold"], net.fields["unclip_ratio"]) == (0.7, 2.0)


def test_proxyless_detector_has_its_own_class(tmp_path: Path) -> None:
    assert (
        read_hub_folder(folder_of(tmp_path, of_model(DETECTOR, backbone="proxylessnas"))).architecture == "DBNasModel"
    )


@pytest.mark.parametrize(
    ("name", "width", "first", "last"),
    [("CRNN", 640, 0, 1), ("ConvNextViT", 804, 1, 0), ("LightweightEdge", 640, 1, 0)],
)
def test_recognizer_has_a_fixed_width_and_a_text_for_each_class(
    tmp_path: Path, name: str, width: int, first: int, last: int
) -> None:
    chunked = name == "ConvNextViT"
    configuration = of_model(of_settings(RECOGNIZER, img_width=width, do_chunking=chunked), recognizer=name)
    net = read_hub_folder(folder_of(tmp_path, configuration))
    charset = {"file": FILE, "blank": "first", "append_space": False}
    manifest = RecognitionManifest.model_validate({**net.fields, "file": FILE, "charset": charset})
    assert (manifest.height_px, manifest.width_px, manifest.padding, manifest.softmax) == (32, width, 0, "outside")
    assert (manifest.chunks is not None) == chunked
    assert net.charset is not None
    lines = net.charset.removesuffix("\n").split("\n")
    assert len(lines) == 7643  # and the blank
    assert lines.index("\u4e00") == first
    assert lines[::-1].index(chr(0x4E00 + 7641)) == last
    assert net.sample == ((6, 3, 32, 300) if chunked else (2, 3, 32, 640))


def test_binary_weights_are_found(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "rec", RECOGNIZER)
    (folder / "pytorch_model.pt").rename(folder / "pytorch_model.bin")
    assert read_hub_folder(folder).weights.name == "pytorch_model.bin"


def test_license_is_that_of_the_readme(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "rec", RECOGNIZER)
    assert read_hub_folder(folder).license == "unknown"
    (folder / "README.md").write_text("---\ntasks:\n- ocr-recognition\nlicense: Apache License 2.0\n---\n# A net\n")
    assert read_hub_folder(folder).license == "Apache License 2.0"


@pytest.mark.parametrize(
    ("configuration", "reason"),
    [
        ([], "is not the configuration of a model"),
        ({"task": "ocr-detection"}, "is not the configuration of a model"),
        ({**DETECTOR, "task": "text-generation"}, "is of task 'text-generation'"),
        ({"task": "ocr-detection", "model": {"type": "OCRDetection"}}, r"SegLink\+\+, .* runs on TensorFlow"),
        (of_model(DETECTOR, backbone="resnet50"), "has the backbone 'resnet50'"),
        (of_settings(DETECTOR, thresh="low"), r"no usable inference_kwargs\.thresh: 'low'"),
        (of_model(RECOGNIZER, recognizer="Transformer"), "has the recognizer 'Transformer'"),
        (of_model(RECOGNIZER, inference_kwargs=32), "inference_kwargs is 32"),
        (of_model(RECOGNIZER, inference_kwargs={}), r"no usable inference_kwargs\.img_height: None"),
        (of_settings(RECOGNIZER, do_chunking=True), "says do_chunking True and img_width 640 for CRNN"),
    ],
    ids=[
        "a list",
        "no model",
        "task",
        "SegLink",
        "backbone",
        "threshold",
        "recognizer",
        "a number",
        "no size",
        "chunks",
    ],
)
def test_configuration_of_another_net_is_refused(tmp_path: Path, configuration: object, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        read_hub_folder(folder_of(tmp_path / "net", configuration))


@pytest.mark.parametrize("name", ["configuration.json", "vocab.txt", "pytorch_model.pt"])
def test_missing_file_is_named(tmp_path: Path, name: str) -> None:
    folder = folder_of(tmp_path / "rec", RECOGNIZER)
    (folder / name).unlink()
    with pytest.raises(ConfigurationError, match=name.replace(".", r"\.")):
        read_hub_folder(folder)


@pytest.mark.parametrize("characters", [7641, 7644])
def test_vocabulary_of_another_size_is_refused(tmp_path: Path, characters: int) -> None:
    with pytest.raises(ConfigurationError, match=rf"has {characters} lines, but CRNN tells 7643 or 7642 characters"):
        read_hub_folder(folder_of(tmp_path / "rec", RECOGNIZER, characters))


def test_two_folders_are_a_detector_and_a_recognizer(tmp_path: Path) -> None:
    folders = [folder_of(tmp_path / name, DETECTOR) for name in ("one", "other")]
    with pytest.raises(MalformedRequest, match="are all of detection: give a detector and a recognizer"):
        import_modelscope(folders, ImportOptions(tmp_path / "bundle", "mine"))
    assert not (tmp_path / "bundle").exists()


def test_missing_environment_is_named(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "rec", RECOGNIZER)
    with pytest.raises(ConfigurationError, match=r"run `make import-tools` .* or name its interpreter by --python"):
        import_modelscope([folder], ImportOptions(tmp_path / "bundle", "mine"), python=tmp_path / "none")
    assert not (tmp_path / "bundle").exists()


def test_environment_without_pytorch_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "rec", RECOGNIZER)
    with pytest.raises(ConfigurationError, match=r"No module named '(numpy|torch)'; `make import-tools` installs"):
        import_modelscope([folder], ImportOptions(tmp_path / "bundle", "mine"), python=Path(sys.executable))
    assert [path.name for path in tmp_path.iterdir()] == ["rec"]
