"""Drives the steps of a page in a replica: the stage's threads do the page's own work, batchers run the nets."""

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
    resume: Advance[Result],
    threads: WorkThreads,
    nets: Mapping[str, ShapeBatcher[Any]],
    work: PageWork,
) -> Result:
    """Do all steps of one page.

    Args:
        steps: Steps that have not begun.
        begin: `advance` for the first step, metered.
        resume: `advance` for the other steps, metered.
        threads: The threads that run both.
        nets: The batcher of each net, by the net's name.
        work: The account of the page's work.

    Raises:
        PageTimeout: The work on the page took longer than its limit.
        RayocrError: A step or a net failed.
    """
    step = await threads.run(begin, steps, None, work=work)
    while not isinstance(step, Finished):
        answers = await nets[step.net].submit(step.arrays, work)
        step = await threads.run(resume, steps, answers, work=work)
    return step.result
