"""Learning which time steps of a recognizer are blank for sure, so that they need not be classified.

Two thirds of the time steps are blank, and a sum over a step's features tells most of these: a logistic regression on
drawn lines. It never decides for a character: its least value is above that of every drawn step which matters.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import openvino as ov

from models.manifests.manifest import SureBlanks
from models.runtime.graph import split_classifier
from models.runtime.int8 import FULL_LEVELS, quantize
from tools.int8.calibrate import Floats

__all__ = ["learned", "sure_blanks"]

# A step of at least the one probability of the blank, and at most the other of a space, is one to be found.
_BLANK, _NO_SPACE = 0.99, 0.001
# At more than this probability of a space, spaces between words may be corrected (`models.recognition.corrections`).
_MAY_BE_SPACE = 0.0025
# One step that is taken for a blank by mistake is worse than so many that are classified needlessly.
_MISTAKE = 10.0
_ROUNDS = 30
_REGULAR = 1e-4
# The distance to the nearest drawn step that matters, in standard deviations of the sure blanks.
_MARGIN = 0.5
_DIGITS = 4

Classes = npt.NDArray[np.intp]
Doubles = npt.NDArray[np.float64]


def sure_blanks(
    read: Callable[[], ov.Model],
    activations: Mapping[str, tuple[float, float]],
    samples: Sequence[Floats],
    blank: int,
    space: int | None,
    report: Callable[[str], None],
) -> SureBlanks:
    """Learn the sure blanks of a net.

    Args:
        read: Reads the float net anew.
        activations: The net's recipe, with which its features are made.
        samples: Inputs of the net, each (1, 3, H, W) float32, a line.
        blank: The class of the blank.
        space: The class of a space; None if there is none.
        report: Told how many steps were found.
    """
    model, last = split_classifier(read())
    quantize(model, activations, FULL_LEVELS)
    hint = {"INFERENCE_PRECISION_HINT": "f32"}
    net, classifier = (ov.Core().compile_model(part, "CPU", hint).create_infer_request() for part in (model, last))
    features, classes, of_blank, of_space = [], [], [], []
    for sample in samples:
        features.append(np.array(net.infer([sample])[0][0], np.float32))
        (probabilities,) = classifier.infer([features[-1][None]])[0]
        classes.append(probabilities.argmax(axis=1))
        of_blank.append(probabilities[:, blank].copy())
        of_space.append(np.zeros_like(of_blank[-1]) if space is None else probabilities[:, space].copy())
    found = learned(features, classes, of_blank, of_space, blank)
    is_sure = np.concatenate(features) @ np.array(found.weights) + found.bias > 0
    blanks = np.concatenate(classes) == blank
    report(f"sure blanks: {is_sure.mean():.1%} of {len(blanks)} time steps, of which {blanks.mean():.1%} are blank")
    return found


def learned(
    features: Sequence[Floats],
    classes: Sequence[Classes],
    of_blank: Sequence[Floats],
    of_space: Sequence[Floats],
    blank: int,
) -> SureBlanks:
    """Learn from the time steps of lines.

    Args:
        features: Of each line (T, features).
        classes: Of each line (T,) the likeliest classes.
        of_blank: Of each line (T,) the probabilities of the blank.
        of_space: Of each line (T,) the probabilities of a space.
        blank: The class of the blank.
    """
    steps, space = np.concatenate(features).astype(np.float64), np.concatenate(of_space)
    is_blank = np.concatenate(classes) == blank
    wanted = is_blank & (np.concatenate(of_blank) > _BLANK) & (space < _NO_SPACE)
    refused = ~is_blank | (space > _MAY_BE_SPACE)
    mean, deviation = steps.mean(axis=0), steps.std(axis=0) + 1e-6
    rows = np.column_stack([(steps - mean) / deviation, np.ones(len(steps))])
    used = wanted | refused
    weights = _regression(rows[used], wanted[used], np.where(refused[used], _MISTAKE, 1.0))
    values = rows @ weights
    ends = np.cumsum([len(one) for one in classes])[:-1]
    per_line = zip(np.split(values, ends), np.split(space, ends), classes, strict=True)
    highest = max(_highest_that_matters(*line, blank) for line in per_line)
    least = highest + _MARGIN * values[wanted].std()
    raw = weights[:-1] / deviation
    bias = float(weights[-1] - raw @ mean - least)
    return SureBlanks(
        number=blank, bias=round(bias, _DIGITS), weights=tuple(round(float(weight), _DIGITS) for weight in raw)
    )


def _highest_that_matters(values: Doubles, of_space: Floats, classes: Classes, blank: int) -> float:
    """The value under which a line's text stays as it is when steps above it become blanks.

    A character is lost with the last of its steps, and doubled if a step between others of it is lost.
    """
    highest = [float(values[of_space > _MAY_BE_SPACE].max(initial=-np.inf))]
    borders = np.flatnonzero(np.diff(classes)) + 1
    for run, chosen in zip(np.split(values, borders), np.split(classes, borders), strict=True):
        if chosen[0] != blank:
            highest += [float(run.min()), float(run[1:-1].max(initial=-np.inf))]
    return max(highest)


def _regression(rows: Doubles, truth: npt.NDArray[np.bool_], importance: Doubles) -> Doubles:
    """Logistic regression by Newton's method."""
    weights = np.zeros(rows.shape[1])
    regular = _REGULAR * np.eye(len(weights))
    for _ in range(_ROUNDS):
        guess = 1 / (1 + np.exp(-np.clip(rows @ weights, -30, 30)))
        slope = rows.T @ (importance * (guess - truth)) / importance.sum() + _REGULAR * weights
        curvature = (rows * (importance * guess * (1 - guess))[:, None]).T @ rows / importance.sum() + regular
        weights -= np.linalg.solve(curvature, slope)
    return weights
