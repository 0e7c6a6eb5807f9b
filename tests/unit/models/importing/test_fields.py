"""Each field of a manifest that imported nets need: what it does to pixels, maps and texts."""

from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt
import onnx
import pytest
import yaml
from onnx import helper

from models.detection.db import DbThresholds, db_quads
from models.errors import ConfigurationError
from models.importing.bundle import _file
from models.manifests import load_manifest
from models.manifests.manifest import Chunks, DetectionManifest, NetInput, RecognitionManifest
from models.recognition import TextRecognizer
from models.recognition.crops import fit_line, in_chunks, line_groups
from models.recognition.ctc import CtcDecoder
from models.recognition.widths import LineWidths, common_shapes, width_table
from models.runtime import load_net
from models.runtime.base import normalized, probabilities
from models.settings import DetectionOptions, NetSettings
from tests.unit.models.importing.drawn_nets import CHARSET, model_of, reader_net, saved

RUNTIMES = ("onnxruntime", "openvino")
SHIPPED = load_manifest("ppocrv6-small", with_recipes=False)
FILE = {"source": "file:net.onnx", "sha256": "0" * 64}
GRAY: dict[str, Any] = {"channels": "gray", "mean": [0.2], "std": [0.5]}


def settings(runtime: str) -> NetSettings:
    return NetSettings.model_validate({"runtime": runtime, "precision": "f32", "device": "cpu"})


def detection(**changed: Any) -> DetectionManifest:
    return DetectionManifest.model_validate({**SHIPPED.detection.model_dump(exclude_defaults=True), **changed})


def recognition(**changed: Any) -> RecognitionManifest:
    return RecognitionManifest.model_validate({**SHIPPED.recognition.model_dump(exclude_defaults=True), **changed})


@pytest.mark.parametrize(
    "values",
    [{"channels": "gray", "mean": [0.5] * 3, "std": [0.5] * 3}, {"channels": "rgb", "mean": [0.5], "std": [1]}],
)
def test_mean_and_std_have_a_value_a_channel(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="values, one a channel"):
        NetInput.model_validate(values)


def test_gray_is_the_brightness_that_pictures_have() -> None:
    batch = np.random.default_rng(0).integers(0, 256, (2, 5, 7, 3), dtype=np.uint8)
    found = normalized(batch, NetInput.model_validate(GRAY))
    expected = np.stack([cv2.cvtColor(one, cv2.COLOR_RGB2GRAY) for one in batch])
    assert found.shape == (2, 1, 5, 7)
    np.testing.assert_allclose((found[:, 0] * 0.5 + 0.2) * 255, expected, atol=0.51)  # it is not rounded


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_runtimes_give_a_net_the_same_gray(tmp_path: Path, runtime: str) -> None:
    model = model_of([helper.make_node("Identity", ["x"], ["y"])], {}, ["n", 1, "h", "w"], ["n", 1, "h", "w"])
    path = saved(model, tmp_path / "net.onnx")
    batch = np.random.default_rng(1).integers(0, 256, (1, 32, 64, 3), dtype=np.uint8)
    manifest = detection(input=GRAY)
    (found,) = load_net(path, manifest, "map", settings(runtime)).run(batch)
    assert np.abs(np.asarray(found, np.float32) - normalized(batch, manifest.input)).max() < 1e-4


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("place", ["inside", "outside"])
def test_sigmoid_outside_makes_probabilities_of_a_map(tmp_path: Path, runtime: str, place: str) -> None:
    model = model_of([helper.make_node("Identity", ["x"], ["y"])], {}, ["n", 1, "h", "w"], ["n", 1, "h", "w"])
    path = saved(model, tmp_path / "net.onnx")
    manifest = detection(input={"channels": "gray", "mean": [0.5], "std": [0.01]}, sigmoid=place)
    batch = np.zeros((1, 32, 32, 3), np.uint8)
    batch[:, :16] = 255
    (found,) = load_net(path, manifest, "map", settings(runtime)).run(batch)
    low, high = (-50.0, 50.0) if place == "inside" else (0.0, 1.0)
    assert np.asarray(found, np.float32)[0, 0, [0, 31], 0].tolist() == pytest.approx([high, low], abs=1e-4)


def test_probabilities_of_great_logits_are_numbers() -> None:
    logits = np.array([[-2000.0, 0.0, 2000.0]], np.float32)
    np.testing.assert_allclose(probabilities(logits, "sigmoid"), [[0, 0.5, 1]])
    np.testing.assert_allclose(probabilities(logits, "softmax"), [[0, 0, 1]])
    assert probabilities(logits, None) is logits


def reader(folder: Path, model: onnx.ModelProto, runtime: str, blank: str = "first", **changed: Any) -> TextRecognizer:
    path = saved(model, folder / "net.onnx")
    (folder / "charset.txt").write_text("".join(f"{one}\n" for one in CHARSET))
    values: dict[str, Any] = {
        "file": {**_file(path), "source": f"file:{path}"},
        "input": {"channels": "rgb", "mean": [0, 0, 0], "std": [1, 1, 1]},
        "height_px": 32,
        "charset": {
            "file": {**_file(folder / "charset.txt"), "source": f"file:{folder}/charset.txt"},
            "blank": blank,
            "append_space": False,
        },
        **changed,
    }
    return TextRecognizer.load(recognition(**values), settings(runtime))


def line_of(text: str, width: int = 160, padding: int = 255) -> npt.NDArray[np.uint8]:
    page = np.full((60, 140, 3), 255, np.uint8)
    cv2.putText(page, text, (16, 44), cv2.FONT_HERSHEY_SIMPLEX, 1.1, (0, 0, 0), 2, cv2.LINE_AA)
    return fit_line(page, 32, LineWidths((width,)), padding).pixels[None]


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("place", ["inside", "outside"])
def test_softmax_outside_reads_and_doubts_as_inside(
    tmp_path: Path, runtime: str, place: Literal["inside", "outside"]
) -> None:
    (text,) = reader(tmp_path, reader_net(softmax=place == "inside"), runtime, softmax=place).infer(line_of("2041"))
    assert text.text == "2041"
    assert 0.9 < text.confidence <= 1


@pytest.mark.parametrize("blank", ["first", "last"])
def test_blank_is_where_the_manifest_says(tmp_path: Path, blank: str) -> None:
    recognizer = reader(tmp_path, reader_net(blank=blank), "onnxruntime", blank)
    assert recognizer.infer(line_of("2115"))[0].text == "2115"


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_chunks_are_given_to_the_net_in_a_row(tmp_path: Path, runtime: str) -> None:
    """A net that takes each line in two parts of 88 columns, which share 16, and joins them without the shared ones."""
    whole = reader_net(softmax=False)
    graph = whole.graph
    graph.node[-1].output[0] = "of_parts"
    graph.node.extend(
        [
            helper.make_node("Reshape", ["of_parts", "pairs"], ["by_line"]),
            helper.make_node("Split", ["by_line"], ["first", "second"], axis=1),
            helper.make_node("Slice", ["first", "begin", "until", "steps_axis"], ["left"]),
            helper.make_node("Slice", ["second", "from", "end", "steps_axis"], ["right"]),
            helper.make_node("Concat", ["left", "right"], ["joined"], axis=2),
            helper.make_node("Squeeze", ["joined", "pair_axis"], ["y"]),
        ]
    )
    constants = {"pairs": [-1, 2, 88, 11], "begin": [0], "until": [80], "from": [8], "end": [88]}
    for name, value in {**constants, "steps_axis": [2], "pair_axis": [1]}.items():
        graph.initializer.append(onnx.numpy_helper.from_array(np.array(value, np.int64), name))
    chunks = {"count": 2, "width_px": 88, "overlap_px": 16}
    if runtime == "openvino":  # whose runtime cuts nets before their last product, which is not at the end here
        with pytest.raises(ConfigurationError, match="run it with runtime onnxruntime"):
            reader(tmp_path, whole, runtime, width_px=160, chunks=chunks, softmax="outside")
        return
    recognizer = reader(tmp_path, whole, runtime, width_px=160, chunks=chunks, softmax="outside")
    lines = np.concatenate([line_of("2041"), line_of("2115"), line_of("2078")])
    assert [text.text for text in recognizer.infer(lines)] == ["2041", "2115", "2078"]


def test_chunks_overlap() -> None:
    batch = np.random.default_rng(2).integers(0, 256, 2 * 4 * 22 * 3, dtype=np.uint8).reshape(2, 4, 22, 3)
    found = in_chunks(batch, Chunks(count=3, width_px=8, overlap_px=1))
    assert found.shape == (6, 4, 8, 3)
    for index in range(6):
        start = index % 3 * 7
        np.testing.assert_array_equal(found[index], batch[index // 3, :, start : start + 8])


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"width_px": 800, "chunks": {"count": 3, "width_px": 300, "overlap_px": 48}}, "make lines of 804 columns"),
        ({"chunks": {"count": 3, "width_px": 300, "overlap_px": 48}}, "but width_px is None"),
        ({"width_px": 804, "chunks": {"count": 3, "width_px": 300, "overlap_px": 300}}, "can't overlap by 300"),
    ],
    ids=["other width", "no width", "overlap"],
)
def test_chunks_must_make_a_line(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        recognition(**fields)


def test_net_of_a_fixed_width_has_no_other() -> None:
    assert width_table(4, 640) == (640,)
    assert common_shapes(4, 640) == ((1, 640),)
    assert LineWidths.of_page((640,), lines=3).table == (640,)
    assert LineWidths.of_page((100,), lines=3).table == (100,)  # less than scenes take otherwise


def test_groups_count_the_padding_of_a_fixed_width() -> None:
    quads = np.tile(np.array([[0, 0], [64, 0], [64, 32], [0, 32]], np.float32), (1000, 1, 1))
    assert len(line_groups(quads, 32, 640)) == 1
    assert len(line_groups(quads, 32, 640, least_columns=640)) == 4


@pytest.mark.parametrize("padding", [0, 127, 255])
def test_padding_is_behind_a_line(padding: int) -> None:
    crop = fit_line(np.full((32, 40, 3), 200, np.uint8), 32, LineWidths((64,)), padding)
    assert set(crop.pixels[:, :40].flat) == {200}
    assert set(crop.pixels[:, 40:].flat) == {padding}


def map_of(*boxes: tuple[int, int, int, int]) -> npt.NDArray[np.float32]:
    found = np.zeros((100, 200), np.float32)
    for left, top, right, bottom in boxes:
        found[top:bottom, left:right] = 0.9
    return found


@pytest.mark.parametrize(("dilation", "count"), [(1, 2), (2, 1)])
def test_dilation_mends_a_broken_line(dilation: int, count: int) -> None:
    thresholds = DbThresholds.of(detection(dilation_px=dilation), DetectionOptions())
    points, _ = db_quads(map_of((20, 40, 80, 52), (81, 40, 150, 52)), (200, 100), thresholds)
    assert len(points) == count


@pytest.mark.parametrize(("least", "count"), [(3, 2), (9, 1)])
def test_regions_that_are_too_thin_are_noise(least: float, count: int) -> None:
    thresholds = DbThresholds.of(detection(least_side_px=least), DetectionOptions())
    points, _ = db_quads(map_of((20, 20, 150, 26), (20, 60, 150, 80)), (200, 100), thresholds)
    assert len(points) == count


def test_class_without_a_text_is_read_over() -> None:
    decode = CtcDecoder(["", "", "a", "b"], 0)
    sure = np.full(6, 0.9, np.float32)
    text = decode(np.array([2, 1, 1, 3, 1, 3], np.int32), sure, np.zeros(6, np.float32))
    assert (text.text, text.characters) == ("abb", ("a", "b", "b"))
    assert decode(np.array([1], np.int32), sure[:1], sure[:1]).text == ""


def test_files_lie_beside_their_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = SHIPPED.model_dump(mode="json", exclude_defaults=True)
    values["detection"]["file"] = {"source": "file:nets/det.onnx", "sha256": "0" * 64}
    values["recognition"]["file"] = {"source": "file:///opt/rec.onnx", "sha256": "0" * 64}
    (tmp_path / "other.yaml").write_text(yaml.safe_dump(values))
    monkeypatch.chdir(tmp_path)
    files = load_manifest("other.yaml").files()
    assert files["detection"].source == f"file:{tmp_path}/nets/det.onnx"
    assert files["recognition"].source == "file:/opt/rec.onnx"
