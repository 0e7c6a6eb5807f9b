"""Making an int8 recipe: which convolutions of a net bear integers, and the ranges of their inputs.

Measured on drawn pictures only (`tools.int8.drawing`), so that no test set has a part in it. The way: the range of
each large convolution's input is the mean, over the samples, of its extremes (a single odd sample does not stretch it);
each convolution is then quantized alone, and how far that moves the net's output is set against the work it does. The
harmless ones are taken until their effects add up to the budget.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import openvino as ov
from openvino import opset13 as ops

from models.runtime.int8 import FULL_LEVELS, convolutions, quantize, weights_of

__all__ = ["Candidate", "calibrate", "chosen"]

Floats = npt.NDArray[np.float32]
Ranges = dict[str, tuple[float, float]]

# A convolution below this share of all multiplications gains nothing from integers.
_LEAST_SHARE = 0.003
# Digits of a range: two per mille of it, well below one of the 256 levels.
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Candidate:
    """A convolution that may be quantized.

    Args:
        name: Of the node.
        range: Least and greatest value of its input.
        multiplications: Its share of the net's, in [0, 1].
        shift: How far the net's output moves when it alone is quantized: mean absolute difference.
    """

    name: str
    range: tuple[float, float]
    multiplications: float
    shift: float


def calibrate(
    read: Callable[[], ov.Model],
    samples: Sequence[Floats],
    budget: float,
    report: Callable[[Candidate], None],
    least_below_zero: float = 0.0,
) -> Ranges:
    """Make the recipe of one net.

    Args:
        read: Reads the float net anew.
        samples: Inputs of the net, each (1, 3, H, W) float32.
        budget: The most that the shifts of the chosen convolutions may add up to.
        report: Told of each candidate as it is measured.
        least_below_zero: A convolution whose input has less below zero than this share of what it has above is left
            out: behind ReLU and GELU values crowd near zero, where 8-bit steps are coarse.

    Returns:
        Ranges of the chosen convolutions' inputs.
    """
    shares = _multiplications(read(), samples[0].shape)
    names = [name for name, share in shares.items() if share >= _LEAST_SHARE]
    ranges = {
        name: (low, high)
        for name, (low, high) in _input_ranges(read(), names, samples).items()
        if -low >= least_below_zero * high
    }
    reference = _outputs(read(), samples)
    found = []
    for name in ranges:
        model = read()
        quantize(model, {name: ranges[name]}, FULL_LEVELS)
        found.append(Candidate(name, ranges[name], shares[name], _shift(reference, _outputs(model, samples))))
        report(found[-1])
    return {one.name: one.range for one in chosen(found, budget)}


def chosen(found: Sequence[Candidate], budget: float) -> list[Candidate]:
    """The candidates with the least shift for their work, until the budget is used up, in their own order."""
    taken: set[str] = set()
    spent = 0.0
    for one in sorted(found, key=lambda candidate: candidate.shift / candidate.multiplications):
        if spent + one.shift > budget:
            break
        spent += one.shift
        taken.add(one.name)
    return [one for one in found if one.name in taken]


def _multiplications(model: ov.Model, shape: tuple[int, ...]) -> dict[str, float]:
    model.reshape(list(shape))
    counts = {
        name: int(np.prod(node.get_output_shape(0)[2:])) * weights_of(node).size
        for name, node in convolutions(model).items()
    }
    return {name: count / sum(counts.values()) for name, count in counts.items()}


def _input_ranges(model: ov.Model, names: Sequence[str], samples: Sequence[Floats]) -> Ranges:
    nodes = convolutions(model)
    extremes: list[ov.Output] = []
    for name in names:
        source = nodes[name].input_value(0)
        axes = ops.constant(np.arange(4))
        extremes += [ops.reduce_min(source, axes).output(0), ops.reduce_max(source, axes).output(0)]
    values = np.array(
        [[float(value) for value in row] for row in _run(ov.Model(extremes, model.get_parameters()), samples)]
    )
    low, high = values[:, 0::2].mean(axis=0), values[:, 1::2].mean(axis=0)
    return {name: (round(float(low[i]), _DIGITS), round(float(high[i]), _DIGITS)) for i, name in enumerate(names)}


def _outputs(model: ov.Model, samples: Sequence[Floats]) -> list[Floats]:
    return [row[0] for row in _run(model, samples)]


def _run(model: ov.Model, samples: Sequence[Floats]) -> list[list[Floats]]:
    compiled = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    request = compiled.create_infer_request()
    rows = []
    for sample in samples:
        outputs = request.infer([sample])
        rows.append([np.array(outputs[index]) for index in range(len(compiled.outputs))])
    return rows


def _shift(reference: Sequence[Floats], outputs: Sequence[Floats]) -> float:
    """Mean, over samples, of the mean sum of absolute differences along the last axis but batch.

    For probabilities of classes it is twice the mean total variation distance of a time step.
    """
    return float(
        np.mean([np.abs(a - b).sum(axis=-1).mean() for a, b in zip(reference, outputs, strict=True)], dtype=np.float64)
    )
