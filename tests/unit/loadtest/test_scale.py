"""What a point of a scale-out run says."""

from collections.abc import Mapping

import pytest

from loadtest.profile.roles import RoleUse
from loadtest.scale.point import Point, Simulation, saturated

WAITS = Simulation(recognition_ms=200)


def point(replicas: int, images_per_s: float, used: Mapping[str, RoleUse], busy_cores: float = 1.0) -> Point:
    return Point(replicas, 1, 3 * replicas, 100, 0, images_per_s, 0.5, 10.0, used, busy_cores, 4)


@pytest.mark.parametrize(
    ("images_per_s", "used", "busy_cores", "words"),
    [
        (9.5, {"ingress": RoleUse(9.0, 9.0, 1)}, 4.0, "recognition (its waits)"),  # 2 replicas of 5 a second
        (7.0, {"ingress": RoleUse(9.0, 9.0, 1), "raylet": RoleUse(1, 1, 1)}, 2.0, "ingress (a process"),
        (
            7.0,
            {"detection": RoleUse(15.0, 7.5, 2), "ingress": RoleUse(8, 8, 1)},
            3.9,
            "4 cores, most of them detection",
        ),
        (7.0, {"ingress": RoleUse(5.0, 5.0, 1)}, 4.0, "other programs"),
        (7.0, {"ingress": RoleUse(5.0, 5.0, 1)}, 2.0, "nothing seen"),
    ],
)
def test_what_holds_the_speed_is_named(
    images_per_s: float, used: Mapping[str, RoleUse], busy_cores: float, words: str
) -> None:
    assert words in saturated(point(2, images_per_s, used, busy_cores), WAITS)


def test_real_nets_have_no_waits() -> None:
    fast = point(1, 1000.0, {"recognition": RoleUse(9.9, 9.9, 1)})
    assert saturated(fast, Simulation(None)) == "recognition (a process with a whole core)"


@pytest.mark.parametrize(
    ("simulation", "replicas", "expected"),
    [
        (Simulation(300, 100), 1, 1),
        (Simulation(300, 100), 8, 3),
        (Simulation(300, 100), 32, 11),
        (Simulation(300), 32, 1),
        (Simulation(None), 2, 1),
    ],
)
def test_simulated_detection_has_replicas_enough(simulation: Simulation, replicas: int, expected: int) -> None:
    assert simulation.detection_replicas(replicas) == expected


def test_simulation_is_named() -> None:
    text = str(Simulation(300, 100))
    assert "simulated recognition: waits 300 ms a page" in text
    assert "simulated detection: waits 100 ms a page" in text
    assert "Nothing is read" in text
    assert str(Simulation(None)) == "real nets"
