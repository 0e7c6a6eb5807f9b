"""`--dry-run`: counts the documents that a run would read, and estimates its time and cost from a sample."""

import time
from collections.abc import Iterator

from deployments.storage import COMMAND_LINE_SCHEMES, build_storage
from models.cpus import usable_cpu_count
from models.errors import RayocrError, SourceNotFound
from serve.bulk.documents import InputDocument
from serve.bulk.input.inputs import select_inputs
from serve.bulk.input.listing import ListingPlan, failed_digests, pending_documents
from serve.bulk.options import BulkOptions
from serve.bulk.report.ledger import ErrorLedger
from serve.bulk.run.estimate import Estimate, InputCensus
from serve.bulk.run.run import absolute
from serve.bulk.write.done import DoneKeys
from serve.config.settings import Settings
from serve.documents.local import LocalReader

__all__ = ["dry_run"]


def dry_run(options: BulkOptions, settings: Settings) -> Iterator[str]:
    """Count the documents that a run would read, and read a few of them. Nothing is written.

    Args:
        options: Options of the run.
        settings: The settings in effect.

    Yields:
        Lines for a person.

    Raises:
        SourceNotFound: Nothing is left to read.
        RayocrError: The input or the output can't be read.
    """
    options = absolute(options)
    storage = build_storage(settings.storage, COMMAND_LINE_SCHEMES)
    try:
        ledger = ErrorLedger.load(options.output, storage)
        plan = ListingPlan(
            options, settings.storage, frozenset() if options.retry_failed else failed_digests(ledger, options)
        )
        census = InputCensus()

        def counted() -> Iterator[InputDocument]:
            for document in pending_documents(plan, storage):
                census.add(document)
                yield document

        sample = list(select_inputs(counted(), sample=options.dry_run_documents, seed=options.seed))
        results = len(DoneKeys.load(options.output, options.format, storage))
    finally:
        storage.close()
    yield f"{options.input} -> {options.output} ({options.format})"
    yield f"  {results:,} documents have a result, {len(ledger):,} failed before"
    yield f"  {census.total.documents:,} documents are to be read, {census.total.size_bytes / 1e6:,.1f} MB"
    for extension, share in sorted(census.by_extension.items(), key=lambda item: -item[1].documents)[:10]:
        yield f"    {share.documents:>12,}  {share.size_bytes / 1e6:>12,.1f} MB  {extension or 'without an extension'}"
    if not sample:
        raise SourceNotFound("nothing is left to read")
    yield from _timed(options, settings, sample, census.total.documents)


def _timed(options: BulkOptions, settings: Settings, sample: list[InputDocument], documents: int) -> Iterator[str]:
    reader = LocalReader(settings, jobs=1, has_many=True)
    try:
        _read(reader, sample[0])  # loads the nets
        started_s = time.process_time()
        failed = sum(not _read(reader, document) for document in sample)
        cpu_s = (time.process_time() - started_s) / len(sample)
    finally:
        reader.close()
    cores = usable_cpu_count()
    estimate = Estimate.of(documents, cpu_s, cores, options.cpu_hour_price)
    yield f"  a sample of {len(sample)} took {cpu_s:.3f} CPU seconds a document; {failed} of them failed"
    hours, here = estimate.cpu_s / 3600, estimate.duration_s / 3600
    yield f"  in all: {hours:,.2f} CPU hours; {here:,.2f} h on this machine ({cores} CPUs)"
    if estimate.cost is not None:
        yield f"  cost: {estimate.cost:,.2f}"


def _read(reader: LocalReader, document: InputDocument) -> bool:
    try:
        reader.read(document.location)
    except RayocrError:
        return False
    return True
