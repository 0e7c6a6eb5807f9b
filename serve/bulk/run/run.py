"""A whole bulk run: checks, Ray, passes until nothing is left, reports, exit code."""

import signal
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from types import FrameType
from typing import TYPE_CHECKING

from deployments.storage import COMMAND_LINE_SCHEMES, build_storage
from models.errors import RayocrError
from models.manifests import load_manifest
from serve.bulk.locations import check_locations, file_of, folder_of, input_of
from serve.bulk.options import BulkOptions
from serve.bulk.report.ledger import ErrorLedger
from serve.bulk.run.asked import note_options
from serve.bulk.run.cluster import ray_cluster
from serve.bulk.run.lease import held_output
from serve.bulk.write.done import DoneKeys
from serve.bulk.write.outputs import WriterOptions, output_format
from serve.config.bundle import check_bundle
from serve.config.loading import LoadedSettings

if TYPE_CHECKING:
    from deployments.stages.reader import Stages
    from serve.bulk.run.session import StopFlag
    from serve.bulk.stages.coordinator import Stop

__all__ = ["absolute", "run_bulk"]


def run_bulk(options: BulkOptions, loaded: LoadedSettings, classes: "Stages | None" = None) -> "Stop | None":
    """Read all documents of a folder that have no result yet.

    Args:
        options: Options of the run.
        loaded: The settings in effect.
        classes: Classes that do the work of the stages; None for the service's.

    Returns:
        None if every document has a result or an error; else why the run stopped. The same command resumes it.

    Raises:
        Conflict: Another run writes to the output.
        RayocrError: The run could not begin, or could not go on.
    """
    options = absolute(options)
    settings = loaded.settings
    patience = settings.storage.with_patience(options.storage_patience_s)
    with (
        closing(build_storage(settings.storage, COMMAND_LINE_SCHEMES)) as impatient,
        closing(build_storage(patience, COMMAND_LINE_SCHEMES)) as patient,
    ):
        output = output_format(options.format)
        # A wrong location is reported at once.
        check_locations(options.input, options.output, impatient)
        manifest = load_manifest(settings.bundle)
        check_bundle(settings, manifest)
        with held_output(options.output, impatient, take_over=options.take_over) as lease:
            if (warning := note_options(options, manifest.name, impatient)) is not None:
                print(warning, file=sys.stderr)
            ledger = ErrorLedger.load(options.output, impatient)
            # A run that was killed between writing a shard and reporting it may have left a document twice.
            output.remove_duplicates(options.output, patient, WriterOptions())
            if len(ledger):
                ledger.discard_done(DoneKeys.load(options.output, options.format, patient))
            stdout = sys.stdout  # what Ray prints there goes elsewhere
            with ray_cluster(options, settings) as cluster:
                # These import Ray, which reads the environment while it is imported.
                from deployments.stages.reader import Stages
                from serve.bulk.run.session import ReportStorages, Session, StopFlag

                flag = StopFlag(lease)
                with _signals(flag):
                    session = Session(
                        options,
                        loaded,
                        ReportStorages(impatient, patient),
                        patience,
                        manifest.name,
                        ledger,
                        cluster,
                        flag,
                        classes or Stages(),
                        stdout,
                    )
                    try:
                        stop = session.run()
                    except RayocrError as error:
                        session.report(None, error)
                        raise
                    if not (session.is_regular or flag.is_output_lost):
                        output.remove_duplicates(options.output, patient, WriterOptions())
                    session.report(stop)
                    return stop


def absolute(options: BulkOptions) -> BulkOptions:
    """Make the same options with locations that mean the same in every process."""
    return replace(
        options,
        input=input_of(options.input),
        output=folder_of(options.output),
        manifest=None if options.manifest is None else file_of(options.manifest),
    )


@contextmanager
def _signals(flag: "StopFlag") -> Iterator[None]:
    """Let SIGINT and SIGTERM ask the run to stop. A second signal ends it at once."""

    def note(number: int, _frame: FrameType | None) -> None:
        if flag.signal is not None:
            raise KeyboardInterrupt
        flag.signal = number

    # These replace Ray's own handlers.
    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
