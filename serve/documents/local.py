"""Reading documents in this process, without Ray: the same classes as in the replicas, and the same results."""

import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import psutil

from deployments.document import Document
from deployments.preprocess.decode import PageDecoder
from deployments.read_options import ReadOptions
from deployments.storage import COMMAND_LINE_SCHEMES, Storages, build_storage
from models.cpus import usable_cpu_count
from models.detection import TextDetector
from models.direction import LineDirection
from models.errors import ConfigurationError, RayocrError
from models.manifests import load_manifest
from models.page import PageText
from models.recognition import PageRecognizer
from models.runtime import resolve_device
from models.upright import upright_size
from serve.config.settings import Settings
from serve.documents.failures import PageFailure, PageFailures
from serve.documents.options import DocumentOptions
from serve.results import OcrResult

__all__ = ["LocalReader", "LocalReading", "default_jobs"]

# One prepares while the other's net runs; beyond that, each only adds its own nets to the GPU's memory.
_GPU_JOBS = 2

# Measured on receipts: 1.05 GB with one job, 1.5 GB with two, 2.1 GB with four. Large pages take more.
_JOB_BYTES = 1_000_000_000


_AS_IT_COMES = DocumentOptions()


@dataclass(frozen=True, slots=True)
class LocalReading:
    """A document that was read.

    Args:
        result: What the service would answer for it.
        failures: The pages that could not be read, and are not in it.
        document: Itself.
    """

    result: OcrResult
    failures: Sequence[PageFailure]
    document: Document


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

    def read(self, source: Document | str, options: DocumentOptions = _AS_IT_COMES) -> OcrResult:
        """As `read_document`, without what else there is to say."""
        return self.read_document(source, options).result

    def read_document(self, source: Document | str, options: DocumentOptions = _AS_IT_COMES) -> LocalReading:
        """Read one document, page by page: only one page's pixels are in memory at a time.

        Args:
            source: A document, or where one lies: a path, `file://`, `s3://`, `https://` or `data:`.
            options: What is asked for.

        Returns:
            What the service would answer for it.

        Raises:
            ConfigurationError: The nets can't be loaded: no document can be read.
            TooLarge: More pages are asked for than `http.max_pages`.
            RayocrError: See `Storage.read`, `PageDecoder.inspect` and, where no page can be read, `PageDecoder.page`;
                ModelOutputError when a net failed.
        """
        document = source if isinstance(source, Document) else self.storages.read(source, self.max_bytes)
        asked = options.read_options()
        page_count = self._decoder.inspect(document, asked).page_count
        pages: list[PageText] = []
        failures: list[PageFailure] = []
        failed = PageFailures()
        for number in options.page_ranges.allowed(page_count, self._settings.http.max_pages):
            try:
                pages.append(self._read_page(document, number, asked))
            except ConfigurationError:
                raise
            except RayocrError as error:
                failures.append(failed.of(number, error, page_count))
        if not pages:
            raise failures[0].error
        warnings = [failure.warning for failure in failures]
        result = OcrResult.of(str(uuid.uuid4()), self._manifest.name, pages, warnings)
        return LocalReading(result, failures, document)

    def close(self) -> None:
        """Release connections."""
        self.storages.close()

    def _read_page(self, document: Document, number: int, options: ReadOptions) -> PageText:
        started = time.perf_counter()
        page = self._decoder.page(document, number, options)
        if page.text_layer is not None:
            elapsed_ms = round((time.perf_counter() - started) * 1e3, 1)
            return PageText.carried(replace(page, timings_ms={"decoding": elapsed_ms}))
        decoded = time.perf_counter()
        detector, recognizer = self._loaded_nets()
        loaded = time.perf_counter()
        thresholds = options.detection.model_dump(exclude_none=True)
        quads = detector.detect(page, self._settings.detection.options.model_copy(update=thresholds))
        detected = time.perf_counter()
        lines, warnings = recognizer.recognize(
            page, quads, self._settings.recognition.options, with_characters=options.characters
        )
        recognized = time.perf_counter()
        width, height = upright_size((page.width, page.height), quads.rotation)
        return PageText(
            number=page.number,
            width=width,
            height=height,
            rotation=quads.rotation,
            lines=lines,
            warnings=(*page.warnings, *quads.warnings, *warnings),
            timings_ms={
                "decoding": round((decoded - started) * 1e3, 1),
                "detection": round((detected - loaded) * 1e3, 1),
                "recognition": round((recognized - detected) * 1e3, 1),
            },
            page_count=page.page_count,
        )

    def _loaded_nets(self) -> tuple[TextDetector, PageRecognizer]:
        """The nets, loaded for the first document: one that can't be fetched is told without waiting for them."""
        with self._loading:
            if self._nets is None:
                threads = {"threads": self._jobs}
                detection = self._settings.detection.net.model_copy(update=threads)
                recognition = self._settings.recognition.net.model_copy(update=threads)
                direction = LineDirection.load(self._manifest, self._manifest.detection, detection)
                self._nets = (
                    TextDetector.load(self._manifest.detection, detection, direction),
                    PageRecognizer.load(self._manifest.recognition, recognition, direction, is_prepared=self._has_many),
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
