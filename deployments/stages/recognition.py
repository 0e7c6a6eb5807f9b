"""The recognition stage, which reads the text of a page's quads."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from deployments.context import PageCall
from deployments.operation.logs import quiet_expected_errors
from deployments.operation.metrics import StageMetrics
from deployments.operation.recycling import Recycling
from deployments.settings import RecognitionSettings
from deployments.stages.direction import direction_batcher
from deployments.stages.stepping import drive
from deployments.work.batching import ShapeBatcher, power_of_two
from deployments.work.threads import WorkThreads, limit_threads
from models.direction import LineDirection
from models.manifests import BundleManifest
from models.page import Page, PageQuads, PageText
from models.recognition import LineText, PageRecognizer, TextRecognizer, layer_steps, other_languages
from models.runtime import resolve_device
from models.settings import RecognitionOptions
from models.steps import advance

__all__ = ["Recognizer"]

_GPU_BATCH_LINES = 64


class Recognizer:
    """A replica of the recognition stage.

    Args:
        manifest: Manifest of the model bundle.
        settings: Settings of this stage.
        metrics: Metrics that count the work; None for those of this stage.
        is_prepared: Whether the net is prepared for the usual widths of lines (`PageRecognizer.load`).
    """

    def __init__(
        self,
        manifest: BundleManifest,
        settings: RecognitionSettings,
        metrics: StageMetrics | None = None,
        *,
        is_prepared: bool = True,
    ) -> None:
        quiet_expected_errors()
        limit_threads()
        self._recycling = Recycling(settings)
        self._options = settings.options
        self._metrics = metrics or StageMetrics("recognition", manifest.name)
        direction = LineDirection.load(manifest, manifest.recognition, settings.net)
        self._others = other_languages(manifest)
        self._pages = PageRecognizer.load(
            manifest.recognition, settings.net, direction, is_prepared=is_prepared, others=self._others
        )
        is_gpu = resolve_device(settings.net.device, settings.net.runtime).kind == "cuda"
        self._net_threads = WorkThreads("recognition", settings.max_work_s, settings.net.threads)
        # On a GPU the net mostly waits for the device. Meanwhile, these threads cut out lines.
        self._cpu_threads = WorkThreads("recognition-cpu", settings.max_work_s) if is_gpu else self._net_threads
        self._begin = self._metrics.metered("crop", advance)
        self._resume = self._metrics.metered("lines", advance)
        lines = power_of_two(settings.max_batch_lines or (_GPU_BATCH_LINES if is_gpu else 1))
        self._readers = {
            recognizer: _LineReader(recognizer, self._net_threads, self._metrics, lines)
            for recognizer in {self._pages.documents, self._pages.scenes}
        }
        shared: dict[str, ShapeBatcher[Any]] = {}
        if direction is not None:
            shared["direction"] = direction_batcher(direction, self._metrics, self._cpu_threads)
        self._nets = {
            recognizer: _Nets(self._other_net, {"recognition": reader.batcher, **shared})
            for recognizer, reader in self._readers.items()
        }

    def reconfigure(self, user_config: dict[str, float]) -> None:
        """Take new options while running. Serve calls this with the deployment's `user_config`."""
        self._options = RecognitionOptions.model_validate(user_config)

    async def recognize(self, page: Page, found: PageQuads, call: PageCall) -> PageText:
        """Read the lines of one page.

        Args:
            page: The page, passed by reference; read without a copy if it lies on this node.
            found: The quads that detection found on it.
            call: The page's request and options.

        Raises:
            DeadlineExceeded: The request's time ran out.
            PageTimeout: The work on the page took longer than its limit.
            ModelOutputError: The net failed on this page.
            ReplicaCrashed: The net hung on this page.
        """
        if page.is_carried:
            return PageText.carried(page)
        self._recycling.count_page()
        context = call.context
        with context.makes_jobs_yield(), self._metrics.page(context.request_id, found.number, call.sent_at):
            async with context.limit("recognition"):
                started = time.perf_counter()
                text = await self._read(page, found, call)
                elapsed_ms = (time.perf_counter() - started) * 1e3
        return replace(text, timings_ms={**found.timings_ms, "recognition": round(elapsed_ms, 1)})

    async def _read(self, page: Page, found: PageQuads, call: PageCall) -> PageText:
        is_layer = page.text_layer is not None
        reader = self._readers[self._pages.documents if is_layer else self._pages.of_page(len(found.quads))]
        nets = self._nets[reader.recognizer]
        work = call.context.work(page.width * page.height, found.work_s)
        options, asked = self._options, call.options
        if is_layer:
            checked = layer_steps(
                reader.recognizer, page, found, options, with_characters=asked.characters, languages=asked.languages
            )
            return await drive(checked, self._begin, self._resume, self._cpu_threads, nets, work)
        steps = reader.recognizer.steps(
            page, found.quads, options, with_characters=asked.characters, languages=asked.languages
        )
        read = await drive(steps, self._begin, self._resume, self._cpu_threads, nets, work)
        return PageText(
            number=found.number,
            width=found.width,
            height=found.height,
            rotation=read.rotation,
            lines=read.lines,
            warnings=(*found.warnings, *read.warnings),
            timings_ms=found.timings_ms,
            page_count=found.page_count,
            dpi=found.dpi,
        )

    def _other_net(self, name: str) -> ShapeBatcher[Any]:
        """Build the batcher of a net for other languages, when a page needs it first."""
        if self._others is None:
            raise KeyError(name)
        run = self._metrics.metered("other_languages", self._others.run_net(name))
        return ShapeBatcher(run, self._cpu_threads, lambda _shape, _waiting: 1, lambda _shape: None)

    async def wake(self) -> None:
        """Do nothing. To answer this, Serve starts a replica if none runs."""

    def check_health(self) -> None:
        """Tell Serve whether this replica is to be replaced.

        Raises:
            RuntimeError: This replica hangs, or has worked long enough.
        """
        self._recycling.check()
        self._net_threads.check()
        self._cpu_threads.check()


class _Nets(dict[str, ShapeBatcher[Any]]):
    """The batchers of nets by name; those that are not there yet are built.

    Args:
        build: Builds one.
        there: Those that are there.
    """

    def __init__(self, build: Callable[[str], ShapeBatcher[Any]], there: dict[str, ShapeBatcher[Any]]) -> None:
        super().__init__(there)
        self._build = build

    def __missing__(self, name: str) -> ShapeBatcher[Any]:
        self[name] = self._build(name)
        return self[name]


class _LineReader:
    """One recognizer and the batches of its lines."""

    def __init__(
        self,
        recognizer: TextRecognizer,
        threads: WorkThreads,
        metrics: StageMetrics,
        batch_size: Callable[[tuple[int, ...], int], int],
    ) -> None:
        self.recognizer = recognizer
        self._run_net = metrics.metered("recognition_net", recognizer.run_net)
        self._decode = metrics.metered("ctc_decode", recognizer.decode)
        self._batch_size = batch_size
        self.batcher: ShapeBatcher[LineText] = ShapeBatcher(self._infer, threads, self._lines_of_a_run, metrics.batch)

    def _lines_of_a_run(self, shape: tuple[int, ...], waiting: int) -> int:
        prepared = self.recognizer.lines_of_a_run(shape[1])
        return self._batch_size(shape, waiting) if prepared is None else min(waiting, prepared)

    def _infer(self, batch: npt.NDArray[np.uint8]) -> list[LineText]:
        return self._decode(*self._run_net(batch))
