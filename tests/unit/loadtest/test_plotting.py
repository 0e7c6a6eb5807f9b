"""What the pictures of a bench show."""

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from loadtest.bench import pictures_of
from loadtest.bench.comparison import SERVICE
from loadtest.peers import Peer
from loadtest.plotting.accuracy import draw_accuracy
from loadtest.plotting.looks import looks_of
from loadtest.plotting.steps import draw_steps, seconds_by_part
from tests.unit.loadtest.bench_turns import comparison, turn

FAST = "rayocr fast"
PROFILE = {
    "rows": [
        {"group": "work", "name": "decode", "cpu_ms": 20.0},
        {"group": "work", "name": "resize", "cpu_ms": 30.0},
        {"group": "work", "name": "detection_net", "cpu_ms": 70.0},
        {"group": "work", "name": "a_new_step", "cpu_ms": 5.0},
        {"group": "http", "name": "ingress", "cpu_ms": 10.0},
        {"group": "http", "name": "proxy", "cpu_ms": 15.0},
        {"group": "ray", "name": "decode", "cpu_ms": 40.0},
    ]
}


def test_steps_are_summed_to_parts_by_group_and_name() -> None:
    seconds = {part: value for part, value in seconds_by_part(PROFILE).items() if value}
    assert seconds == pytest.approx(
        {"decoding": 0.02, "detection": 0.1, "other work": 0.005, "HTTP": 0.025, "Ray and the rest": 0.04}
    )


def test_bar_of_steps_is_as_long_as_their_sum() -> None:
    figure = Figure()
    draw_steps(
        figure, comparison(turn(1, SERVICE, 4.0, profile=PROFILE, subject="rayocr, bundle tiny"), turn(2, SERVICE, 4.0))
    )
    (axis,) = figure.axes
    assert [label.get_text() for label in axis.get_yticklabels()] == ["sroie: tiny"]
    ends = [bar.get_x() + bar.get_width() for bar in axis.patches if isinstance(bar, Rectangle)]
    assert max(ends) == pytest.approx(0.19)
    assert "0.19" in [text.get_text() for text in axis.texts]


def test_steps_are_a_picture_only_if_they_were_measured() -> None:
    assert list(pictures_of(comparison(turn(1, SERVICE, 4.0)))) == ["", "-accuracy"]
    assert list(pictures_of(comparison(turn(1, SERVICE, 4.0, profile=PROFILE)))) == ["", "-accuracy", "-steps"]


def test_system_of_fewer_pictures_is_hollow_and_counted() -> None:
    figure = Figure()
    turns = [turn(1, SERVICE, 4.0, pictures=60), turn(1, Peer.RAPIDOCR_OPENVINO, 2.0, pictures=60)]
    draw_accuracy(figure, comparison(*turns, turn(1, Peer.TESSERACT, 2.0, pictures=10)))
    (axis,) = figure.axes
    assert axis.get_xscale() == "log"
    assert axis.get_title(loc="left") == "sroie, 60 pictures; hollow: 10"
    points = [points for points in axis.collections if np.size(points.get_offsets())]
    assert [np.size(each.get_facecolor()) > 0 for each in points] == [True, True, False]
    assert "hollow: read fewer pictures" in figure.legends[0].get_texts()[-1].get_text()


@pytest.mark.parametrize("sets", [["sroie"], ["sroie", "funsd", "icdar2015_test"]])
def test_legend_of_all_systems_is_inside(sets: list[str]) -> None:
    figure = Figure(layout="constrained")
    systems = [SERVICE, "rayocr ppocrv6-tiny", *(peer.value for peer in Peer)]
    draw_accuracy(
        figure, comparison(*(turn(1, system, 4.0, pictures=5, dataset=name) for name in sets for system in systems))
    )
    figure.draw_without_rendering()
    legend = figure.legends[0].get_window_extent()
    assert 0 <= legend.x0 < legend.x1 <= figure.bbox.width
    panels = [axis.get_tightbbox() for axis in figure.axes if axis.get_visible()]
    assert len(panels) == len(sets)
    assert all(panel is not None and panel.y0 >= legend.y1 for panel in panels)


def test_far_lower_f1_is_written_at_the_edge() -> None:
    figure = Figure()
    draw_accuracy(figure, comparison(turn(1, SERVICE, 4.0), turn(1, FAST, 8.0, f1_hits=1, subject="rayocr, fast")))
    (axis,) = figure.axes
    assert [text.get_text() for text in axis.texts] == ["F1 0.10 \u2193"]
    assert axis.get_ylim()[0] > 0.4


def test_looks_of_all_systems_differ() -> None:
    looks = looks_of([SERVICE, "rayocr ppocrv6-tiny", FAST, *(peer.value for peer in Peer)])
    assert len({look.marker for look in looks.values()}) == len(looks)
    assert len({to_hex(look.color) for look in looks.values()}) == len(looks)
