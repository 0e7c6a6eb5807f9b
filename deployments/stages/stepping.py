"""Driving the steps of a page in a replica: its own work on the stage's threads, nets by the batchers."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from deployments.work.batching import ShapeBatcher
from deployments.work.page_work import PageWork
from deployments.work.threads import WorkThreads
from models.steps import Finished, NetInputs, Steps

__all__ = ["drive"]

Result = TypeVar("Result")
Advance = Callable[[Steps[Result], Sequence[Any] | None], NetInputs | Finished[Result]]


async def drive(
    steps: Steps[Result],
    begin: Advance[Result],
    go_on: Advance[Result],
    threads: WorkThreads,
    nets: Mapping[str, ShapeBatcher[Any]],
    work: PageWork,
) -> Result:
    """Do all steps of one page.

    Args:
        steps: Not begun.
        begin: `advance` for the first step, metered.
        go_on: `advance` for the others, metered.
        threads: Where these run.
        nets: By name, what runs them.
        work: Of the page.

    Raises:
        RayocrError: Of a step, or of a net; PageTimeout when the page has taken more work than it may.
    """
    step = await threads.run(begin, steps, None, work=work)
    while not isinstance(step, Finished):
        answers = await nets[step.net].submit(step.arrays, work)
        step = await threads.run(go_on, steps, answers, work=work)
    return step.result
