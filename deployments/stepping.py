"""Driving the steps of a page in a replica: its own work on the stage's threads, nets by the batchers."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from deployments.batching import ShapeBatcher
from deployments.page_work import PageWork
from deployments.worker import WorkThreads
from models.steps import Finished, NetInput, Steps

__all__ = ["drive"]

Result = TypeVar("Result")
Advance = Callable[[Steps[Result], Sequence[Any] | None], Sequence[NetInput] | Finished[Result]]


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
        step = await threads.run(go_on, steps, await _answers(step, nets, work), work=work)
    return step.result


async def _answers(inputs: Sequence[NetInput], nets: Mapping[str, ShapeBatcher[Any]], work: PageWork) -> Sequence[Any]:
    """Every answer in order; when one fails the rest is dropped before it is run."""
    if len(inputs) == 1:
        return [await nets[inputs[0].net].submit(inputs[0].pixels, work)]
    tasks = [asyncio.create_task(nets[one.net].submit(one.pixels, work)) for one in inputs]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
