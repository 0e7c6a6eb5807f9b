"""Reading documents in this process, without Ray: the same classes as in the replicas, and the same results."""

import threading
import time
import uuid

import cv2
import psutil

from deployments.preprocess.decode import PageDecoder
from deployments.preprocess.document import Document
from deployments.storage import COMMAND_LINE_SCHEMES, Storages, build_storage
from models.detection import TextDetector
from models.manifests import load_manifest
from models.page import PageText
from models.recognition import TextRecognizer
from models.runtime import resolve_device
from serve.cpus import usable_cpu_count
from serve.results import OcrResult
from serve.settings import Settings

__all__ = ["LocalReader", "default_jobs"]

# One prepares while the other's net runs; beyond that, each only adds its own nets to the GPU's memory.
_GPU_JOBS = 2

# Measured on receipts: 1.05 GB with one job, 1.5 GB with two, 2.1 GB with four. Large pages take more.
_JOB_BYTES = 1_000_000_000


class _Nets(threading.local):
    """The nets of one thread: no two threads may use the same one."""

    detector: TextDetector | None = None
    recognizer: TextRecognizer | None = None


class LocalReader:
    """Reads documents, from storage to result. Threads may share it: each loads its own nets at its first document.

    Args:
        settings: The whole tree; scaling and queues mean nothing here.

    Raises:
        ConfigurationError: There is no such bundle.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._manifest = load_manifest(settings.bundle)
        self._decoder = PageDecoder(settings.preprocess.limits)
        self._nets = _Nets()
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
        detector, recognizer = self._own_nets()
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

    def _own_nets(self) -> tuple[TextDetector, TextRecognizer]:
        nets = self._nets
        if nets.detector is None or nets.recognizer is None:
            nets.detector = TextDetector.load(self._manifest.detection, self._settings.detection.net)
            nets.recognizer = TextRecognizer.load(self._manifest.recognition, self._settings.recognition.net)
        return nets.detector, nets.recognizer


def default_jobs(settings: Settings) -> int:
    """Documents to read at a time on this machine.

    As many as the CPUs that this process may use allow, each job with its net's threads, and no more than fit into the
    memory that is free; two where a net runs on a GPU.
    """
    nets = (settings.detection.net, settings.recognition.net)
    on_gpu = any(resolve_device(net.device, net.runtime).kind == "cuda" for net in nets)
    limits = [
        usable_cpu_count() // max(net.threads for net in nets),
        psutil.virtual_memory().available // _JOB_BYTES,
        *([_GPU_JOBS] if on_gpu else []),
    ]
    return max(1, min(limits))
