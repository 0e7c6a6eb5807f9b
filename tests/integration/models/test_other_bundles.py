"""Another net is another YAML file; a broken one is refused before the first page."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from models.detection import TextDetector
from models.errors import ConfigurationError, ModelOutputError
from models.manifests import BundleManifest, list_manifests, load_manifest, verified_path
from models.page import Page
from models.recognition import TextRecognizer
from models.runtime import load_net
from models.settings import DetectionOptions, NetSettings
from tests.integration.models.readers import RUNTIMES, Reader
from tests.pictures import drawn_page

DEFAULT = load_manifest("ppocrv6-small")
ROWS = ["INVOICE 2041", "TOTAL 13.50"]


def file_entry(path: Path) -> dict[str, str]:
    return {"source": f"file:{path}", "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def copied(folder: Path, name: str, content: bytes) -> dict[str, str]:
    path = folder / name
    path.write_bytes(content)
    return file_entry(path)


def bundle(folder: Path, **changes: Any) -> BundleManifest:
    """A manifest written to a file and read again; `changes` replace keys of its two nets, which have no recipe."""
    manifest = DEFAULT.model_dump(
        mode="json",
        exclude_none=True,
        exclude={"detection": {"int8"}, "recognition": {"int8", "int8_documents"}},
    )
    manifest["name"] = "another"
    for net, values in changes.items():
        manifest[net] |= values
    path = folder / "another.yaml"
    path.write_text(yaml.safe_dump(manifest))
    return load_manifest(str(path))


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("name", [name for name in list_manifests() if name != DEFAULT.name])
def test_each_bundle_that_ships_reads_a_drawn_page(name: str, runtime: str) -> None:
    rows = ["Invoice 2041", "TOTAL 13.50"]  # the oldest takes the O of INVOICE for a zero before figures
    assert Reader.load(load_manifest(name), runtime, "auto").read(Page(drawn_page(*rows))) == rows


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_nets_and_charset_in_other_files_read_as_their_manifest_says(tmp_path: Path, runtime: str) -> None:
    detection, recognition = (verified_path(net.file) for net in (DEFAULT.detection, DEFAULT.recognition))
    settings = NetSettings.model_validate({"runtime": runtime, "device": "cpu", "precision": "f32"})
    characters = load_net(recognition, DEFAULT.recognition, "argmax", settings).metadata()["character"]
    charset = characters.replace("O", "@")  # shows that it is this charset that is read
    other = bundle(
        tmp_path,
        detection={"file": copied(tmp_path, "db.onnx", detection.read_bytes()), "longest_side_px": 960},
        recognition={
            "file": copied(tmp_path, "crnn.onnx", recognition.read_bytes()),
            "charset": {
                "file": copied(tmp_path, "characters.txt", charset.encode()),
                "blank": "first",
                "append_space": True,
            },
        },
    )
    assert Reader.load(other, runtime).read(Page(drawn_page(*ROWS))) == ["INV@ICE 2041", "T@TAL 13.50"]


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("damage", ["cut", "header", "flipped", "text", "empty"])
def test_damaged_net_is_refused_with_its_name(tmp_path: Path, runtime: str, damage: str) -> None:
    whole = verified_path(DEFAULT.detection.file).read_bytes()
    content = {
        "cut": whole[: len(whole) // 2],
        "header": bytes(64) + whole[64:],
        "flipped": bytes(byte ^ 0xFF for byte in whole[:4096]) + whole[4096:],
        "text": b"<html>404</html>",
        "empty": b"",
    }[damage]
    manifest = bundle(tmp_path, detection={"file": copied(tmp_path, "damaged.onnx", content)})
    with pytest.raises(ConfigurationError, match=r"can't load damaged\.onnx"):
        Reader.load(manifest, runtime)


def test_damaged_package_file_is_refused_by_its_hash(tmp_path: Path) -> None:
    whole = bytearray(verified_path(DEFAULT.detection.file).read_bytes())
    whole[len(whole) // 2] ^= 1  # a weight: the net would load, and read nonsense
    path = tmp_path / "weights.onnx"
    path.write_bytes(whole)
    entry = {"source": f"file:{path}", "sha256": DEFAULT.detection.file.sha256}
    with pytest.raises(ConfigurationError, match="SHA-256"):
        Reader.load(bundle(tmp_path, detection={"file": entry}), "openvino")


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_nets_in_each_others_place_are_refused(tmp_path: Path, runtime: str) -> None:
    detection, recognition = DEFAULT.detection.file.model_dump(), DEFAULT.recognition.file.model_dump()
    page = Page(drawn_page(*ROWS))
    settings = NetSettings.model_validate({"runtime": runtime, "device": "cpu", "precision": "f32"})
    swapped = bundle(
        tmp_path,
        detection={"file": recognition},
        recognition={"file": detection, "charset": charset_of_three(tmp_path)},
    )
    with pytest.raises((ConfigurationError, ModelOutputError)):
        TextDetector.load(swapped.detection, settings).detect(page, DetectionOptions())
    with pytest.raises((ConfigurationError, ModelOutputError)):
        TextRecognizer.load(swapped.recognition, settings).infer(np.zeros((1, 64, 64, 3), dtype=np.uint8))


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_charset_of_another_net_is_refused_at_load(tmp_path: Path, runtime: str) -> None:
    manifest = bundle(tmp_path, recognition={"charset": charset_of_three(tmp_path)})
    with pytest.raises(ConfigurationError, match="tells 18710 classes apart, but its charset names 4 "):
        Reader.load(manifest, runtime)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_input_that_the_net_can_not_take_is_a_model_error(readers: dict[str, Reader], runtime: str) -> None:
    with pytest.raises(ModelOutputError, match=r"failed on an input of shape \(1, 20, 320, 3\)"):
        readers[runtime].recognizer.documents.infer(np.zeros((1, 20, 320, 3), dtype=np.uint8))


def test_recipe_for_convolutions_that_the_net_does_not_have_is_refused_at_load(tmp_path: Path) -> None:
    recipe = {"sha256": DEFAULT.detection.file.sha256, "activations": {"Conv.4711": [0.0, 1.0]}}
    with pytest.raises(ConfigurationError, match=r"names Conv\.4711, which the net does not have: make it anew"):
        Reader.load(bundle(tmp_path, detection={"int8": recipe}), "openvino", "int8")


def charset_of_three(folder: Path) -> dict[str, object]:
    return {"file": copied(folder, "three.txt", b"a\nb\nc\n"), "blank": "first", "append_space": False}
