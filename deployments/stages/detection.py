"""The detection stage, which finds the quads of a page's lines."""

import dataclasses
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from deployments.context import PageCall
from deployments.operation.logs import quiet_expected_errors
from deployments.operation.metrics import StageMetrics
from deployments.operation.recycling import Recycling
from deployments.settings import DetectionSettings
from deployments.stages.direction import direction_batcher
from deployments.stages.stepping import drive
from deployments.work.batching import ShapeBatcher, power_of_two
from deployments.work.threads import WorkThreads, limit_threads
from models.detection import PageDetector, TextDetector
from models.direction import LineDirection
from models.manifests import BundleManifest
from models.page import Page, PageQuads
from models.runtime import resolve_device
from models.settings import DetectionOptions
from models.steps import advance
from models.upright import upright_size

__all__ = ["Detector"]

_GPU_BATCH_PAGES = 8


class Detector:
    """A replica of the detection stage.

    Args:
        manifest: Manifest of the model bundle.
        settings: Settings of this stage.
        metrics: Metrics that count the work; None for those of this stage.
    """

    def __init__(
        self, manifest: BundleManifest, settings: DetectionSettings, metrics: StageMetrics | None = None
    ) -> None:
        quiet_expected_errors()
        limit_threads()
        self._recycling = Recycling(settings)
        self._options = settings.options
        self._metrics = metrics or StageMetrics("detection", manifest.name)
        direction = LineDirection.load(manifest, manifest.detection, settings.net)
        self._detector = PageDetector.load(manifest, settings.net, direction)
        is_gpu = resolve_device(settings.net.device, settings.net.runtime).kind == "cuda"
        self._net_threads = WorkThreads("detection", settings.max_work_s, settings.net.threads)
        # On a GPU the net mostly waits for the device. Meanwhile, these threads scale pages and read maps.
        self._cpu_threads = WorkThreads("detection-cpu", settings.max_work_s) if is_gpu else self._net_threads
        self._begin = self._metrics.metered("resize", advance)
        self._resume = self._metrics.metered("postprocess", advance)
        pages = power_of_two(settings.max_batch_pages or (_GPU_BATCH_PAGES if is_gpu else 1))
        self._nets: dict[str, ShapeBatcher[Any]] = {
            one.net_name: self._batcher(one, pages) for one in {self._detector.documents, self._detector.scenes}
        }
        if direction is not None:
            self._nets["direction"] = direction_batcher(direction, self._metrics, self._cpu_threads)

    def reconfigure(self, user_config: dict[str, float | bool | None]) -> None:
        """Take new default thresholds while running. Serve calls this with the deployment's `user_config`."""
        self._options = DetectionOptions.model_validate(user_config)

    async def detect(self, page: Page, call: PageCall) -> PageQuads:
        """Find the text lines of one page.

        Args:
            page: The page, passed by reference; read without a copy if it lies on this node.
            call: The page's request and options. Their thresholds of detection override this stage's.

        Raises:
            DeadlineExceeded: The request's time ran out.
            PageTimeout: The work on the page took longer than its limit.
            ModelOutputError: The net failed on this page.
            ReplicaCrashed: The net hung on this page.
        """
        if page.text_layer is not None and not len(page.unread):
            return PageQuads.carried(page)
        self._recycling.count_page()
        context = call.context
        with context.makes_jobs_yield(), self._metrics.page(context.request_id, page.number, call.sent_at):
            async with context.limit("detection"):
                started = time.perf_counter()
                thresholds = call.options.detection.model_dump(exclude_none=True)
                work = context.work(page.width * page.height, page.work_s)
                steps = self._detector.steps(page, self._options.model_copy(update=thresholds))
                quads = await drive(steps, self._begin, self._resume, self._cpu_threads, self._nets, work)
                elapsed_ms = (time.perf_counter() - started) * 1e3
        width, height = upright_size((page.width, page.height), quads.rotation)
        return PageQuads(
            number=page.number,
            width=width,
            height=height,
            rotation=quads.rotation,
            quads=dataclasses.replace(quads, warnings=()),
            warnings=(*page.warnings, *quads.warnings),
            timings_ms={**page.timings_ms, "detection": round(elapsed_ms, 1)},
            work_s=work.spent_s,
            page_count=page.page_count,
            dpi=page.dpi,
        )

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

    def _batcher(
        self, detector: TextDetector, pages: Callable[[tuple[int, ...], int], int]
    ) -> ShapeBatcher[npt.NDArray[np.float32]]:
        def infer(batch: npt.NDArray[np.uint8]) -> list[npt.NDArray[np.float32]]:
            return list(detector.infer(batch))

        run = self._metrics.metered("detection_net", infer)
        return ShapeBatcher(run, self._net_threads, pages, self._metrics.batch)
