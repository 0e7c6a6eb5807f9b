"""Pages turned, lines upside down, and vertical writing, which is neither."""

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from models.detection import PageDetector
from models.direction import LineDirection
from models.manifests import load_manifest
from models.page import Line, Page, Polygon
from models.settings import DetectionOptions, NetSettings
from models.upright import upright_pixels, upright_size
from tests.integration.models.readers import RUNTIMES, Reader
from tests.pictures import DATA, drawn_page

Pixels = npt.NDArray[np.uint8]

ROWS = ("INVOICE 2041", "2x Green tea 7.80", "1x Cake 5.70", "TOTAL 13.50")
TURNED = (90, 180, 270)
COLUMNS = (
    "今天天气很好我们去公园",
    "春眠不觉晓处处闻啼鸟",
    "夜来风雨声花落知多少",
    "床前明月光疑是地上霜",
    "举头望明月低头思故乡",
)


def stored(upright: Pixels, rotation: int) -> Page:
    """A page that has to be turned clockwise by so much."""
    return Page(upright_pixels(upright, -rotation % 360))


def words_of(polygon: Polygon, page: Pixels) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of the ink in a polygon."""
    (left, top), (right, bottom) = np.floor(np.min(polygon, 0)).astype(int), np.ceil(np.max(polygon, 0)).astype(int)
    rows, columns = np.nonzero(page[max(top, 0) : bottom, max(left, 0) : right, 1] < 128)
    return left + columns.min(), top + rows.min(), left + columns.max(), top + rows.max()


@pytest.fixture(scope="module")
def lines_of_upright(readers: dict[str, Reader]) -> Callable[[tuple[str, ...]], tuple[Line, ...]]:
    """Gives the lines that are read in an upright page of such rows, which is read once."""

    @cache
    def lines(rows: tuple[str, ...]) -> tuple[Line, ...]:
        return readers["openvino"].lines(Page(drawn_page(*rows)))

    return lines


@pytest.mark.parametrize("rows", [ROWS, ROWS * 4, ("Hello World",)], ids=["4 rows", "16 rows", "1 row"])
@pytest.mark.parametrize("rotation", TURNED)
def test_turned_page_has_the_lines_of_the_upright_page(
    readers: dict[str, Reader],
    lines_of_upright: Callable[[tuple[str, ...]], tuple[Line, ...]],
    rows: tuple[str, ...],
    rotation: int,
) -> None:
    upright = drawn_page(*rows)
    page = stored(upright, rotation)
    (turned, lines), expected = readers["openvino"].turned(page), lines_of_upright(rows)
    assert turned == rotation
    assert [line.text for line in lines] == [line.text for line in expected] == list(rows)
    for line, other in zip(lines, expected, strict=True):
        # They begin at the text's top left, and hold the same ink.
        np.testing.assert_allclose(line.polygon, other.polygon, atol=6)
        assert words_of(line.polygon, upright) == words_of(other.polygon, upright)
        assert [word.text for word in line.words] == line.text.split()
        for word, other_word in zip(line.words, other.words, strict=True):
            np.testing.assert_allclose(word.polygon, other_word.polygon, atol=9)


@pytest.mark.parametrize("rotation", TURNED)
def test_page_is_kept_as_it_is_when_asked(readers: dict[str, Reader], rotation: int) -> None:
    page = stored(drawn_page(*ROWS), rotation)
    assert readers["openvino"].detector.detect(page, DetectionOptions(upright=False)).rotation == 0


@pytest.mark.slow
@pytest.mark.parametrize("rotation", [0, *TURNED])
def test_second_pass_and_tiles_are_turned_too(readers: dict[str, Reader], rotation: int) -> None:
    """Lines of 11 pixels on a page of 3,000: too small for the first pass."""
    upright = np.full((3000, 2200, 3), 255, np.uint8)
    small = cv2.resize(drawn_page(*ROWS * 6), None, fx=0.34, fy=0.34, interpolation=cv2.INTER_AREA)
    upright[200 : 200 + small.shape[0], 300 : 300 + small.shape[1]] = small
    for row in range(5):
        cv2.putText(upright, "Headline of a page", (300, 1400 + 200 * row), cv2.FONT_HERSHEY_SIMPLEX, 3, (0, 0, 0), 6)
    page = stored(upright, rotation)
    turned, lines = readers["openvino"].turned(page)
    assert turned == rotation
    assert [line.text for line in lines] == [*ROWS * 6, *["Headline of a page"] * 5]


@pytest.mark.parametrize("skew", [-5, 4])
@pytest.mark.parametrize("rotation", TURNED)
def test_skewed_page_is_turned_by_whole_quarters(readers: dict[str, Reader], rotation: int, skew: int) -> None:
    picture = Image.fromarray(drawn_page(*ROWS * 2, width=800))
    upright = np.asarray(picture.rotate(skew, Image.Resampling.BICUBIC, expand=True, fillcolor=(255, 255, 255)))
    page = stored(upright, rotation)
    turned, lines = readers["openvino"].turned(page)
    assert (turned, [line.text for line in lines]) == (rotation, list(ROWS * 2))


@pytest.mark.parametrize("degrees", [50, 60, 70, -50, -60, -70])
def test_oblique_lines_are_read_in_order(readers: dict[str, Reader], degrees: int) -> None:
    """Counterclockwise from level; the page is turned by the quarter that leaves less than 45 degrees."""
    picture = Image.fromarray(drawn_page(*ROWS))
    page = Page(np.array(picture.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=(255, 255, 255))))
    rotation = 90 if degrees > 0 else 270
    turned, lines = readers["openvino"].turned(page)
    assert (turned, [line.text for line in lines]) == (rotation, list(ROWS))


@pytest.mark.parametrize("quarter_turns", [1, 3])
def test_second_receipt_that_lies_sideways_is_read_in_its_own_rows(
    readers: dict[str, Reader], quarter_turns: int
) -> None:
    desk = np.full((800, 1100, 3), 255, np.uint8)
    for left, receipt in (
        (20, drawn_page(*ROWS, width=500)),
        (600, np.rot90(drawn_page(*ROWS, width=500), quarter_turns)),
    ):
        desk[100 : 100 + receipt.shape[0], left : left + receipt.shape[1]] = receipt
    assert readers["openvino"].read(Page(desk)) == [*ROWS, *ROWS]


def vertical_page(columns: tuple[str, ...] = COLUMNS) -> Pixels:
    """Columns of upright characters, the first at the right, in the font that OpenCV brings along."""
    page = np.full((560, 480, 3), 255, np.uint8)
    font = cv2.FontFace("uni")
    for column, text in enumerate(columns):
        for row, character in enumerate(text):
            aside = 22 if character in "，。" else 0  # such marks stand at the upper right
            place = (400 - 80 * column + aside, 70 + 44 * row - aside)
            cv2.putText(page, character, place, (0, 0, 0), font, 40)
    return page


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_vertical_writing_is_not_turned(readers: dict[str, Reader], runtime: str) -> None:
    page = Page(vertical_page())
    quads = readers[runtime].detector.detect(page, DetectionOptions())
    assert (len(quads), quads.rotation) == (5, 0)
    assert readers[runtime].read(page) == list(COLUMNS)


def test_punctuation_of_vertical_writing_is_read(readers: dict[str, Reader]) -> None:
    columns = ("今天天气很好，去公园。", "春眠不觉晓，闻啼鸟。", "夜来风雨声，花落多少。")
    lines = readers["openvino"].lines(Page(vertical_page(columns)), with_characters=True)
    assert [line.text for line in lines] == list(columns)
    for line in lines:
        tops = [min(y for _, y in character.polygon) for word in line.words for character in word.characters]
        np.testing.assert_allclose(tops, 36 + 44 * np.arange(len(line.text)), atol=24)


def test_vertical_writing_upside_down_is_turned(readers: dict[str, Reader]) -> None:
    page = stored(vertical_page(), 180)
    turned, lines = readers["openvino"].turned(page)
    assert (turned, [line.text for line in lines]) == (180, list(COLUMNS))


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_line_upside_down_on_an_upright_page_is_read(readers: dict[str, Reader], runtime: str) -> None:
    upright = drawn_page(*ROWS)
    plain = readers[runtime].lines(Page(upright))[1].polygon
    upright[84:144] = upright[84:144][::-1, ::-1]  # the second row
    page, reader = Page(upright), readers[runtime]
    rotation, found = reader.turned(page)
    assert rotation == 0
    lines = {line.text: line for line in found}
    assert set(lines) == set(ROWS)
    # Its first corner is at its text's top left: on the page at its bottom right.
    turned = [(640 - x, 84 + 144 - y) for x, y in plain]
    np.testing.assert_allclose(lines[ROWS[1]].polygon, turned, atol=12)


def test_line_written_upwards_on_an_upright_page_is_read(readers: dict[str, Reader]) -> None:
    upright = np.full((700, 900, 3), 255, np.uint8)
    text = drawn_page(*ROWS * 2)
    upright[80 : 80 + text.shape[0], 200 : 200 + text.shape[1]] = text
    margin = np.rot90(drawn_page("Appendix to the contract", width=520))
    upright[100 : 100 + margin.shape[0], 20 : 20 + margin.shape[1]] = margin
    lines = readers["openvino"].lines(Page(upright))
    assert [line.text for line in lines] == [*ROWS * 2, "Appendix to the contract"]
    line = lines[-1]
    begin, end = line.polygon[0], line.polygon[1]
    assert begin[1] - end[1] > 300  # it runs upwards


@pytest.mark.parametrize("rotation", [0, *TURNED])
def test_page_without_text_is_not_turned(readers: dict[str, Reader], rotation: int) -> None:
    page = stored(np.full((300, 500, 3), 255, np.uint8), rotation)
    assert readers["openvino"].detector.detect(page, DetectionOptions()).rotation == 0


def test_line_has_the_same_odds_alone_and_with_others(readers: dict[str, Reader]) -> None:
    manifest = load_manifest("ppocrv6-small")
    page = drawn_page(*ROWS)
    quads = readers["openvino"].detector.detect(Page(page), DetectionOptions()).points
    for runtime in RUNTIMES:
        settings = NetSettings.model_validate({"runtime": runtime, "device": "cpu", "precision": "f32"})
        direction = LineDirection.load(manifest, manifest.detection, settings)
        assert direction is not None
        lines = [direction.fitted(direction.line(page, quad)) for quad in quads]
        together = direction.lines_of_a_run() or len(lines)
        assert [direction.infer(line[None])[0] for line in lines[:together]] == direction.infer(
            np.stack(lines[:together])
        )


def test_bundle_without_the_classifier_turns_nothing() -> None:
    manifest = load_manifest("ppocrv6-small").model_copy(update={"direction": None})
    settings = NetSettings(device="cpu", runtime="openvino", precision="f32")
    direction = LineDirection.load(manifest, manifest.detection, settings)
    assert direction is None
    quads = PageDetector.load(manifest, settings, direction).detect(stored(drawn_page(*ROWS), 180), DetectionOptions())
    assert (len(quads), quads.rotation) == (4, 0)


@pytest.mark.slow
def test_turned_public_pages_are_turned_back(readers: dict[str, Reader]) -> None:
    for path in sorted((DATA / "rotated" / "images").glob("*.jpg"))[::5]:  # none where the data is not here
        clockwise = int(path.stem.rpartition("_cw")[2])
        with Image.open(path) as picture:
            page = Page(np.array(picture.convert("RGB")))
        quads = readers["openvino"].detector.detect(page, DetectionOptions())
        assert quads.rotation == 360 - clockwise, path.name
        width, height = upright_size((page.width, page.height), quads.rotation)
        assert height > width
