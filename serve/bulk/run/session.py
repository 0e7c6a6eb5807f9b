"""A run while Ray is up: passes until nothing is left, and the reports about them."""

import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TextIO

import ray
from ray.exceptions import RayError

from deployments.stages.reader import Stages
from deployments.storage import Storage, StorageSettings
from models.errors import Conflict, RayocrError, StorageUnavailable, TooManyErrors
from serve.bulk.input.listing import ListingPlan, failed_digests
from serve.bulk.options import BulkOptions
from serve.bulk.report.ledger import ErrorLedger
from serve.bulk.report.progress import Metrics, build_progress
from serve.bulk.report.reports import RunState, RunSummary, write_status, write_summary
from serve.bulk.report.tally import Tally
from serve.bulk.run.actors import start_coordinator, start_counting, start_writer
from serve.bulk.run.cluster import RayCluster
from serve.bulk.run.lease import OutputLease
from serve.bulk.run.passes import Pass
from serve.bulk.run.pipeline import build_dataset, data_context
from serve.bulk.stages.coordinator import Snapshot, Stop
from serve.bulk.stages.stages import StageSetup
from serve.bulk.write.conversion import conversion_of
from serve.bulk.write.writer import WriteReport, WriterSetup
from serve.config.languages import with_model
from serve.config.loading import LoadedSettings
from serve.documents.reading import ReadRequest
from serve.version import rayocr_version

if TYPE_CHECKING:
    from ray import ObjectRef

__all__ = ["ReportStorages", "Session", "StopFlag"]

_STATUS_EVERY_S = 10.0
_LEDGER_EVERY_S = 60.0
# A pass may lose documents with a worker or a node; the next takes them. So many without a result are not an accident.
_MOST_EMPTY_PASSES = 3


class StopFlag:
    """A flag that the run reads: a signal handler sets it, or the loss of the output to another run.

    Args:
        lease: Lease of the run's output.
    """

    def __init__(self, lease: OutputLease) -> None:
        self.signal: int | None = None
        self._lease = lease

    @property
    def is_output_lost(self) -> bool:
        """Whether another run has taken the output over, so that this one writes no report."""
        return self._lease.lost is not None

    @property
    def stop(self) -> Stop | None:
        """The stop that a signal or the lost output asks for; None if there was none."""
        if self._lease.lost is not None:
            return Stop(self._lease.lost, Conflict.exit_code)
        if self.signal is None:
            return None
        return Stop("stopped by a signal; the same command goes on from here", 128 + self.signal)


@dataclass(frozen=True, slots=True)
class ReportStorages:
    """The output folder's storage, twice, for the files that the driver writes.

    Args:
        impatient: Writes files that are soon written again, and reports after a failure, since a run that has waited
            for a storage in vain does not wait again.
        patient: Writes the reports of a run that is complete.
    """

    impatient: Storage
    patient: Storage


class Session:
    """One run on one cluster.

    Args:
        options: Options of the run, with absolute locations.
        loaded: The settings in effect.
        storages: Storages of the reports.
        storage_settings: Settings of the stages' and the writer's storages, with the run's patience.
        model: Name of the model bundle.
        ledger: The errors of earlier runs.
        cluster: The Ray that the run uses.
        flag: Tells whether a signal came.
        classes: The classes that do the work of the stages.
        stdout: Where progress goes if it is lines.
    """

    def __init__(
        self,
        options: BulkOptions,
        loaded: LoadedSettings,
        storages: ReportStorages,
        storage_settings: StorageSettings,
        model: str,
        ledger: ErrorLedger,
        cluster: RayCluster,
        flag: StopFlag,
        classes: Stages,
        stdout: TextIO,
    ) -> None:
        self._options = options
        self._loaded = loaded
        self._storages = storages
        self._model = model
        self._ledger = ledger
        self._cluster = cluster
        self._flag = flag
        self._storage_settings = storage_settings
        self._tally = Tally({name: pool.threads for name, pool in cluster.pools.stages.items()})
        self._progress = build_progress(stdout)
        self._metrics = Metrics()
        self._status_due = 0.0
        self._ledger_due = time.monotonic() + _LEDGER_EVERY_S
        self._counting: ObjectRef[int] | None = None
        self._pass_number = 0
        self._is_complete = False
        self._plan: ListingPlan | None = None
        # Errors of this run are never tried again in it, errors of earlier runs only if that is asked for.
        self._not_retried = [] if options.retry_failed else list(ledger)
        self._coordinator = start_coordinator(cluster.pools, options)
        request = ReadRequest(
            options.document.page_ranges,
            with_model(options.document, loaded.settings.model_copy(update={"bundles": []})).read_options(),
            options.max_pages,
            loaded.settings.http.pages_at_a_time,
            time_for_each=True,
            limit_name="--max-pages",
        )
        self._setup = StageSetup(
            loaded.settings, storage_settings, self._coordinator, options.attempts, classes, request
        )
        self._writer = start_writer(
            WriterSetup(
                options.output,
                options.format,
                storage_settings,
                model,
                options.shard_documents,
                conversion_of(options, loaded.settings, storage_settings),
                frozenset(error.key for error in ledger),
            )
        )

    @property
    def is_regular(self) -> bool:
        """Whether nothing was lost on the way: no worker ended, and one pass was enough."""
        return self._pass_number <= 1

    def run(self) -> Stop | None:
        """Run passes until nothing is left.

        Returns:
            Why the run has to stop; None if it is complete.

        Raises:
            RayocrError: The pipeline ended several times without a result.
        """
        try:
            stop = self._passes()
        finally:
            self._progress.close()
        self._is_complete = stop is None
        if stop is None and self._tally.has_too_many_failures(self._options.max_error_rate, at_end=True):
            return self._too_many_errors()
        return stop

    def report(self, stop: Stop | None, error: RayocrError | None = None) -> None:
        """Write the errors, the summary and the last status, unless another run has taken the output over.

        Args:
            stop: Why the run stopped; None if it did not.
            error: The error that ended the run; None if none did.

        Raises:
            RayocrError: The run is complete, and a report can't be written. If the run is not complete, nothing is
                raised: a user has to know why the run stopped, and mostly the report fails for the same reason.
        """
        if self._flag.is_output_lost:
            return
        snapshot = self._snapshot()
        message = error.message if error is not None else stop.message if stop is not None else ""
        ended_well = error is None and stop is None
        state: RunState = "complete" if ended_well else "stopped" if self._flag.signal is not None else "failed"
        storage = self._storages.patient if ended_well else self._storages.impatient
        status = self._tally.status(snapshot, state, message)
        self._progress.end(status)
        try:
            self._ledger.save(storage)
            write_summary(self._options.output, storage, self._summary(state, message, snapshot))
            write_status(self._options.output, storage, status)
        except RayocrError:
            if ended_well:
                raise

    def _passes(self) -> Stop | None:
        empty_passes = crashes = 0
        while True:
            self._pass_number += 1
            ray.get(self._coordinator.start_pass.remote())
            plan = ListingPlan(self._options, self._storage_settings, failed_digests(self._not_retried, self._options))
            if self._pass_number == 1:
                self._plan = plan
            with data_context(is_local=self._cluster.is_local):
                dataset = build_dataset(plan, self._setup, self._cluster.pools)
                outcome = Pass(dataset, self._coordinator, self._writer, self._on_report, self._on_tick).run()
            snapshot = self._snapshot()
            if (stop := outcome.stop or snapshot.stop) is not None:
                return stop
            listing = snapshot.listing
            was_regular = outcome.is_regular and listing.starts == 1 and snapshot.crashes == crashes
            if listing.is_complete and (listing.given == 0 or (was_regular and outcome.settled == listing.given)):
                return None
            # Something ended on the way. Another listing tells what is missing; mostly nothing is.
            crashes = snapshot.crashes
            empty_passes = 0 if outcome.settled else empty_passes + 1
            if empty_passes >= _MOST_EMPTY_PASSES:
                raise RayocrError(f"the pipeline ended {empty_passes} times without a result: {outcome.error}")

    def _on_report(self, report: WriteReport) -> Stop | None:
        self._tally.add(report)
        self._metrics.count(report.done, len(report.failed), report.pages)
        for error in report.failed:
            self._ledger.add(error)
            self._not_retried.append(error)
        for key in report.recovered:
            self._ledger.discard(key)
        return self._too_many_errors() if self._tally.has_too_many_failures(self._options.max_error_rate) else None

    def _on_tick(self) -> Stop | None:
        now = time.monotonic()
        if (stop := self._flag.stop) is not None:
            return stop
        is_status_due = now >= self._status_due
        is_progress_due = self._progress.is_due()
        if is_status_due or is_progress_due:
            status = self._tally.status(self._snapshot())
            self._metrics.show(status)
            if is_progress_due:
                self._progress.show(status, self._tally.to_do)
            if is_status_due:
                self._count_if_it_takes_long()
                self._status_due = now + _STATUS_EVERY_S
                # It is written again soon. Whether the storage is away for too long, stages and writer find out.
                with suppress(StorageUnavailable):
                    write_status(self._options.output, self._storages.impatient, status)
        if now >= self._ledger_due:
            self._ledger_due = now + _LEDGER_EVERY_S
            with suppress(StorageUnavailable):
                self._ledger.save()
        return None

    def _snapshot(self) -> Snapshot:
        answer: ObjectRef[Snapshot] = self._coordinator.snapshot.remote()
        snapshot = ray.get(answer)
        if self._pass_number == 1:
            self._tally.listing = snapshot.listing
            if snapshot.listing.is_complete:
                self._tally.to_do = snapshot.listing.given
        return snapshot

    def _count_if_it_takes_long(self) -> None:
        """Count the documents to read, for the time left: the listing is only a little ahead of the pipeline."""
        if self._tally.to_do is not None or self._plan is None:
            return
        if self._counting is None and self._tally.settled:
            self._counting = start_counting(self._plan)
        elif self._counting is not None and ray.wait([self._counting], timeout=0)[0]:
            try:
                self._tally.to_do = ray.get(self._counting)
            except RayError:  # only the time left stays unknown
                self._plan = None

    def _too_many_errors(self) -> Stop:
        tally = self._tally
        message = (
            f"{tally.failed:,} of {tally.settled:,} documents failed, more than --max-error-rate "
            f"{self._options.max_error_rate:g} allows; {self._options.output}_errors.jsonl says why"
        )
        return Stop(message, TooManyErrors.exit_code)

    def _summary(self, state: RunState, message: str, snapshot: Snapshot) -> RunSummary:
        tally = self._tally
        ended = datetime.now(UTC)
        elapsed_s = (ended - tally.started).total_seconds()
        # On a cluster that others use too, only the run's own processes count.
        cpu_s = self._cluster.cpu_s() or snapshot.cpu_s + tally.writer_cpu_s + time.process_time()
        configuration = self._loaded.settings.model_dump(mode="json", exclude_defaults=True)
        return RunSummary(
            state=state,
            complete=self._is_complete,
            message=message,
            counts=tally.counts(),
            results=tally.listing.done + tally.done,
            errors=len(self._ledger),
            images_per_s=round(tally.settled / elapsed_s, 3),
            cpu_s=round(cpu_s, 1),
            cpu_s_per_image=round(cpu_s / tally.settled, 4) if tally.settled else None,
            started=tally.started,
            ended=ended,
            input=self._options.input,
            output=self._options.output,
            format=self._options.format,
            model=self._model,
            version=rayocr_version(),
            configuration=configuration,
        )
