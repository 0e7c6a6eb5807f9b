"""Work on a page in steps: what is done on a CPU, and the runs of nets between.

Whoever drives the steps decides where and with whom a net runs: alone in this process (`run_steps`), or batched with
other pages in a replica (`deployments.stages.stepping`).
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

import numpy as np
import numpy.typing as npt

__all__ = ["Finished", "NetInputs", "NetName", "Steps", "advance", "run_steps"]

Result = TypeVar("Result")

NetName = Literal["detection", "recognition", "direction"]


@dataclass(frozen=True, slots=True)
class NetInputs:
    """Arrays that a net has to be run on.

    Args:
        net: Which.
        arrays: Each (height, width, 3) uint8 RGB, of any sizes. Read only.
    """

    net: NetName
    arrays: Sequence[npt.NDArray[np.uint8]]


Steps = Generator[NetInputs, Sequence[Any], Result]
"""Yields what a net has to be run on, is sent an answer for each array, in order, and returns the result."""


@dataclass(frozen=True, slots=True)
class Finished(Generic[Result]):
    """The end of the steps."""

    result: Result


def advance(steps: Steps[Result], answers: Sequence[Any] | None) -> NetInputs | Finished[Result]:
    """Do one step.

    Args:
        steps: That wait to be begun, or for answers.
        answers: For what they yielded last; None to begin.

    Returns:
        What a net has to be run on next, or the end.
    """
    try:
        return next(steps) if answers is None else steps.send(answers)
    except StopIteration as end:  # it can't be raised through a future
        return Finished(end.value)


def run_steps(steps: Steps[Result], run_net: Callable[[NetInputs], Sequence[Any]]) -> Result:
    """Do all steps in this thread.

    Args:
        steps: Not begun.
        run_net: Of inputs to an answer for each array, in order.
    """
    step = advance(steps, None)
    while not isinstance(step, Finished):
        step = advance(steps, run_net(step))
    return step.result
