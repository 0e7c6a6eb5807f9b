"""Turning pages, and what lies on them."""

import numpy as np
import pytest

from models.page import PageQuads, Quads
from models.straighten import straightened
from models.upright import stored_points, upright_pixels, upright_points, upright_size

TURNS = (0, 90, 180, 270)


@pytest.mark.parametrize("rotation", TURNS)
def test_points_go_where_their_pixels_go(rotation: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    upright = upright_pixels(pixels, rotation)
    assert upright.shape[1::-1] == upright_size((30, 20), rotation)
    corners = np.array([[3, 5], [9, 5], [9, 12], [3, 12]], np.float32)
    left, top = upright_points(corners, (30, 20), rotation).min(axis=0).astype(int)
    right, bottom = upright_points(corners, (30, 20), rotation).max(axis=0).astype(int)
    np.testing.assert_array_equal(upright[top:bottom, left:right], upright_pixels(pixels[5:12, 3:9], rotation))


@pytest.mark.parametrize("rotation", TURNS)
def test_points_come_back(rotation: int) -> None:
    points = np.array([[[0, 0], [30, 0], [30, 20], [7.5, 3]]], np.float32)
    upright = upright_points(points, (30, 20), rotation)
    np.testing.assert_array_equal(stored_points(upright, (30, 20), rotation), points)


@pytest.mark.parametrize("rotation", TURNS)
def test_turned_line_is_cut_out_level_and_without_interpolation(rotation: int) -> None:
    upright = np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8)
    stored = upright_pixels(upright, -rotation % 360)
    quad = np.array([[10, 20], [50, 20], [50, 32], [10, 32]], np.float32)
    as_stored = stored_points(quad, (stored.shape[1], stored.shape[0]), rotation)
    np.testing.assert_array_equal(straightened(stored, as_stored), upright[20:32, 10:50])


def test_polygons_of_a_detected_page_are_in_the_upright_page() -> None:
    # A line that runs downwards at the right edge of the stored page, 100 wide and 200 high.
    points = np.array([[[90, 20], [90, 120], [70, 120], [70, 20]]], np.float32)
    quads = Quads(points, np.ones(1, np.float32), rotation=270)
    page = PageQuads(number=1, width=200, height=100, rotation=270, quads=quads)
    assert page.polygons == (((20.0, 10.0), (120.0, 10.0), (120.0, 30.0), (20.0, 30.0)),)
