"""The source of the pipeline: one read task that lists documents and hands them on in small chunks."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import ray
from ray.data.block import BlockMetadata
from ray.data.datasource import Datasource, ReadTask

from deployments.storage import COMMAND_LINE_SCHEMES, Storage, StorageSettings, build_storage
from models.errors import RayocrError
from serve.bulk.digests import key_digest
from serve.bulk.documents import DocumentError, InputDocument
from serve.bulk.input.inputs import list_inputs, select_inputs
from serve.bulk.options import BulkOptions
from serve.bulk.stages.chunks import WorkPage, encode_pages
from serve.bulk.stages.coordinator import ListingCounts
from serve.bulk.write.done import DoneKeys

if TYPE_CHECKING:
    from ray.actor import ActorHandle

__all__ = ["KeyChunks", "ListingPlan", "chunked", "count_to_do", "failed_digests", "pending_documents"]

# Decoded pictures are some ten times as large as their files, so that a chunk of so many bytes stays below 100 MB.
_CHUNK_BYTES = 8_000_000
# After so many documents, the listing asks whether it may go on.
_DOCUMENTS_PER_CHECK = 32


@dataclass(frozen=True, slots=True)
class ListingPlan:
    """The documents to list, and those of them to leave out.

    Args:
        options: Options of the run, with input and output as `folder_of` gives them.
        storage: How the listing is fetched.
        failed: Digests of documents that are not to be tried again, from `failed_digests`.
    """

    options: BulkOptions
    storage: StorageSettings
    failed: frozenset[bytes] = frozenset()


class KeyChunks(Datasource):
    """Ray Data's source of chunks of documents. One task lists; its generator runs only a few blocks ahead.

    Args:
        plan: The documents to list.
        coordinator: The run's actor, which tells when to go on.
    """

    def __init__(self, plan: ListingPlan, coordinator: "ActorHandle[Any]") -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Ray's own class
        self._plan = plan
        self._coordinator = coordinator

    def get_name(self) -> str:
        """Return the name of the source in Ray's statistics."""
        return "Keys"

    def estimate_inmemory_data_size(self) -> int | None:
        """Return None, since the size is not known before the run."""
        return None

    def get_read_tasks(
        self, parallelism: int, per_task_row_limit: int | None = None, data_context: object = None
    ) -> list[ReadTask]:
        """Make the one task, which lists everything."""
        plan, coordinator = self._plan, self._coordinator
        metadata = BlockMetadata(num_rows=None, size_bytes=None, exec_stats=None, input_files=None)
        return [ReadTask(lambda: _chunk_tables(plan, coordinator), metadata)]


def _documents(plan: ListingPlan, storage: Storage) -> Iterator[InputDocument]:
    """Yield all documents of the run, also those that are done."""
    options = plan.options
    documents = list_inputs(
        options.input, options.include, options.exclude, options.manifest, storage, output=options.output
    )
    return select_inputs(documents, limit=options.limit, sample=options.sample, seed=options.seed)


def failed_digests(errors: Iterable[DocumentError], options: BulkOptions) -> frozenset[bytes]:
    """Make the digests for `ListingPlan.failed`: of keys or, with `refresh`, of the versions that failed."""
    return frozenset(_failed_digest(error.key, error.etag, options) for error in errors)


def chunked(documents: Iterable[InputDocument], most: int) -> Iterator[list[InputDocument]]:
    """Group documents into chunks of at most so many, and of fewer if they are large."""
    chunk: list[InputDocument] = []
    size_bytes = 0
    for document in documents:
        if chunk and (len(chunk) >= most or size_bytes + document.size_bytes > _CHUNK_BYTES):
            yield chunk
            chunk, size_bytes = [], 0
        chunk.append(document)
        size_bytes += document.size_bytes
    if chunk:
        yield chunk


def pending_documents(plan: ListingPlan, storage: Storage) -> Iterator[InputDocument]:
    """Yield the documents that the run has to read."""
    return _Listing(plan, _load_done(plan, storage), storage).to_do()


def count_to_do(plan: ListingPlan) -> int:
    """Count the documents that the run has to read, with a listing of its own."""
    storage = build_storage(plan.storage, COMMAND_LINE_SCHEMES)
    try:
        return sum(1 for _ in pending_documents(plan, storage))
    finally:
        storage.close()


class _Listing:
    """Goes through the documents once, and counts them."""

    def __init__(self, plan: ListingPlan, done: DoneKeys, storage: Storage) -> None:
        self._plan = plan
        self._done = done
        self._storage = storage
        self._listed = 0
        self._failed = 0
        self._given = 0

    def to_do(self) -> Iterator[InputDocument]:
        pending = self._done.pending(self._counted(), refresh=self._plan.options.refresh)
        for document in pending:
            failed = self._plan.failed
            if failed and _failed_digest(document.key, document.etag, self._plan.options) in failed:
                self._failed += 1
            else:
                self._given += 1
                yield document

    def counts(self, *, is_complete: bool = False) -> ListingCounts:
        return ListingCounts(self._listed, self._done.skipped, self._failed, self._given, is_complete)

    def _counted(self) -> Iterator[InputDocument]:
        for document in _documents(self._plan, self._storage):
            self._listed += 1
            yield document


def _chunk_tables(plan: ListingPlan, coordinator: "ActorHandle[Any]") -> Iterator[pa.Table]:
    """List the documents in the read task's worker, and yield the tables of their chunks."""
    ray.get(coordinator.start_listing.remote())
    storage = build_storage(plan.storage, COMMAND_LINE_SCHEMES)
    try:
        options = plan.options
        listing = _Listing(plan, _load_done(plan, storage), storage)
        every = max(1, _DOCUMENTS_PER_CHECK // options.chunk_documents)
        for number, chunk in enumerate(chunked(listing.to_do(), options.chunk_documents)):
            if number % every == 0 and _must_stop(coordinator, listing.counts()):
                return
            yield encode_pages([WorkPage(document) for document in chunk])
        _must_stop(coordinator, listing.counts(is_complete=True))
    except RayocrError as error:
        ray.get(coordinator.stop.remote(error.message, error.exit_code))
    finally:
        storage.close()


def _failed_digest(key: str, etag: str, options: BulkOptions) -> bytes:
    return key_digest(f"{key}\n{etag}" if options.refresh else key)


def _load_done(plan: ListingPlan, storage: Storage) -> DoneKeys:
    options = plan.options
    return DoneKeys.load(options.output, options.format, storage, with_etags=options.refresh)


def _must_stop(coordinator: "ActorHandle[Any]", counts: ListingCounts) -> bool:
    return ray.get(coordinator.admit.remote(counts, time.process_time())) is not None
