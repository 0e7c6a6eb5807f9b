"""What may be exported, and where to."""

from pathlib import Path

import pytest

from models.errors import ConfigurationError, Conflict, MalformedRequest
from models.export import ExportOptions, export_bundle, parse_size
from models.export.options import check_options
from models.manifests import load_manifest

BUNDLE = load_manifest("ppocrv6-small")


@pytest.mark.parametrize(
    ("text", "size"),
    [("640", (640, 640)), ("480x640", (480, 640)), ("128x4096", (128, 4096)), ("dynamic", None)],
)
def test_size_is_read(text: str, size: tuple[int, int] | None) -> None:
    assert parse_size(text, BUNDLE) == size


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("650", "the size 650: ppocrv6-small takes multiples of 32 pixels; take 640 or 672 in place of 650"),
        (
            "1000x700",
            "the size 1000x700: ppocrv6-small takes multiples of 32 pixels; take 992 or 1024 in place of 1000, and 672 "
            "or 704 in place of 700",
        ),
        ("640x", "the size '640x' is not a size: give 640, 480x640 (height x width) or dynamic"),
        ("-640", "the size '-640' is not a size: give 640, 480x640 (height x width) or dynamic"),
        ("٦٤٠", "the size '٦٤٠' is not a size: give 640, 480x640 (height x width) or dynamic"),
        ("64", "the size 64: give sides of 128 to 4096 pixels"),
        ("640x8000", "the size 640x8000: give sides of 128 to 4096 pixels"),
    ],
)
def test_size_that_no_net_can_take_is_refused(text: str, message: str) -> None:
    with pytest.raises(MalformedRequest) as caught:
        parse_size(text, BUNDLE)
    assert caught.value.message == message


def test_int8_without_a_recipe_says_what_to_do() -> None:
    bundle = load_manifest("ppocrv6-small", with_recipes=False)
    with pytest.raises(ConfigurationError) as caught:
        check_options(ExportOptions(precision="int8"), bundle)
    assert caught.value.message == (
        "precision int8: the manifest of ppocrv6-small names no int8 recipe for detection, recognition, "
        "detection_documents: make one with `python -m tools.int8`, or export fp16 or f32"
    )


def test_net_of_a_fixed_width_is_refused() -> None:
    recognition = BUNDLE.recognition.model_copy(update={"width_px": 640})
    with pytest.raises(
        ConfigurationError, match="ppocrv6-small has a net of gray input, of a fixed width or with logits"
    ):
        check_options(ExportOptions(), BUNDLE.model_copy(update={"recognition": recognition}))


def test_int8_in_an_old_opset_is_refused() -> None:
    with pytest.raises(MalformedRequest, match="int8 needs opset 13 or newer"):
        check_options(ExportOptions(precision="int8", opset=12), BUNDLE)


@pytest.mark.parametrize(
    ("options", "opset"),
    [
        (ExportOptions(), 11),
        (ExportOptions(opset=17), 17),
        (ExportOptions(precision="fp16"), 11),
        (ExportOptions(precision="int8"), 13),
        (ExportOptions(precision="int8", opset=21), 21),
    ],
)
def test_opset_is_the_files_own_unless_the_precision_needs_a_newer_one(options: ExportOptions, opset: int) -> None:
    assert options.opset_of(11) == opset


def test_folder_that_holds_something_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(Conflict, match=r"is not empty: name another one, or replace an older export by --overwrite"):
        export_bundle(BUNDLE, ExportOptions(), tmp_path)
    assert (tmp_path / "README.md").read_text() == "mine"


def test_folder_with_other_files_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "detection.onnx").touch()
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(Conflict, match=r"holds 'thesis\.tex', which no export writes, so it is not replaced"):
        export_bundle(BUNDLE, ExportOptions(), tmp_path, overwrite=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["detection.onnx", "thesis.tex"]


def test_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "nets").touch()
    with pytest.raises(Conflict, match="is a file or a link"):
        export_bundle(BUNDLE, ExportOptions(), tmp_path / "nets", overwrite=True)


def test_missing_onnx_says_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match="needs the package onnx, which is not installed: run `make setup`"):
        export_bundle(BUNDLE, ExportOptions(), tmp_path / "nets")
    assert list(tmp_path.iterdir()) == []
