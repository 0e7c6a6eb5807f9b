"""Choosing the convolutions that bear integers: the choice by hand, and the whole way on a tiny net."""

from collections.abc import Sequence

import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as ops

from tests.unit.tools.tiny_nets import Floats, convolution
from tools.int8.calibrate import Candidate, calibrate, chosen

SHAPE = (1, 3, 24, 32)


def candidate(name: str, multiplications: float, shift: float) -> Candidate:
    return Candidate(name, (0.0, 1.0), multiplications, shift)


CHEAP = candidate("cheap", 0.5, 0.5)  # shift of 1 for all of the work
MIDDLE = candidate("middle", 0.25, 0.5)  # of 2
DEAR = candidate("dear", 0.125, 0.5)  # of 4
FREE = candidate("free", 0.01, 0.0)


@pytest.mark.parametrize(
    ("found", "budget", "names", "reason"),
    [
        ([CHEAP, MIDDLE, DEAR], 9.0, ["cheap", "middle", "dear"], "enough for all"),
        ([CHEAP, MIDDLE, DEAR], 0.75, ["cheap"], "the least shift for its work first"),
        ([DEAR, MIDDLE, CHEAP], 1.25, ["middle", "cheap"], "in their own order"),
        ([CHEAP, MIDDLE, DEAR], 1.0, ["cheap", "middle"], "the budget may be used up"),
        ([CHEAP, MIDDLE, DEAR], 0.99, ["cheap"], "and not exceeded"),
        ([CHEAP, MIDDLE, DEAR], 0.49, [], "not even one"),
        ([CHEAP, FREE], 0.0, ["free"], "no shift costs nothing"),
        ([], 1.0, [], "no candidate"),
        # A lesser shift after one that does not fit would be of less use for its shift: it is not looked at.
        ([CHEAP, candidate("tiny", 0.001, 0.01)], 0.4, [], "none after the first that does not fit"),
    ],
)
def test_choice(found: Sequence[Candidate], budget: float, names: list[str], reason: str) -> None:
    assert [one.name for one in chosen(found, budget)] == names, reason


def net() -> ov.Model:
    """Convolutions, added up: a loud and a quiet one of as much work, one behind a ReLU, and one of next to no work."""
    weights = np.random.default_rng(3).normal(size=(4, 3, 3, 3)).astype(np.float32)
    pixels = ops.parameter([1, 3, -1, -1], np.float32)
    small = ops.constant(np.float32(1e-3))
    mean = ops.reduce_mean(pixels, ops.constant(np.array([2, 3])), keep_dims=True)
    loud = convolution(pixels, weights, "loud")
    quiet = convolution(ops.multiply(pixels, ops.constant(np.float32(0.5))), weights, "quiet")
    one_sided = convolution(ops.relu(pixels), weights, "one-sided")
    little = convolution(mean, weights[:, :, 1:2, 1:2].copy(), "little")
    total = ops.add(ops.add(loud, little), ops.multiply(ops.add(quiet, one_sided), small))
    return ov.Model([total], [pixels])


def samples() -> list[Floats]:
    random = np.random.default_rng(4)
    return [(random.normal(size=SHAPE) * scale).astype(np.float32) for scale in (1, 2, 3)]


def mean_range(factor: float) -> tuple[float, float]:
    """Means of the samples' extremes: not the extremes of all."""
    least, greatest = (np.mean([function(sample) for sample in samples()]) for function in (np.min, np.max))
    return factor * float(least), factor * float(greatest)


def test_insensitive_convolution_is_chosen_with_the_mean_range_of_its_input() -> None:
    told: list[Candidate] = []
    ranges = calibrate(net, samples(), budget=0.1, report=told.append, least_below_zero=0.25)
    # Neither the one that gains nothing, nor the one whose input lies on one side of zero.
    assert {one.name: round(one.multiplications, 2) for one in told} == {"loud": 0.33, "quiet": 0.33}
    shifts = {one.name: one.shift for one in told}
    assert 0 < 100 * shifts["quiet"] < shifts["loud"]
    assert list(ranges) == ["quiet"]
    assert ranges["quiet"] == pytest.approx(mean_range(0.5), abs=1e-4)


def test_larger_budget_takes_the_sensitive_one_too() -> None:
    ranges = calibrate(net, samples(), budget=1000, report=lambda one: None, least_below_zero=0.25)
    assert set(ranges) == {"loud", "quiet"}
    assert ranges["loud"] == pytest.approx(mean_range(1.0), abs=1e-4)


def test_same_samples_give_the_same_recipe() -> None:
    one, other = (
        calibrate(net, samples(), budget=1000, report=lambda one: None, least_below_zero=0.25) for _ in range(2)
    )
    assert one == other
