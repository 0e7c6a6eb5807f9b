"""Splits the work on a page into steps, between which nets are run.

Whoever drives the steps decides where a net runs: in this process for one page (`run_steps`), or in a replica, batched
with other pages (`deployments.stages.stepping`).
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

import numpy as np
import numpy.typing as npt

__all__ = ["Finished", "NetInputs", "NetName", "Steps", "advance", "run_steps"]

Result = TypeVar("Result")

NetName = Literal["detection", "detection_documents", "recognition", "direction"]
"""The nets of a bundle."""


@dataclass(frozen=True, slots=True)
class NetInputs:
    """Arrays on which a net has to be run.

    Args:
        net: Name of the net: a `NetName`, or one of `models.recognition.other_languages`.
        arrays: Each uint8, (height, width, 3) RGB or (height, width) gray, of any sizes. Read only.
    """

    net: str
    arrays: Sequence[npt.NDArray[np.uint8]]


Steps = Generator[NetInputs, Sequence[Any], Result]
"""A generator that yields inputs for a net, is sent an answer for each array, in order, and returns the result."""


@dataclass(frozen=True, slots=True)
class Finished(Generic[Result]):
    """The end of the steps, with their result."""

    result: Result


def advance(steps: Steps[Result], answers: Sequence[Any] | None) -> NetInputs | Finished[Result]:
    """Do one step.

    Args:
        steps: Steps that have not begun, or wait for answers.
        answers: Answers to the inputs that the steps yielded last; None to begin.

    Returns:
        The next inputs of a net, or the end.
    """
    try:
        return next(steps) if answers is None else steps.send(answers)
    except StopIteration as end:  # it can't be raised through a future
        return Finished(end.value)


def run_steps(steps: Steps[Result], run_net: Callable[[NetInputs], Sequence[Any]]) -> Result:
    """Do all steps in this thread.

    Args:
        steps: Steps that have not begun.
        run_net: Runs a net on its inputs, and returns an answer for each array, in order.
    """
    step = advance(steps, None)
    while not isinstance(step, Finished):
        step = advance(steps, run_net(step))
    return step.result
