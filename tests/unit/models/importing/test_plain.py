"""Import of plain ONNX files: what is found out, what is checked on drawn pages, and what is refused."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import yaml
from onnx import TensorProto, helper, numpy_helper

from models.detection import TextDetector
from models.errors import ConfigurationError, Conflict
from models.export.drawing import drawn_page
from models.importing import Given, ImportOptions, import_onnx
from models.manifests import load_manifest
from models.page import Page
from models.settings import DetectionOptions, NetSettings
from serve.cli.application import run
from serve.cli.console import Invocation
from tests.unit.models.importing.drawn_nets import CHARSET, db_net, model_of, reader_net, saved

ROOT = Path(__file__).parents[4]
UNIT: dict[str, Any] = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}
RGB: dict[str, Any] = {"channels": "rgb", **UNIT}
# The maps of `db_net` are not shrunk.
TIGHT: dict[str, Any] = {"fields": {"unclip_ratio": 0.2}}


@pytest.fixture
def options(tmp_path: Path) -> ImportOptions:
    return ImportOptions(tmp_path / "bundle", "mine")


@pytest.fixture
def charset(tmp_path: Path) -> Path:
    path = tmp_path / "digits.txt"
    path.write_text("".join(f"{one}\n" for one in CHARSET))
    return path


def section(options: ImportOptions, name: str) -> dict[str, Any]:
    fields: dict[str, Any] = yaml.safe_load((options.output / "manifest.yaml").read_text())[name]
    return fields


def is_untouched(options: ImportOptions) -> bool:
    """Whether a failed import has left nothing behind, hidden folders included."""
    return not options.output.exists() and not list(options.output.parent.glob(".bundle*"))


@pytest.mark.parametrize("sigmoid", [True, False], ids=["inside", "outside"])
def test_detector_is_imported_and_finds_lines(tmp_path: Path, options: ImportOptions, sigmoid: bool) -> None:
    path = saved(db_net(sigmoid=sigmoid), tmp_path / "det.onnx")
    import_onnx(path, Given(**RGB, **TIGHT), options)
    assert section(options, "detection")["sigmoid"] == ("inside" if sigmoid else "outside")
    bundle = load_manifest(str(options.output / "manifest.yaml"))
    assert bundle.detection_documents is None
    pixels, cells = drawn_page(736, 736)
    for runtime in ("onnxruntime", "openvino"):
        settings = NetSettings.model_validate({"runtime": runtime, "precision": "f32", "device": "cpu"})
        detector = TextDetector.load(bundle.detection, settings)
        quads = detector.detect(Page(pixels, 1), DetectionOptions())
        assert len(quads) == len(cells)


def test_recognizer_is_imported_with_what_its_output_tells(
    tmp_path: Path, options: ImportOptions, charset: Path
) -> None:
    path = saved(reader_net(softmax=False, blank="last"), tmp_path / "rec.onnx")
    import_onnx(path, Given(**RGB, charset=charset), options)
    fields = section(options, "recognition")
    assert (fields["softmax"], fields["charset"]["blank"], fields["height_px"]) == ("outside", "last", 32)
    assert not fields["charset"]["append_space"]
    assert "width_px" not in fields


def test_gray_recognizer_with_characters_in_its_metadata_needs_only_mean_and_std(
    tmp_path: Path, options: ImportOptions
) -> None:
    model = reader_net(planes=1)
    helper.set_model_props(model, {"character": "\n".join(CHARSET)})
    import_onnx(saved(model, tmp_path / "rec.onnx"), Given(mean=(0.0,), std=(1.0,)), options)
    assert section(options, "recognition")["input"] == {"channels": "gray", "mean": [0.0], "std": [1.0]}


def rayocr(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "serve.cli", *map(str, arguments)]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=ROOT, check=False)


def test_imported_bundle_is_ready_for_the_command_line(tmp_path: Path) -> None:
    path = saved(db_net(), tmp_path / "Det Net.onnx")
    command: list[str | Path] = [
        "models",
        "import",
        "--onnx",
        path,
        "--channels",
        "rgb",
        "--mean",
        "0 0 0",
        "--std",
        "1,1,1",
    ]
    command += ["--unclip-ratio", "0.2", "--languages", "en,de", "--output", tmp_path / "bundle"]
    done = rayocr(*command)
    assert done.returncode == 0, done.stderr
    manifest = tmp_path / "bundle" / "manifest.yaml"
    assert load_manifest(str(manifest)).languages == ("en", "de")
    assert load_manifest(str(manifest)).name == "det-net"
    verified = rayocr("models", "verify", manifest)
    assert verified.returncode == 0
    assert "ok      det-net  detection" in verified.stdout


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "give one or two model folders, or --onnx FILE"),
        (["one", "two", "three"], "give one or two model folders, or --onnx FILE"),
        (["one", "--onnx", "net.onnx"], "give one or two model folders, or --onnx FILE"),
        (["one", "--channels", "rgb"], "a folder of ModelScope tells all about its net"),
        (["--onnx", "net.onnx", "--mean", "half"], "--mean 'half' is not a list of numbers"),
    ],
    ids=["nothing", "three folders", "both", "options of a folder", "mean"],
)
def test_arguments_that_make_no_sense_are_refused(
    capfd: pytest.CaptureFixture[str], arguments: list[str], reason: str
) -> None:
    assert run(["models", "import", *arguments], Invocation()) != 0
    assert reason in capfd.readouterr().err


def test_missing_facts_are_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = saved(db_net(), tmp_path / "det.onnx")
    code = run(["models", "import", "--onnx", str(path), "--output", str(tmp_path / "bundle")], Invocation())
    assert code == 78
    assert capfd.readouterr().err == f"rayocr: {path} does not tell everything: give --channels, --mean, --std\n"


def test_facts_are_asked_from_whom_is_there(tmp_path: Path, options: ImportOptions) -> None:
    asked: list[str] = []

    def answer(missing: list[str], given: Given) -> Given:
        asked.extend(missing)
        return Given(**RGB, **TIGHT)

    import_onnx(saved(db_net(), tmp_path / "det.onnx"), Given(), options, ask=answer)
    assert asked == ["channels", "mean", "std"]
    assert section(options, "detection")["input"]["channels"] == "rgb"


@pytest.mark.parametrize(
    ("given", "cure"),
    [
        ({"channels": "bgr", **UNIT}, r"With --channels rgb --mean '0 0 0' --std '1 1 1' it finds 100%"),
        (
            {"channels": "rgb", "mean": (0.0, 0.0, 0.0), "std": (1 / 255, 1 / 255, 1 / 255)},
            r"With --channels rgb --mean '0 0 0' --std '1 1 1' it finds 100%",
        ),
    ],
    ids=["order of channels", "scale"],
)
def test_wrong_input_of_a_detector_is_named(
    tmp_path: Path, options: ImportOptions, given: dict[str, Any], cure: str
) -> None:
    with pytest.raises(ConfigurationError, match=cure):
        import_onnx(saved(db_net(), tmp_path / "det.onnx"), Given(**given, **TIGHT), options)
    assert is_untouched(options)


def test_wrong_order_of_channels_of_a_recognizer_is_named(
    tmp_path: Path, options: ImportOptions, charset: Path
) -> None:
    path = saved(reader_net(), tmp_path / "rec.onnx")
    with pytest.raises(ConfigurationError, match=r"With --channels rgb .* it reads"):
        import_onnx(path, Given(channels="bgr", **UNIT, charset=charset), options)
    assert is_untouched(options)


def test_charset_in_another_order_is_named(tmp_path: Path, options: ImportOptions) -> None:
    other = tmp_path / "other.txt"
    other.write_text("".join(f"{one}\n" for one in reversed(CHARSET)))
    path = saved(reader_net(), tmp_path / "rec.onnx")
    with pytest.raises(ConfigurationError, match=r"the charset is another net's, or in another order"):
        import_onnx(path, Given(**RGB, charset=other), options)
    assert is_untouched(options)


def test_charset_of_another_size_is_named(tmp_path: Path, options: ImportOptions) -> None:
    other = tmp_path / "other.txt"
    other.write_text("a\nb\n")
    path = saved(reader_net(), tmp_path / "rec.onnx")
    with pytest.raises(ConfigurationError, match=r"tells 11 classes apart, which are 10 characters .* has 2"):
        import_onnx(path, Given(**RGB, charset=other), options)
    assert is_untouched(options)


def of_two_inputs() -> onnx.ModelProto:
    model = db_net()
    model.graph.input.append(helper.make_tensor_value_info("mask", TensorProto.FLOAT, ["n"]))
    return model


def with_custom_operator() -> onnx.ModelProto:
    nodes = [helper.make_node("Deform", ["x"], ["y"], domain="mmcv")]
    return model_of(nodes, {}, ["n", 3, "h", "w"], ["n", 1, "h", "w"], ("", "mmcv"))


def of_shapes(given: list[int | str], returned: list[int | str]) -> onnx.ModelProto:
    return model_of([helper.make_node("Identity", ["x"], ["y"])], {}, given, returned)


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (of_two_inputs(), "has 2 inputs and 1 outputs"),
        (with_custom_operator(), r"uses the operator mmcv\.Deform, which is not of the ONNX standard"),
        (of_shapes(["n", "f"], ["n", "f"]), r"takes x of shape \(open, open\)"),
        (of_shapes(["n", 4, "h", "w"], ["n", 1, "h", "w"]), r"takes x of shape \(open, 4, open, open\)"),
        (of_shapes([1, 3, "h", "w"], [1, 1, "h", "w"]), "takes exactly 1 inputs at a time"),
        (of_shapes(["n", 3, 640, 640], ["n", 1, 640, 640]), "a detector takes pages of any height and width"),
        (of_shapes(["n", 3, "h", "w"], ["n", "f"]), "is not the map"),
        (of_shapes(["n", 3, 32, "w"], ["n", "t", 11]), "is not the map"),
    ],
    ids=["two inputs", "operator", "rank", "channels", "batch", "size", "rank of the output", "recognizer"],
)
def test_net_of_another_kind_is_refused(
    tmp_path: Path, options: ImportOptions, model: onnx.ModelProto, reason: str
) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        import_onnx(saved(model, tmp_path / "net.onnx"), Given(kind="db", **RGB, **TIGHT), options)
    assert is_untouched(options)


@pytest.mark.parametrize("content", [b"", b"no net", None], ids=["empty", "text", "cut off"])
def test_file_that_is_not_a_net_is_refused(tmp_path: Path, options: ImportOptions, content: bytes | None) -> None:
    path = saved(db_net(), tmp_path / "net.onnx")
    path.write_bytes(path.read_bytes()[:-40] if content is None else content)
    with pytest.raises(ConfigurationError, match=r"net\.onnx"):
        import_onnx(path, Given(**RGB, **TIGHT), options)
    assert is_untouched(options)


def test_missing_file_is_refused(tmp_path: Path, options: ImportOptions) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.onnx"):
        import_onnx(tmp_path / "none.onnx", Given(**RGB, **TIGHT), options)


def with_external_data(folder: Path, place: str) -> Path:
    """A detector whose weights lie in another file."""
    folder.mkdir()
    model = db_net()
    tensor = next(one for one in model.graph.initializer if one.name == "luminance")
    content = numpy_helper.to_array(tensor).tobytes()
    onnx.external_data_helper.set_external_data(tensor, place)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    (folder / place).write_bytes(content)
    (folder / "net.onnx").write_bytes(model.SerializeToString())
    return folder / "net.onnx"


def test_weights_in_the_same_folder_are_taken_into_the_file(tmp_path: Path, options: ImportOptions) -> None:
    import_onnx(with_external_data(tmp_path / "net", "weights.bin"), Given(**RGB, **TIGHT), options)
    assert {one.name for one in options.output.iterdir()} == {"detection.onnx", "manifest.yaml"}


@pytest.mark.parametrize("place", ["../weights.bin", "linked.bin"])
def test_weights_outside_the_folder_are_refused(tmp_path: Path, options: ImportOptions, place: str) -> None:
    if place == "linked.bin":
        path = with_external_data(tmp_path / "net", place)
        (tmp_path / "net" / place).rename(tmp_path / "elsewhere.bin")
        (tmp_path / "net" / place).symlink_to(tmp_path / "elsewhere.bin")
    else:
        path = with_external_data(tmp_path / "net", place)
    with pytest.raises(ConfigurationError, match=r"outside its own folder"):
        import_onnx(path, Given(**RGB, **TIGHT), options)
    assert is_untouched(options)


def test_missing_weights_are_named(tmp_path: Path, options: ImportOptions) -> None:
    path = with_external_data(tmp_path / "net", "weights.bin")
    (tmp_path / "net" / "weights.bin").unlink()
    with pytest.raises(ConfigurationError, match=r"weights in 'weights\.bin', which is not there"):
        import_onnx(path, Given(**RGB, **TIGHT), options)


def test_wrong_number_of_means_is_refused(tmp_path: Path, options: ImportOptions) -> None:
    given = Given(channels="rgb", mean=(0.0,), std=(1.0, 1.0, 1.0))
    with pytest.raises(ConfigurationError, match="channels rgb need 3 values, one a channel"):
        import_onnx(saved(db_net(), tmp_path / "det.onnx"), given, options)


def test_only_an_older_import_is_replaced(tmp_path: Path, options: ImportOptions) -> None:
    path = saved(db_net(), tmp_path / "det.onnx")
    options.output.mkdir()
    (options.output / "thesis.tex").write_text("x")
    with pytest.raises(Conflict, match="is not empty"):
        import_onnx(path, Given(**RGB, **TIGHT), options)
    with pytest.raises(Conflict, match=r"holds 'thesis\.tex', which no import writes"):
        import_onnx(path, Given(**RGB, **TIGHT), ImportOptions(options.output, "mine", overwrite=True))
    assert np.array_equal(sorted(one.name for one in options.output.iterdir()), ["thesis.tex"])
