"""The default bundle, exported: files are what was asked for, and the examples of README.md run as they stand."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from PIL import Image

from models.errors import ConfigurationError, MalformedRequest, ModelOutputError
from models.export import ExportedFile, ExportOptions, export_bundle
from models.export.check import BOUNDS
from models.manifests import load_manifest
from serve.cli.application import run
from serve.cli.console import Invocation
from tests.onnxruntime_headers import onnxruntime_headers, onnxruntime_library
from tests.pictures import drawn_page

BUNDLE = load_manifest("ppocrv6-small")
NETS = ["detection.onnx", "detection_documents.onnx", "recognition.onnx", "direction.onnx"]
FILES = sorted([*NETS, "README.md", "charset.txt"])
TEXT = "TOTAL 13.50"
EXPORTS = {
    "open": ExportOptions(),
    "small halves from pixels": ExportOptions((320, 416), "fp16", raw_pixels=True, opset=17),
    "integers": ExportOptions((320, 320), "int8"),
}

Exported = Callable[[str], tuple[Path, list[ExportedFile]]]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """Exports each of `EXPORTS` once: its folder, and what was reported."""
    done: dict[str, tuple[Path, list[ExportedFile]]] = {}

    def export(name: str) -> tuple[Path, list[ExportedFile]]:
        if name not in done:
            reported: list[ExportedFile] = []
            folder = tmp_path_factory.mktemp("exports") / "nets"
            export_bundle(BUNDLE, EXPORTS[name], folder, report=reported.append)
            done[name] = folder, reported
        return done[name]

    return export


def example(folder: Path, language: str) -> str:
    """The only code block of a language in a README.md."""
    (code,) = re.findall(rf"^```{language}\n(.*?)^```$", (folder / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    return str(code)


def shapes(folder: Path, file: str) -> tuple[list[int | str], list[int | str]]:
    session = ort.InferenceSession(str(folder / file), providers=["CPUExecutionProvider"])
    return session.get_inputs()[0].shape, session.get_outputs()[0].shape


@pytest.mark.parametrize("name", EXPORTS)
def test_every_file_is_there_valid_and_within_its_bound(exported: Exported, name: str) -> None:
    folder, reported = exported(name)
    assert sorted(path.name for path in folder.iterdir()) == FILES
    assert [path.name for path in folder.parent.iterdir()] == ["nets"]
    assert [one.name for one in reported] == NETS
    bound = BOUNDS[EXPORTS[name].precision]
    for one in reported:
        path = folder / one.name
        onnx.checker.check_model(path, full_check=True)
        assert path.stat().st_size == one.size_bytes
        assert bound.greatest is None or one.greatest <= bound.greatest
        assert bound.mean is None or one.mean <= bound.mean


def test_open_sizes_have_names(exported: Exported) -> None:
    folder, _ = exported("open")
    page = (["batch", 3, "height", "width"], ["batch", 1, "height", "width"])
    assert shapes(folder, "detection.onnx") == shapes(folder, "detection_documents.onnx") == page
    assert shapes(folder, "recognition.onnx") == (["batch", 3, 48, "width"], ["batch", "steps", 18710])
    assert shapes(folder, "direction.onnx") == (["batch", 3, 48, 192], ["batch", 2])


def test_fixed_sizes_leave_only_the_width_of_lines_open(exported: Exported) -> None:
    folder, _ = exported("small halves from pixels")
    assert shapes(folder, "detection.onnx") == ([1, 320, 416, 3], [1, 1, 320, 416])
    assert shapes(folder, "recognition.onnx") == ([1, 48, "width", 3], [1, "steps", 18710])
    assert shapes(folder, "direction.onnx") == ([1, 48, 192, 3], [1, 2])


def test_precision_is_in_the_weights(exported: Exported) -> None:
    def kinds(name: str) -> set[int]:
        graph = onnx.load(exported(name)[0] / "recognition.onnx").graph
        return {one.data_type for one in graph.initializer if np.prod(one.dims) > 1000}

    floats, halves, integers = onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.INT8
    assert kinds("open") == {floats}
    assert kinds("small halves from pixels") == {halves}
    assert kinds("integers") == {floats, integers}
    nodes = onnx.load(exported("integers")[0] / "detection.onnx").graph.node
    recipe = BUNDLE.detection.int8
    assert recipe is not None
    made = {node.output[0] for node in nodes if node.op_type == "DequantizeLinear"}
    quantized = {node.name for node in nodes if node.op_type == "Conv" and set(node.input[:2]) <= made}
    assert quantized == set(recipe.activations)


def test_charset_has_a_line_for_each_class(exported: Exported) -> None:
    folder, _ = exported("open")
    lines = (folder / "charset.txt").read_bytes().decode().removesuffix("\n").split("\n")
    assert len(lines) == 18710
    assert [lines[0], lines[-1]] == ["", " "]
    assert {"A", "é", "文", "\u3000"} <= set(lines)
    assert "The CTC blank is class 0" in (folder / "README.md").read_text()
    assert "Class 18709 is the space" in (folder / "README.md").read_text()


@pytest.mark.parametrize("name", EXPORTS)
def test_python_example_reads_a_page(exported: Exported, name: str, tmp_path: Path) -> None:
    folder, _ = exported(name)
    Image.fromarray(drawn_page(TEXT, width=480)).save(tmp_path / "page.ppm")
    command = [sys.executable, "-c", example(folder, "python"), str(tmp_path / "page.ppm")]
    answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (answer.stdout, answer.stderr) == (f"{TEXT}\n", "")


@pytest.mark.parametrize("name", ["open", "small halves from pixels"])
def test_cpp_example_reads_a_line(exported: Exported, name: str, tmp_path: Path) -> None:
    folder, _ = exported(name)
    Image.fromarray(drawn_page(TEXT, width=480)[36:90, 12:280]).save(tmp_path / "line.ppm")
    (tmp_path / "example.cpp").write_text(example(folder, "cpp"))
    for name_of_library in ("libonnxruntime.so", "libonnxruntime.so.1"):  # for the linker, and for the program
        (tmp_path / name_of_library).symlink_to(onnxruntime_library())
    headers = onnxruntime_headers(tmp_path)
    paths = {"CPATH": str(headers), "LIBRARY_PATH": str(tmp_path), "LD_LIBRARY_PATH": str(tmp_path)}
    environment = os.environ | paths
    (command,) = re.findall(r"`(g\+\+ [^`]*)`", (folder / "README.md").read_text())
    flags = ["-Wall", "-Wextra", "-Werror"]
    subprocess.run([*shlex.split(command), *flags], cwd=tmp_path, env=environment, check=True)
    program = [tmp_path / "example", tmp_path / "line.ppm"]
    answer = subprocess.run(program, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert (answer.stdout, answer.stderr) == (f"{TEXT}\n", "")


def test_failed_check_names_the_net_and_leaves_nothing(tmp_path: Path) -> None:
    recipe = BUNDLE.detection.int8
    assert recipe is not None
    blind = recipe.model_copy(update={"activations": dict.fromkeys(recipe.activations, (0.0, 1e-3))})
    bundle = BUNDLE.model_copy(update={"detection": BUNDLE.detection.model_copy(update={"int8": blind})})
    with pytest.raises(ModelOutputError) as caught:
        export_bundle(bundle, ExportOptions((320, 320), "int8"), tmp_path / "nets")
    assert re.fullmatch(
        r"detection\.onnx in int8 differs from the bundle's own net by 0\.\d+ \(mean difference of a probability\), "
        r"more than 0\.1, so nothing was exported: try another precision or opset",
        caught.value.message,
    )
    assert list(tmp_path.iterdir()) == []


def test_operator_that_cannot_be_converted_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(MalformedRequest) as caught:
        export_bundle(BUNDLE, ExportOptions(opset=10), tmp_path / "nets")
    assert caught.value.message == (
        "detection.onnx can't be made: opset 10: the net, of opset 11, can't be converted (No Adapter From Version $11 "
        "for Resize): give no opset, or a newer one"
    )
    assert list(tmp_path.iterdir()) == []


def test_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nets can't be written: No such file or directory; name a folder"):
        export_bundle(BUNDLE, ExportOptions(), tmp_path / "missing" / "nets")


def test_command_replaces_an_older_export_on_request(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "nets"
    output.mkdir()
    (output / "detection.onnx").write_text("old")
    command = ["models", "export", "ppocrv6-small", "--size", "128", "--output", str(output)]
    assert run(command, Invocation()) == 65
    assert capsys.readouterr().err == (
        f"rayocr: the folder {output} is not empty: name another one, or replace an older export by --overwrite\n"
    )
    assert run([*command, "--overwrite"], Invocation()) == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in printed] == [["ok", name] for name in NETS]
    assert sorted(path.name for path in output.iterdir()) == FILES
    assert list(tmp_path.iterdir()) == [output]
