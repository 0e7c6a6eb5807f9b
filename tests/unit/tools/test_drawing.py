"""Drawn pages: for one seed always the same, and with quads that lie around what is written."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from models.errors import ConfigurationError
from tools.int8.drawing import KINDS, DrawnPage, drawn_pages
from tools.int8.drawing.chinese import characters
from tools.int8.drawing.fonts import (
    FACES,
    LATIN,
    SIMPLIFIED,
    TRADITIONAL,
    Face,
    check_fonts,
    drawable,
    installed_fonts,
    load,
)
from tools.int8.drawing.pages import drawn_page
from tools.int8.drawing.sheet import Sheet, Style

Floats = npt.NDArray[np.float32]


def why_no_fonts() -> str | None:
    """What this machine lacks to draw; only who calibrates a net needs it."""
    try:
        check_fonts()
    except ConfigurationError as error:
        return str(error)
    return None


needs_fonts = pytest.mark.skipif(why_no_fonts() is not None, reason=why_no_fonts() or "")


@pytest.fixture(scope="module")
def pages() -> list[DrawnPage]:
    """One page of each kind."""
    return [drawn_page(index, seed=0) for index in (0, 1, 2, 3, 5, 11, 17, 23, 29)]


@pytest.fixture
def _forgotten_fonts() -> Iterator[None]:
    installed_fonts.cache_clear()
    yield
    installed_fonts.cache_clear()


@needs_fonts
def test_same_seed_draws_same_pages_however_many(pages: list[DrawnPage]) -> None:
    for first, again in zip(pages[:4], drawn_pages(4, seed=0), strict=True):
        assert (first.kind, first.texts) == (again.kind, again.texts)
        np.testing.assert_array_equal(first.pixels, again.pixels)
        np.testing.assert_array_equal(first.quads, again.quads)


@needs_fonts
def test_other_seed_draws_other_pages(pages: list[DrawnPage]) -> None:
    for first, other in zip(pages[:4], drawn_pages(4, seed=1), strict=True):
        assert first.kind == other.kind
        assert first.texts != other.texts


@needs_fonts
def test_first_thirty_pages_hold_every_kind(pages: list[DrawnPage]) -> None:
    assert [page.kind for page in pages] == list(KINDS)


@needs_fonts
def test_each_quad_has_a_text_and_lies_in_the_page(pages: list[DrawnPage]) -> None:
    for page in pages:
        height, width, channels = page.pixels.shape
        assert channels == 3
        assert page.pixels.dtype == np.uint8
        assert page.quads.dtype == np.float32
        assert page.quads.shape == (len(page.texts), 4, 2)
        assert all(text == text.strip() != "" for text in page.texts)
        assert (page.quads >= 0).all()
        assert (page.quads <= (width, height)).all()


@needs_fonts
def test_quads_run_clockwise_from_the_top_left(pages: list[DrawnPage]) -> None:
    for quad in np.concatenate([page.quads for page in pages]):
        assert cv2.contourArea(quad, oriented=True) > 0  # in image coordinates: clockwise
        assert quad[1, 0] > quad[0, 0]
        assert quad[3, 1] > quad[0, 1]


@needs_fonts
def test_ordinary_pages_hold_lines_to_calibrate_with(pages: list[DrawnPage]) -> None:
    lines = {page.kind: len(page.texts) for page in pages}
    assert lines["receipt"] >= 20
    assert lines["form"] >= 20
    assert lines["scene"] >= 4
    assert lines["chinese_page"] >= 8


@needs_fonts
@pytest.mark.parametrize(
    ("style", "plane"),
    [
        pytest.param(Style(LATIN[0], 40), None, id="straight"),
        pytest.param(Style(LATIN[0], 40, slant=0.3, stretch=0.7), None, id="slanted and narrow"),
        pytest.param(Style(SIMPLIFIED[-1], 30, stretch=1.3, spacing_px=6), None, id="wide and spaced"),
        pytest.param(Style(LATIN[2], 40), [[0.9, 0.2, 30], [0.1, 1.1, 20], [3e-4, 1e-4, 1]], id="in perspective"),
    ],
)
def test_quad_lies_close_around_the_ink(style: Style, plane: list[list[float]] | None) -> None:
    sheet = Sheet(np.full((300, 600, 3), 255, dtype=np.float32), np.random.default_rng(0))
    sheet.write("Høg 中", style, 50, 120, None if plane is None else np.array(plane, dtype=np.float32))
    assert_quad_fits(sheet)


@needs_fonts
@pytest.mark.parametrize("stretch", [0.7, 1.0, 1.3])
def test_letters_stand_where_they_are_written(stretch: float) -> None:
    sheet = Sheet(np.full((300, 600, 3), 255, dtype=np.float32), np.random.default_rng(0))
    sheet.write("HIH", Style(LATIN[0], 40, stretch=stretch), 50, 120)
    ink = sheet.finish("test").pixels.min(axis=2) < 128
    assert np.flatnonzero(ink.any(axis=1))[-1] == 119
    assert 50 <= np.flatnonzero(ink.any(axis=0))[0] <= 57  # an H keeps a tenth of its height free


@needs_fonts
def test_quad_follows_a_warped_page() -> None:
    sheet = Sheet(np.full((300, 600, 3), 255, dtype=np.float32), np.random.default_rng(0))
    sheet.write("Quick (fox)", Style(LATIN[3], 48), 100, 150)
    turn = np.eye(3, dtype=np.float32)
    turn[:2] = cv2.getRotationMatrix2D((300, 150), 8, 0.9)
    sheet.warp(turn, (255, 255, 255))
    assert_quad_fits(sheet)


def assert_quad_fits(sheet: Sheet) -> None:
    """All ink lies in the one quad, and reaches close to each of its sides."""
    page = sheet.finish("test")
    (quad,) = page.quads
    ink = page.pixels.min(axis=2) < 128
    assert ink.any()
    inside = np.zeros(ink.shape, dtype=np.uint8)
    cv2.fillPoly(inside, [np.rint(quad).astype(np.int32)], 1.0)
    assert not (ink & (inside == 0)).any()
    wide, tall = np.linalg.norm(quad[1] - quad[0]), np.linalg.norm(quad[3] - quad[0])
    target = np.array([[0, 0], [wide, 0], [wide, tall], [0, tall]], dtype=np.float32)
    straight = cv2.warpPerspective(
        ink.astype(np.uint8), cv2.getPerspectiveTransform(quad, target), (round(float(wide)), round(float(tall)))
    )
    rows, columns = np.flatnonzero(straight.any(axis=1)), np.flatnonzero(straight.any(axis=0))
    gaps = [rows[0], tall - rows[-1], columns[0], wide - columns[-1]]
    assert max(gaps) < 0.2 * tall + 2


@needs_fonts
def test_a_line_that_leaves_the_page_is_not_written() -> None:
    sheet = Sheet(np.full((100, 200, 3), 255, dtype=np.float32), np.random.default_rng(0))
    sheet.write("far too long for it", Style(LATIN[0], 40), 10, 60)
    page = sheet.finish("test")
    assert page.texts == ()
    assert page.quads.shape == (0, 4, 2)
    assert (page.pixels == 255).all()


@needs_fonts
def test_no_letter_is_drawn_as_a_box() -> None:
    for face in SIMPLIFIED:
        assert drawable(face, characters("gb2312")[::9]) == characters("gb2312")[::9]
    for face in TRADITIONAL:
        assert drawable(face, characters("big5")[::9]) == characters("big5")[::9]
    for face in LATIN:
        assert drawable(face, "Łódź ț ő İş") == "Łódź ț ő İş"
    assert drawable(SIMPLIFIED[0], "Łódź") == "ód"


@needs_fonts
def test_standards_give_their_common_characters() -> None:
    assert (len(characters("gb2312")), len(characters("big5"))) == (3755, 5401)


def test_missing_font_is_named_with_its_package() -> None:
    try:
        installed_fonts()
    except ConfigurationError as error:
        pytest.skip(str(error))  # the fonts are for calibration alone: no test may require them to be installed
    with pytest.raises(ConfigurationError, match=r"^font Nowhere Sans Bold is missing: apt-get install fonts-nowhere$"):
        load(Face("Nowhere Sans", "Bold", "fonts-nowhere"), 20)


@needs_fonts
@pytest.mark.usefixtures("_forgotten_fonts")
def test_machine_without_fonts_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fonts.conf").write_text(
        f"<fontconfig><dir>{tmp_path}</dir><cachedir>{tmp_path}</cachedir></fontconfig>"
    )
    monkeypatch.setenv("FONTCONFIG_FILE", str(tmp_path / "fonts.conf"))
    with pytest.raises(ConfigurationError, match=r"^fonts for drawn pictures are missing: apt-get install ") as caught:
        next(drawn_pages(1, seed=0))
    assert set(str(caught.value).split("install ")[1].split()) == {face.package for face in FACES}


@pytest.mark.usefixtures("_forgotten_fonts")
def test_machine_without_fontconfig_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match="apt-get install fontconfig"):
        next(drawn_pages(1, seed=0))
