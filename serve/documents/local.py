"""Reads documents in this process, without Ray. Classes and results are the same as in the replicas."""

import asyncio
import math
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

from deployments.context import PageCall, RequestContext
from deployments.document import Document
from deployments.operation.metrics import NoMetrics
from deployments.read_options import ReadOptions
from deployments.settings import MOST_THREADS, DetectionSettings, RecognitionSettings, StageSettings, StructureSettings
from deployments.stages.reader import Reader
from deployments.storage import COMMAND_LINE_SCHEMES, Storages, build_storage
from models.cpus import usable_cpu_count
from models.errors import MalformedRequest
from models.manifests import load_manifest
from models.runtime import resolve_device
from serve.config.colocation import reader_setup
from serve.config.languages import with_model
from serve.config.settings import Settings
from serve.documents.failures import PageFailure
from serve.documents.options import DocumentOptions
from serve.documents.page_ranges import first_page_only
from serve.documents.reading import ReadRequest, all_pages
from serve.results import DetectionResult, OcrResult

__all__ = ["LocalReader", "LocalReading", "default_jobs"]

# One job prepares a page while the other's net runs. A third would only add its own nets to the GPU's memory.
_GPU_JOBS = 2

# Measured on receipts: 1.05 GB with one job, 1.5 GB with two, 2.1 GB with four. Large pages take more.
_JOB_BYTES = 1_000_000_000

# Somebody waits at a terminal, and decides when it takes too long.
_NO_LIMIT_S = math.inf

_DEFAULT_OPTIONS = DocumentOptions()


@dataclass(frozen=True, slots=True)
class LocalReading:
    """A document that was read.

    Args:
        result: The answer that the service would give for it.
        failures: The pages that could not be read, and are not in the result.
        document: The document itself.
    """

    result: OcrResult
    failures: Sequence[PageFailure]
    document: Document


class LocalReader:
    """Reads documents, from storage to result. As many threads as `jobs` says may share it and its nets.

    Args:
        settings: The whole settings tree. Scaling, queues, threads and time limits do not apply here.
        jobs: Documents that are read at a time.
        has_many: Whether there are so many documents that some seconds of preparation are worth it.

    Raises:
        ConfigurationError: The model bundle does not exist.
    """

    def __init__(self, settings: Settings, jobs: int = 1, *, has_many: bool = False) -> None:
        self._settings = settings.model_copy(update={"bundles": []})  # this process loads one
        self._model = load_manifest(settings.bundle).name
        self._pages_at_a_time = jobs
        # A reader has one thread that decodes, which is enough for the threads of one replica.
        readers = math.ceil(jobs / MOST_THREADS)
        threads = [jobs * (number + 1) // readers - jobs * number // readers for number in range(readers)]
        self._readers = [_reader(settings, count, has_many=has_many) for count in threads]
        self._in_work = [0] * readers
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="local-reader", daemon=True).start()
        self.storages: Storages = build_storage(settings.storage, COMMAND_LINE_SCHEMES)

    @property
    def max_bytes(self) -> int:
        """The most bytes that a document may have."""
        return self._settings.http.max_body_bytes

    def read(self, source: Document | str, options: DocumentOptions = _DEFAULT_OPTIONS) -> OcrResult:
        """Read one document and return only its result. Arguments and errors are those of `read_document`."""
        return self.read_document(source, options).result

    def read_document(self, source: Document | str, options: DocumentOptions = _DEFAULT_OPTIONS) -> LocalReading:
        """Read one document.

        Args:
            source: A document, or the location of one: a path, `file://`, `s3://`, `https://` or `data:`.
            options: How it is read.

        Raises:
            ConfigurationError: The nets can't be loaded, so that no document can be read.
            TooLarge: More pages are asked for than `http.max_pages`.
            RayocrError: The document can't be fetched (`Storage.read`) or can't be read (`read_pages`).
        """
        return asyncio.run_coroutine_threadsafe(self._read(self._fetched(source), options), self._loop).result()

    def detect(self, source: Document | str, page: int | None, options: ReadOptions) -> DetectionResult:
        """Find the lines of one page, without reading them.

        Args:
            source: A document, or the location of one, as for `read_document`.
            page: Number of the page, counted from 1; None for the first, with a warning if there are others.
            options: How it is searched.

        Raises:
            ConfigurationError: The nets can't be loaded.
            RayocrError: The document can't be fetched, or the page can't be searched.
        """
        document = self._fetched(source)
        return asyncio.run_coroutine_threadsafe(self._detect(document, page, options), self._loop).result()

    def close(self) -> None:
        """Close the connections to storages."""
        self.storages.close()

    def _fetched(self, source: Document | str) -> Document:
        return source if isinstance(source, Document) else self.storages.read(source, self.max_bytes)

    async def _read(self, document: Document, options: DocumentOptions) -> LocalReading:
        self._check_model(options.model)
        options = with_model(options, self._settings)
        request = ReadRequest(
            options.page_ranges, options.read_options(), self._settings.http.max_pages, self._pages_at_a_time
        )
        context = _context()
        with self._least_busy() as reader:
            pages, failures = await all_pages(reader, document, request, context)
        warnings = [failure.warning for failure in failures]
        result = OcrResult.of(context.request_id, self._model, pages, warnings)
        return LocalReading(result, failures, document)

    async def _detect(self, document: Document, page: int | None, options: ReadOptions) -> DetectionResult:
        self._check_model(options.model)
        context = _context()
        with self._least_busy() as reader:
            found = await reader.detect(document, PageCall(page or 1, context, options))
        return DetectionResult.of(context.request_id, self._model, [found], first_page_only(found.page_count, page))

    def _check_model(self, model: str | None) -> None:
        if model not in {None, self._model}:
            raise MalformedRequest(f"model {model!r} is not loaded here; {self._model} is")

    @contextmanager
    def _least_busy(self) -> Iterator[Reader]:
        least = self._in_work.index(min(self._in_work))
        self._in_work[least] += 1
        try:
            yield self._readers[least]
        finally:
            self._in_work[least] -= 1


def _context() -> RequestContext:
    return RequestContext.starting_now(str(uuid.uuid4()), _NO_LIMIT_S)


def _reader(settings: Settings, threads: int, *, has_many: bool) -> Reader:
    """Build a reader whose nets are loaded for the first page that needs them."""
    stages: dict[str, StageSettings] = {
        "preprocess": settings.preprocess,
        "detection": _with_threads(settings.detection, threads),
        "recognition": _with_threads(settings.recognition, threads),
        "structure": _with_threads(settings.structure, threads),
    }
    # A step of work may take any time: nothing would replace this process if it ended itself.
    patient = {name: stage.model_copy(update={"max_work_s": _NO_LIMIT_S}) for name, stage in stages.items()}
    return Reader(reader_setup(settings, **patient, metrics=NoMetrics(), is_prepared=has_many, loads_at_once=False))


def _with_threads(stage: DetectionSettings | RecognitionSettings | StructureSettings, threads: int) -> StageSettings:
    return stage.model_copy(update={"net": stage.net.model_copy(update={"threads": threads})})


def default_jobs(settings: Settings) -> int:
    """Choose how many documents are read at a time on this machine.

    Returns:
        The number of CPUs that this process may use, or as many as fit into the free memory if that is less; at most
        two if a net runs on a GPU.
    """
    nets = (settings.detection.net, settings.recognition.net)
    on_gpu = any(resolve_device(net.device, net.runtime).kind == "cuda" for net in nets)
    limits = [
        usable_cpu_count(),
        psutil.virtual_memory().available // _JOB_BYTES,
        *([_GPU_JOBS] if on_gpu else []),
    ]
    return max(1, min(limits))
