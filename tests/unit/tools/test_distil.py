"""Lines for the training of small nets: what is drawn, what a net is to say of it, and how its weights are kept."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from models.errors import ConfigurationError
from tools.distil.batches import batch_of, read_classes, steps_of
from tools.distil.fonts import Fonts, LineFont, family_of, found_fonts, is_held_out
from tools.distil.lines import DrawnLine, draw_line
from tools.distil.teacher import taught_steps
from tools.distil.texts import Texts, read_words
from tools.distil.weights import halve, read_arrays
from tools.distil.worn import hardened
from tools.int8.drawing.fonts import installed_fonts

CLASSES = read_classes(Path("tools/distil/latin/latin.txt"))
WORDS = {"american-english": ["invoice", "total", "µm"], "de_DE": ["Straße", "für", "Größe"]}


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> tuple[LineFont, ...]:
    folder = tmp_path_factory.mktemp("fonts")
    for name in ("DejaVu Sans", "DejaVu Serif"):
        path = Path(installed_fonts()[name, "Bold"][0])
        (folder / path.name).symlink_to(path)
    return found_fonts(folder)


def line(width: int, text: str, *places: float) -> DrawnLine:
    pixels = np.full((32, width), 9, np.uint8)
    return DrawnLine(pixels, text, np.array(places, np.float32), pixels)


@pytest.mark.parametrize(
    ("target", "places", "steps"),
    [
        ([5, 6], [2, 13], [5, 0, 0, 6]),
        ([5, 6], [5, 6], [0, 5, 6, 0]),  # both fall on one step
        ([5, 5], [5, 6], [0, 5, 0, 5]),  # the same twice
        ([5, 5, 5], [5, 6, 7], [-1, -1, -1, -1]),  # no room for three and the blanks between
    ],
)
def test_each_character_has_a_step_and_equal_neighbors_a_blank_between(
    target: list[int], places: list[float], steps: list[int]
) -> None:
    assert steps_of(target, np.array(places, np.float32), 4).tolist() == steps


def test_lines_of_a_batch_are_padded_and_their_padding_is_not_learned() -> None:
    batch = batch_of([line(8, "a", 2), line(70, "ab", 2, 60)], {"a": 1, "b": 2})
    assert batch.pixels.shape == (2, 32, 80)
    assert (batch.pixels[0, :, :8] == 9).all()
    assert (batch.pixels[0, :, 8:] == 127).all()
    assert batch.steps[0].tolist() == [1, 0] + [-1] * 18
    assert batch.steps[1].tolist() == [1] + [0] * 14 + [2, 0, 0] + [-1] * 2
    assert batch.targets == [[1], [1, 2]]


def test_steps_of_the_teacher_fall_on_different_steps_of_the_net() -> None:
    steps = taught_steps(np.eye(3, dtype=np.float32) + 1, 4)
    assert steps.tolist() == [[2, 1, 1], [0, 0, 0], [1, 2, 1], [1, 1, 2]]


def test_lines_depend_on_the_seed_alone_and_show_their_text(faces: tuple[LineFont, ...]) -> None:
    def drawn(seed: int) -> list[DrawnLine]:
        rng = np.random.default_rng(seed)
        return [draw_line(rng, Texts(WORDS, CLASSES), Fonts(faces)) for _ in range(40)]

    first, again, other = drawn(1), drawn(1), drawn(2)
    assert [one.text for one in first] == [one.text for one in again] != [one.text for one in other]
    assert all(np.array_equal(one.pixels, two.pixels) for one, two in zip(first, again, strict=True))
    for one in first:
        assert one.pixels.shape[0] == 32
        assert set(one.text) <= set(CLASSES)
        assert len(one.places) == len(one.text) == len(one.text.strip())
        assert (np.diff(one.places) >= 0).all()
        assert one.pixels.std() > 1


def test_a_scanner_makes_ink_black_or_white_and_leaves_it_where_it_was() -> None:
    ink = np.zeros((40, 80), np.float32)
    ink[10:30, 20:60] = 1
    for seed in range(20):
        scanned = hardened(np.random.default_rng(seed), ink)
        assert set(np.unique(scanned)) == {0, 1}
        assert scanned[10:30, 20:60].mean() > 0.7
        assert scanned[:5].mean() < 0.3


def test_some_families_are_kept_for_validation(faces: tuple[LineFont, ...]) -> None:
    assert [family_of(face.path) for face in faces] == ["DejaVuSans", "DejaVuSerif"]
    assert [is_held_out(face.path) for face in faces] == [False, True]
    assert all(ord("ß") in face.letters for face in faces)
    with pytest.raises(ConfigurationError, match="make distil-data"):
        Fonts([])


def test_words_come_from_lists_and_from_dictionaries_in_their_encoding(tmp_path: Path) -> None:
    dict_folder, hunspell = tmp_path / "usr/share/dict", tmp_path / "usr/share/hunspell"
    dict_folder.mkdir(parents=True)
    hunspell.mkdir()
    (dict_folder / "english").write_text("word\nhieroglyph\na\nслово\n", encoding="utf-8")
    (hunspell / "cs_CZ.aff").write_text("SET ISO8859-2\n")
    (hunspell / "cs_CZ.dic").write_bytes("2\nžena/AB\nřeka\n".encode("iso-8859-2"))
    words = read_words(tmp_path, CLASSES)
    assert {name: sorted(some) for name, some in words.items()} == {
        "cs_CZ": ["řeka", "žena"],
        "english": ["hieroglyph", "word"],
    }


def test_classes_are_distinct_and_hold_all_of_ascii() -> None:
    assert len(set(CLASSES)) == len(CLASSES)
    assert set(map(chr, range(32, 127))) <= set(CLASSES)


def test_weights_are_halved_and_read_back_by_name(tmp_path: Path) -> None:
    large, small = np.linspace(0, 1, 2000, dtype=np.float32).reshape(40, 50), np.arange(50, dtype=np.float32)
    nodes = [
        helper.make_node("MatMul", ["x", "net.last.weight"], ["y"]),
        helper.make_node("Add", ["y", "net.last.bias"], ["z"]),
    ]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 40])],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, [1, 50])],
        [numpy_helper.from_array(large, "net.last.weight"), numpy_helper.from_array(small, "net.last.bias")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    whole = len(model.SerializeToString())
    halve(model)
    onnx.checker.check_model(model, full_check=True)
    assert len(model.SerializeToString()) < 0.6 * whole
    onnx.save(model, tmp_path / "net.onnx")
    arrays = read_arrays(tmp_path / "net.onnx")
    assert sorted(arrays) == ["last.bias", "last.weight"]
    np.testing.assert_allclose(arrays["last.weight"], large, atol=5e-4)
    np.testing.assert_array_equal(arrays["last.bias"], small)
