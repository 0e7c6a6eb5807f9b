"""Manifests of nets that find a part of a page's structure."""

import shutil
from pathlib import Path

import pytest

from models.errors import ConfigurationError
from models.manifests import verified_path
from models.manifests.structure import load_structure_manifest

_OWN = """
kind: layout
name: mine
description: Regions of our forms.
license: proprietary
origin: our own
file: {source: "file:net.onnx", sha256: SHA256}
input: {channels: rgb, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225]}
height_px: 640
width_px: 480
strides_px: [8, 16]
threshold: 0.4
classes: [text, null, table]
"""


def test_net_of_ones_own_is_a_file_and_its_manifest(tmp_path: Path) -> None:
    shipped = load_structure_manifest("layout-cdla")
    shutil.copy(verified_path(shipped.file), tmp_path / "net.onnx")
    path = tmp_path / "mine.yaml"
    path.write_text(_OWN.replace("SHA256", shipped.file.sha256))
    own = load_structure_manifest(str(path))
    assert verified_path(own.file) == tmp_path / "net.onnx"
    assert (own.classes, own.width_px) == (("text", None, "table"), 480)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("kind: layout", "kind: table"), "mine.yaml is not valid"),
        (("[text, null, table]", "[text, photo]"), "mine.yaml is not valid"),
        (("height_px: 640", "height: 640"), "mine.yaml is not valid"),
        (("kind: layout", "kind: [layout"), "mine.yaml is not valid"),
    ],
)
def test_wrong_manifest_is_refused(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(_OWN.replace("SHA256", "0" * 64).replace(*change))
    with pytest.raises(ConfigurationError, match=message):
        load_structure_manifest(str(path))


def test_unknown_name_is_told_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="known are layout-cdla; or give the path"):
        load_structure_manifest("layout-x")
    with pytest.raises(ConfigurationError, match="No such file"):
        load_structure_manifest(str(tmp_path / "none.yaml"))
