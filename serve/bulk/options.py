"""The options of a bulk run, as plain values."""

from dataclasses import dataclass, field

from models.errors import MalformedRequest
from serve.documents.options import DocumentOptions
from serve.exports.registry import check_part

__all__ = ["BulkOptions", "PoolBounds"]


@dataclass(frozen=True, slots=True)
class PoolBounds:
    """How many actors a stage may have.

    Args:
        least: Actors that are always there.
        most: The most actors that load may bring.
    """

    least: int
    most: int

    @classmethod
    def parse(cls, text: str) -> "PoolBounds":
        """Parse `MIN:MAX`, or `N` for exactly so many.

        Raises:
            MalformedRequest: The text is neither, or the bounds are out of order.
        """
        least, _, most = text.partition(":")
        try:
            bounds = cls(int(least), int(most or least))
        except ValueError as exc:
            raise MalformedRequest(
                f"{text!r} does not give the bounds of a pool: write MIN:MAX, such as 2:8, or N"
            ) from exc
        if not 1 <= bounds.least <= bounds.most:
            raise MalformedRequest(f"{text!r}: the bounds of a pool need 1 <= MIN <= MAX")
        return bounds


@dataclass(frozen=True, slots=True)
class BulkOptions:
    """One bulk run. Two runs with the same input, output and format continue each other.

    Args:
        input: Folder of the documents: `s3://bucket/folder/` or a local path.
        output: Folder of the results.
        format: One of `serve.bulk.write.outputs.FORMATS`.
        include: Globs; a key that matches none of them is left out. Empty takes all.
        exclude: Globs; a key that matches one of them is left out.
        manifest: Location of a list of keys, which is read instead of listing the input.
        limit: Number of documents after which no more are taken; None for all.
        sample: Number of documents to take at random; None for all.
        seed: Seed of the random sample.
        retry_failed: Whether documents that failed in an earlier run are tried again.
        refresh: Whether documents that changed since they were read are read again.
        take_over: Whether the output is taken from a run that goes on, which then stops.
        dry_run: Whether the run only says what it would read.
        dry_run_documents: Documents that a dry run reads, to estimate time and cost.
        cpu_hour_price: Price of one CPU for an hour, for the estimate; None for no price.
        readers: Actors that hold all stages. Not given: as many as the CPUs can hold, if the stages are colocated.
        fetchers: Actors that fetch and decode. Not given: one for each eight CPUs.
        detection_actors: Actors that detect. Not given: from 1 to as many as half the CPUs can hold.
        recognition_actors: Actors that recognize. Not given: from 1 to as many as the CPUs can hold.
        chunk_documents: Documents that travel together.
        attempts: Crashes of workers after which a page that was in work at each of them is given up.
        max_error_rate: Share of failed documents above which the run stops.
        shard_documents: The most documents of a shard.
        storage_patience_s: Seconds for which a storage may fail before the run stops.
        document: Which pages of each document are read, and how. Its `format` has no effect here.
        max_pages: The most pages that are read of a document; one with more to read fails.

    Raises:
        MalformedRequest: The format needs a part of the pages' structure that `document` does not ask for.
    """

    input: str
    output: str
    format: str = "json"
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    manifest: str | None = None
    limit: int | None = None
    sample: int | None = None
    seed: int = 0
    retry_failed: bool = False
    refresh: bool = False
    take_over: bool = False
    dry_run: bool = False
    dry_run_documents: int = 12
    cpu_hour_price: float | None = None
    readers: PoolBounds | None = None
    fetchers: PoolBounds | None = None
    detection_actors: PoolBounds | None = None
    recognition_actors: PoolBounds | None = None
    chunk_documents: int = 4
    attempts: int = 3
    max_error_rate: float = 0.1
    shard_documents: int = 1000
    storage_patience_s: float = 300.0
    document: DocumentOptions = field(default_factory=DocumentOptions)
    max_pages: int = 2000

    def __post_init__(self) -> None:
        check_part(self.format, self.document.structure)
