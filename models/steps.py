"""Work on a page in steps: what is done on a CPU, and the runs of nets between.

Whoever drives the steps decides where and with whom a net runs: alone in this process (`run_steps`), or batched with
other pages in a replica (`deployments.stepping`).
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

import numpy as np
import numpy.typing as npt

__all__ = ["Finished", "NetInput", "NetName", "Steps", "advance", "run_steps"]

Result = TypeVar("Result")

NetName = Literal["detection", "recognition", "direction"]


@dataclass(frozen=True, slots=True)
class NetInput:
    """One array that a net has to be run on.

    Args:
        net: Which.
        pixels: (height, width, 3) uint8 RGB. Read only.
    """

    net: NetName
    pixels: npt.NDArray[np.uint8]


Steps = Generator[Sequence[NetInput], Sequence[Any], Result]
"""Yields what nets have to be run on, is sent an answer for each, in order, and returns the result."""


@dataclass(frozen=True, slots=True)
class Finished(Generic[Result]):
    """The end of the steps."""

    result: Result


def advance(steps: Steps[Result], answers: Sequence[Any] | None) -> Sequence[NetInput] | Finished[Result]:
    """Do one step.

    Args:
        steps: That wait to be begun, or for answers.
        answers: For what they yielded last; None to begin.

    Returns:
        What nets have to be run on next, or the end.
    """
    try:
        return next(steps) if answers is None else steps.send(answers)
    except StopIteration as end:  # it can't be raised through a future
        return Finished(end.value)


def run_steps(steps: Steps[Result], run_nets: Callable[[Sequence[NetInput]], Sequence[Any]]) -> Result:
    """Do all steps in this thread.

    Args:
        steps: Not begun.
        run_nets: Of inputs to an answer for each, in order.
    """
    step = advance(steps, None)
    while not isinstance(step, Finished):
        step = advance(steps, run_nets(step))
    return step.result
