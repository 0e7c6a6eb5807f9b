"""Reading documents in this process, without Ray: the same classes as in the replicas, and the same results."""

import threading
import time
import uuid

import cv2
import psutil

from deployments.preprocess.decode import PageDecoder
from deployments.preprocess.document import Document
from deployments.storage import COMMAND_LINE_SCHEMES, Storages, build_storage
from models.cpus import usable_cpu_count
from models.detection import TextDetector
from models.manifests import load_manifest
from models.page import PageText
from models.recognition import PageRecognizer
from models.runtime import resolve_device
from serve.results import OcrResult
from serve.settings import Settings

__all__ = ["LocalReader", "default_jobs"]

# One prepares while the other's net runs; beyond that, each only adds its own nets to the GPU's memory.
_GPU_JOBS = 2

# Measured on receipts: 1.05 GB with one job, 1.5 GB with two, 2.1 GB with four. Large pages take more.
_JOB_BYTES = 1_000_000_000


class LocalReader:
    """Reads documents, from storage to result. As many threads as it has jobs may share it, and with it its nets.

    Args:
        settings: The whole tree; scaling, queues and threads mean nothing here.
        jobs: Documents read at a time.
        has_many: Whether it is worth some seconds of preparation to read faster.

    Raises:
        ConfigurationError: There is no such bundle.
    """

    def __init__(self, settings: Settings, jobs: int = 1, *, has_many: bool = False) -> None:
        self._settings = settings
        self._manifest = load_manifest(settings.bundle)
        self._decoder = PageDecoder(settings.preprocess.limits)
        self._jobs = jobs
        self._has_many = has_many
        self._nets: tuple[TextDetector, PageRecognizer] | None = None
        self._loading = threading.Lock()
        self.storages: Storages = build_storage(settings.storage, COMMAND_LINE_SCHEMES)
        # Documents run side by side: OpenCV's own threads would only get in each other's way.
        cv2.setNumThreads(1)

    @property
    def max_bytes(self) -> int:
        """The most bytes that a document may have."""
        return self._settings.http.max_body_bytes

    def read(self, source: Document | str) -> OcrResult:
        """Read one document, page by page: only one page's pixels are in memory at a time.

        Args:
            source: A document, or where one lies: a path, `file://`, `s3://`, `https://` or `data:`.

        Returns:
            What the service would answer for it.

        Raises:
            ConfigurationError: The nets can't be loaded: no document can be read.
            RayocrError: See `Storage.read` and `PageDecoder.page`; ModelOutputError when a net failed.
        """
        document = source if isinstance(source, Document) else self.storages.read(source, self.max_bytes)
        page_count = self._decoder.inspect(document).page_count
        pages = [self._read_page(document, number) for number in range(1, page_count + 1)]
        return OcrResult.of(str(uuid.uuid4()), self._manifest.name, pages)

    def close(self) -> None:
        """Release connections."""
        self.storages.close()

    def _read_page(self, document: Document, number: int) -> PageText:
        detector, recognizer = self._loaded_nets()
        started = time.perf_counter()
        page = self._decoder.page(document, number)
        decoded = time.perf_counter()
        quads = detector.detect(page, self._settings.detection.options)
        detected = time.perf_counter()
        lines, warnings = recognizer.recognize(page, quads, self._settings.recognition.options)
        recognized = time.perf_counter()
        return PageText(
            number=page.number,
            width=page.width,
            height=page.height,
            rotation=page.rotation,
            lines=lines,
            warnings=(*page.warnings, *quads.warnings, *warnings),
            timings_ms={
                "decoding": round((decoded - started) * 1e3, 1),
                "detection": round((detected - decoded) * 1e3, 1),
                "recognition": round((recognized - detected) * 1e3, 1),
            },
        )

    def _loaded_nets(self) -> tuple[TextDetector, PageRecognizer]:
        """The nets, loaded for the first document: one that can't be fetched is told without waiting for them."""
        with self._loading:
            if self._nets is None:
                threads = {"threads": self._jobs}
                detection = self._settings.detection.net.model_copy(update=threads)
                recognition = self._settings.recognition.net.model_copy(update=threads)
                self._nets = (
                    TextDetector.load(self._manifest.detection, detection),
                    PageRecognizer.load(self._manifest.recognition, recognition, is_prepared=self._has_many),
                )
            return self._nets


def default_jobs(settings: Settings) -> int:
    """Documents to read at a time on this machine.

    As many as the CPUs that this process may use, and no more than fit into the memory that is free; two where a net
    runs on a GPU.
    """
    nets = (settings.detection.net, settings.recognition.net)
    on_gpu = any(resolve_device(net.device, net.runtime).kind == "cuda" for net in nets)
    limits = [
        usable_cpu_count(),
        psutil.virtual_memory().available // _JOB_BYTES,
        *([_GPU_JOBS] if on_gpu else []),
    ]
    return max(1, min(limits))
