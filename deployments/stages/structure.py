"""The structure stage, which finds what a page is made of beside its lines.

It looks at a page while recognition reads it, since both need only the page and its quads. When the text is there, it
builds the structure (`structured`).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from deployments.context import PageCall
from deployments.operation.logs import quiet_expected_errors
from deployments.operation.metrics import StageMetrics
from deployments.operation.recycling import Recycling
from deployments.settings import StructureSettings
from deployments.stages.stepping import drive
from deployments.work.batching import ShapeBatcher, power_of_two
from deployments.work.threads import WorkThreads, limit_threads
from models.page import Page, PageQuads, PageText
from models.runtime import resolve_device
from models.steps import advance
from models.structure.nets import StructureNets
from models.structure.part import PageView, StructureOptions
from models.structure.registry import Parts
from models.structure.result import PartName
from models.upright import upright_pixels, upright_points

__all__ = ["SeenPage", "Structurer", "structured"]

_GPU_BATCH_PAGES = 8


@dataclass(frozen=True, slots=True)
class SeenPage:
    """What was seen of a page before its text was known.

    Args:
        rotation: Degrees clockwise by which the page was turned for it.
        parts: What each part saw.
        elapsed_ms: Time that it took, in milliseconds.
    """

    rotation: int
    parts: Mapping[PartName, Any]
    elapsed_ms: float


class Structurer:
    """A replica of the structure stage. Its nets are loaded for the first page that needs them.

    Args:
        settings: Settings of this stage.
        metrics: Metrics that count the work; None for those of this stage.
    """

    def __init__(self, settings: StructureSettings, metrics: StageMetrics | None = None) -> None:
        quiet_expected_errors()
        limit_threads()
        self._recycling = Recycling(settings)
        self._metrics = metrics or StageMetrics("structure")
        self._nets = StructureNets(settings.nets(), settings.net)
        self._parts = Parts(self._nets.manifests)
        is_gpu = resolve_device(settings.net.device, settings.net.runtime).kind == "cuda"
        self._threads = WorkThreads("structure", settings.max_work_s, settings.net.threads)
        self._begin = self._metrics.metered("look", advance)
        self._resume = self._metrics.metered("look_on", advance)
        self._build = self._metrics.metered("build", self._parts.build)
        pages = power_of_two(_GPU_BATCH_PAGES if is_gpu else 1)
        self._batchers = {name: self._batcher(name, pages) for name in self._nets.manifests}

    async def look(self, page: Page, found: PageQuads, call: PageCall) -> SeenPage:
        """Look at the pixels of one page.

        Args:
            page: The page, passed by reference; read without a copy if it lies on this node.
            found: What detection found on it.
            call: The page's request and options, which say what is asked for.

        Raises:
            DeadlineExceeded: The request's time ran out.
            PageTimeout: The work on the page took longer than its limit.
            ModelOutputError: A net failed on this page.
            ReplicaCrashed: The work hung on this page.
        """
        self._recycling.count_page()
        context = call.context
        with context.makes_jobs_yield(), self._metrics.page(context.request_id, page.number, call.sent_at):
            async with context.limit("structure"):
                started = time.perf_counter()
                if not page.pixels.size:  # a repeated frame of an animation, which shows nothing new
                    return SeenPage(found.rotation, {}, 0.0)
                work = context.work(page.width * page.height, found.work_s)
                view = await self._threads.run(_view, page, found, work=work)
                steps = self._parts.look(view, call.options.structure)
                seen = await drive(steps, self._begin, self._resume, self._threads, self._batchers, work)
                return SeenPage(found.rotation, seen, (time.perf_counter() - started) * 1e3)

    async def build(self, seen: SeenPage, text: PageText, call: PageCall) -> PageText:
        """Build the structure of one page.

        Args:
            seen: What `look` saw.
            text: The page's text.
            call: The page's request and options.

        Returns:
            The text with its structure.

        Raises:
            DeadlineExceeded: The request's time ran out.
            PageTimeout: The work on the page took longer than its limit.
            MalformedRequest: The template of fields is not valid.
            ReplicaCrashed: The work hung on this page.
        """
        async with call.context.limit("structure"):
            started = time.perf_counter()
            options = StructureOptions(call.options.fields_template)
            work = call.context.work(text.width * text.height, 0)
            built: PageText = await self._threads.run(
                self._build, seen.parts, text, call.options.structure, options, work=work
            )
            elapsed_ms = seen.elapsed_ms + (time.perf_counter() - started) * 1e3
            return replace(built, timings_ms={**built.timings_ms, "structure": round(elapsed_ms, 1)})

    async def wake(self) -> None:
        """Do nothing. To answer this, Serve starts a replica if none runs."""

    def check_health(self) -> None:
        """Tell Serve whether this replica is to be replaced.

        Raises:
            RuntimeError: This replica hangs, or has worked long enough.
        """
        self._recycling.check()
        self._threads.check()

    def _batcher(self, name: str, pages: Callable[[tuple[int, ...], int], int]) -> ShapeBatcher[Any]:
        def pages_of_a_run(shape: tuple[int, ...], waiting: int) -> int:
            return pages(shape, waiting) if self._nets.is_batchable(name) else 1

        run = self._metrics.metered(f"{name}_net", partial(self._nets.run, name))
        return ShapeBatcher(run, self._threads, pages_of_a_run, self._metrics.batch)


async def structured(
    found: PageQuads,
    call: PageCall,
    look: Callable[[PageQuads, PageCall], Awaitable[SeenPage]],
    read: Callable[[], Awaitable[PageText]],
    build: Callable[[SeenPage, PageText, PageCall], Awaitable[PageText]],
) -> PageText:
    """Read a page and find its structure, both at a time.

    Args:
        found: What detection found on the page.
        call: The page, and how it is read.
        look: Looks at the page with these quads, as `Structurer.look` does.
        read: Reads the page.
        build: Builds the structure, as `Structurer.build` does.

    Returns:
        The page's text with its structure; without it if recognition refuses the page's text layer.
    """
    looking = asyncio.ensure_future(look(found, call.sent_now()))
    try:
        text = await read()
        if text.refused_layer is not None:
            return text
        seen = await looking
    finally:
        looking.cancel()
    if text.rotation != seen.rotation:  # recognition found that the page stands on its head
        seen = await look(_turned(found, text), call.sent_now())
    return await build(seen, text, call.sent_now())


def _turned(found: PageQuads, text: PageText) -> PageQuads:
    quads = replace(found.quads, rotation=text.rotation)
    return replace(found, rotation=text.rotation, width=text.width, height=text.height, quads=quads)


def _view(page: Page, found: PageQuads) -> PageView:
    """The page upright, with the quads of all of its lines. The pixels of a page with a text layer stand upright."""
    size = (page.width, page.height)
    rotation = 0 if page.text_layer is not None else found.rotation
    quads: npt.NDArray[np.float32] = upright_points(found.quads.points, size, rotation)
    carried = np.array([line.polygon for line in page.text_layer or ()], np.float32).reshape(-1, 4, 2)
    corners = upright_points(np.array([one.polygon for one in page.form], np.float32).reshape(-1, 4, 2), size, rotation)
    polygons = (tuple((x, y) for x, y in quad) for quad in corners.tolist())
    form = tuple(replace(one, polygon=polygon) for one, polygon in zip(page.form, polygons, strict=True))
    return PageView(upright_pixels(page.pixels, rotation), np.concatenate([carried, quads]), page.dpi, form)
