"""Lines cut out of drawn pages."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from models.recognition.crops import LineCrop, crop_line
from models.recognition.widths import LineWidths

Pixels = npt.NDArray[np.uint8]

HEIGHT = 48
WIDTHS = tuple(range(96, 4097, 8))
PADDING = 127


def noise(width: int, height: int) -> Pixels:
    page = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    page.flags.writeable = False
    return page


def crop(page: Pixels, quad: list[tuple[float, float]] | npt.NDArray[np.float64]) -> LineCrop:
    return crop_line(page, np.array(quad, dtype=np.float32), HEIGHT, LineWidths(WIDTHS))


def level(left: float, top: float, right: float, bottom: float) -> list[tuple[float, float]]:
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def test_straight_line_of_the_right_height_keeps_its_pixels() -> None:
    page = noise(300, 200)
    line = crop(page, level(20, 30, 220, 78))
    np.testing.assert_array_equal(line.pixels[:, :200], page[30:78, 20:220])
    assert (line.columns, line.is_squeezed) == (200, False)


def test_rest_of_the_bucket_is_gray() -> None:
    line = crop(noise(300, 200), level(20, 30, 223, 78))
    assert line.columns == 203
    assert line.pixels.shape == (HEIGHT, 208, 3)
    assert (line.pixels[:, 203:] == PADDING).all()


def test_almost_straight_line_is_not_interpolated() -> None:
    page = noise(300, 200)
    line = crop(page, [(20.3, 30.2), (220.1, 29.8), (219.9, 78.3), (19.8, 77.9)])
    np.testing.assert_array_equal(line.pixels[:, :200], page[30:78, 20:220])


@pytest.mark.parametrize(
    ("width", "height", "columns", "bucket", "reason"),
    [
        (100, 24, 200, 200, "enlarged to the height"),
        (400, 96, 200, 200, "scaled down to the height"),
        (101, 48, 101, 104, "next bucket"),
        (10, 48, 10, 96, "one narrow letter: the least bucket"),
        (100, 47, 103, 104, "102.1 columns are not cut to 102"),
    ],
)
def test_line_keeps_its_shape(width: int, height: int, columns: int, bucket: int, reason: str) -> None:
    line = crop(noise(500, 200), level(5, 5, 5 + width, 5 + height))
    assert (line.columns, line.pixels.shape[1], line.is_squeezed) == (columns, bucket, False), reason


@pytest.mark.parametrize("degrees", [-90, -60, -30, -5, 2, 10, 30, 60, 90, 135, 180])
def test_turned_line_is_upright_in_the_crop(degrees: float) -> None:
    line = np.zeros((HEIGHT, 200, 3), dtype=np.uint8)
    line[: HEIGHT // 2, :100] = (200, 0, 0)
    line[: HEIGHT // 2, 100:] = (0, 200, 0)
    line[HEIGHT // 2 :, 100:] = (0, 0, 200)
    line[HEIGHT // 2 :, :100] = (200, 200, 0)
    radians = np.deg2rad(degrees)
    turn = np.array([[np.cos(radians), -np.sin(radians)], [np.sin(radians), np.cos(radians)]])
    corners = np.array([[0, 0], [200, 0], [200, HEIGHT], [0, HEIGHT]])
    quad = (corners - (100, HEIGHT / 2)) @ turn.T + (150, 150)
    shift = (150, 150) - turn @ (100, HEIGHT / 2)
    page = np.asarray(cv2.warpAffine(line, np.hstack([turn, shift[:, None]]), (300, 300)), dtype=np.uint8)
    found = crop(page, quad).pixels
    assert found.shape == (HEIGHT, 200, 3)
    for rows in (slice(4, 20), slice(28, 44)):
        for columns in (slice(6, 94), slice(106, 194)):
            np.testing.assert_allclose(found[rows, columns], line[rows, columns], atol=12)


@pytest.mark.parametrize(
    "quad",
    [
        level(0, 0, 300, 200),
        level(299.6, 150, 300, 200),
        level(100, 199.7, 200, 200),
        level(300, 200, 300, 200),
        [(-20, 60), (80, -20), (100, 20), (0, 100)],
        [(250, 150), (330, 190), (320, 220), (240, 180)],
    ],
    ids=["whole page", "last column", "last row", "corner", "over the top left", "over the bottom right"],
)
def test_line_at_or_over_the_edge_shows_only_the_page(quad: list[tuple[float, float]]) -> None:
    page = np.full((200, 300, 3), 90, dtype=np.uint8)
    line = crop(page, quad)
    assert (line.pixels[:, : line.columns] == 90).all()


@pytest.mark.parametrize("quad", [level(10, 10, 11, 11), level(10.2, 10.2, 10.3, 10.3), [(10, 10)] * 4])
def test_quad_of_one_pixel_is_that_pixel(quad: list[tuple[float, float]]) -> None:
    page = noise(50, 50)
    line = crop(page, quad)
    assert line.columns == HEIGHT
    assert (line.pixels[:, :HEIGHT] == page[10, 10]).all()


def test_quad_without_height_but_slanted_is_cut() -> None:
    # What clipping at the page's edge can leave of a slanted line.
    line = crop(noise(300, 200), [(10, 0), (200, 5), (200, 5.5), (10, 0.5)])
    assert line.pixels.shape == (HEIGHT, WIDTHS[-1], 3)
    assert line.is_squeezed


@pytest.mark.parametrize(("width", "squeezed"), [(4096, False), (4097, True), (20_000, True)])
def test_very_long_line_is_squeezed_into_the_widest_bucket(width: int, squeezed: bool) -> None:
    line = crop(noise(width, HEIGHT), level(0, 0, width, HEIGHT))
    assert (line.columns, line.pixels.shape[1], line.is_squeezed) == (4096, 4096, squeezed)


@pytest.mark.parametrize(("width", "columns"), [(112, 96), (113, 104), (100, 96), (96, 96), (50, 50)])
def test_line_is_made_narrower_to_fit(width: int, columns: int) -> None:
    page = noise(400, 96)
    quad = np.array(level(0, 0, width * 2, 96), dtype=np.float32)
    line = crop_line(page, quad, HEIGHT, LineWidths(WIDTHS, 0.85))
    assert (line.columns, line.is_squeezed) == (columns, False)
    assert (line.pixels[:, line.columns :] == PADDING).all()


def test_turned_line_on_a_page_wider_than_short_integers_is_cut() -> None:
    # OpenCV's remapping counts source columns in 16 bits.
    page = np.zeros((200, 40_000, 3), dtype=np.uint8)
    page[:, 37_000:] = 200
    line = crop(page, [(38_000, 60), (38_190, 90), (38_184, 128), (37_994, 98)])
    assert (line.pixels[:, : line.columns] == 200).all()


def line_of_boxes(top: int, bottom: int, first: int = 60, last: int = 420) -> Pixels:
    """A page with a line of black characters, 8 px wide, on gray paper."""
    page = np.full((120, 500, 3), 220, dtype=np.uint8)
    for left in range(first, last, 16):
        page[top:bottom, left : left + 8] = 20
    return page


def of_document(page: Pixels, quad: list[tuple[float, float]]) -> LineCrop:
    return crop_line(page, np.array(quad, dtype=np.float32), HEIGHT, LineWidths(WIDTHS), is_document=True)


def test_line_that_fills_its_quad_gets_paper_above_and_below() -> None:
    page = line_of_boxes(44, 76)
    found = of_document(page, level(57, 40, 415, 80))  # 32 of 40 rows
    rows = np.flatnonzero((found.line < 120).any(axis=(1, 2)))
    assert (int(rows[-1]) + 1 - int(rows[0])) / HEIGHT == pytest.approx(32 / 52, abs=0.05)
    np.testing.assert_allclose(found.line[[0, -1]], 220, atol=1)
    assert found.columns == pytest.approx(358 * 48 / 52, abs=2)


def test_line_with_room_above_and_below_stays_as_it_is() -> None:
    page = line_of_boxes(48, 72)
    quad = level(58, 36, 414, 84)
    np.testing.assert_array_equal(of_document(page, quad).pixels, crop(page, quad).pixels)


def test_neighbors_of_a_line_do_not_count_as_its_height() -> None:
    page = line_of_boxes(50, 70)
    page[36:39, 60:420], page[81:84, 60:420] = 20, 20
    assert of_document(page, level(58, 36, 414, 84)).line.shape[1] == 356


def test_line_under_a_stamp_that_reaches_beyond_the_quad_gets_no_paper() -> None:
    page = line_of_boxes(46, 74)
    page[:100, 180:240] = 20
    assert of_document(page, level(58, 40, 418, 80)).line.shape == (HEIGHT, 432, 3)


@pytest.mark.parametrize("margin", [0, 3, 8, 12])
def test_blank_ends_are_cut_and_no_ink_is(margin: int) -> None:
    page = line_of_boxes(48, 72, first=60, last=60 + 16 * 20)
    left, right = 60 - margin, 60 + 16 * 19 + 8 + margin
    found = of_document(page, level(left, 36, right, 84))
    kept = min(margin, 5)
    assert found.begin * (right - left) == pytest.approx(margin - kept, abs=0.01)
    assert (1 - found.end) * (right - left) == pytest.approx(margin - kept, abs=0.01)
    assert found.columns == right - left - 2 * (margin - kept)


def test_no_more_than_a_margin_is_cut_of_faint_ends() -> None:
    page = line_of_boxes(48, 72)
    page[48:72, 420:480] = 205  # fainter than the share that counts as ink
    found = of_document(page, level(55, 36, 485, 84))
    assert found.end * 430 >= 430 - 0.2 * 48 - 1


def test_places_in_a_crop_are_those_of_its_quad() -> None:
    found = of_document(line_of_boxes(48, 72), level(45, 36, 435, 84))
    assert found.begin > 0
    at = found.positions(np.array([found.begin, found.end]))
    np.testing.assert_allclose(at, [0, found.shown])


def test_lone_character_is_cut_out_as_it_was_found() -> None:
    page = line_of_boxes(40, 80, first=60, last=70)
    quad = level(50, 36, 86, 84)
    np.testing.assert_array_equal(of_document(page, quad).pixels, crop(page, quad).pixels)
