"""`rayocr read`."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from models.errors import ConfigurationError, RayocrError, SourceNotFound, UnsupportedType
from serve.cli.config import CONFIG_HELP
from serve.cli.console import Invocation, complain

if TYPE_CHECKING:
    from serve.cli.progress import ReadProgress
    from serve.cli.sources import Source
    from serve.local import LocalReader
    from serve.results import OcrResult

__all__ = ["read"]

# So many documents are read before the nets are made ready for all widths of lines.
_FEW = 10


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of one source: a result or an error."""

    source: "Source"
    result: "OcrResult | None" = None
    error: Exception | None = None


def read(
    context: typer.Context,
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE",
            help="A picture, a folder (with all that is below it), s3://bucket/key, s3://bucket/prefix/ (the slash at "
            "the end lists it), https://... where storage.https_enabled is set, or - for standard input.",
        ),
    ],
    output_format: Annotated[
        Literal["text", "json"], typer.Option("--format", help="json also has polygons, confidences and warnings.")
    ] = "text",
    jobs: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Documents to read at a time. Not given: as many as there are CPUs."),
    ] = None,
    config: Annotated[Path | None, typer.Option(metavar="FILE", help=CONFIG_HELP)] = None,
) -> None:
    """Read the text in pictures, on this machine; no service is needed.

    Results come in the order of the sources. A document that fails is reported on stderr and the others are read; the
    exit code is that of the first that failed.
    """
    from serve.cli.sources import is_folder
    from serve.configuration import load_settings
    from serve.local import LocalReader, default_jobs

    settings = load_settings(config).settings
    invocation: Invocation = context.obj
    invocation.has_workers = True
    # Results are UTF-8 whatever the locale says, as the recognizer's characters go beyond any other encoding.
    if callable(reconfigure := getattr(sys.stdout, "reconfigure", None)):
        reconfigure(encoding="utf-8")
    jobs = jobs or default_jobs(settings)
    reader = LocalReader(settings, jobs, has_many=len(sources) > _FEW or any(is_folder(source) for source in sources))
    try:
        exit_code = _Run(reader, sources, output_format, debug=invocation.debug).read_all(jobs)
    finally:
        reader.close()
    if exit_code:
        raise typer.Exit(exit_code)


class _Run:
    """One run over all sources."""

    def __init__(
        self, reader: "LocalReader", locations: Sequence[str], output_format: Literal["text", "json"], *, debug: bool
    ) -> None:
        from serve.cli.sources import SkippedFiles, is_folder

        self._reader = reader
        self._locations = locations
        self._is_json = output_format == "json"
        self._debug = debug
        # By what was asked for, not by what is found: a folder with one picture in it is written like any other folder.
        self._has_many = len(locations) > 1 or any(is_folder(location) for location in locations)
        self._skipped = SkippedFiles()
        self._read_count = 0
        self._exit_code = 0

    def read_all(self, jobs: int) -> int:
        """Read and write everything.

        Args:
            jobs: Documents to read at a time.

        Returns:
            The exit code of the first document that failed; 0 if none did.

        Raises:
            ConfigurationError: No document can be read with these settings.
            SourceNotFound: There was nothing to read.
        """
        from serve.cli.ordered import ordered_map
        from serve.cli.progress import ReadProgress
        from serve.cli.sources import count_documents, walk_sources

        is_shown = self._has_many and sys.stderr.isatty()
        total = count_documents(self._locations, self._reader.storages) if is_shown else None
        progress = ReadProgress(total, is_shown=is_shown)
        try:
            for outcome in ordered_map(self._attempt, walk_sources(self._locations, self._reader.storages), jobs):
                self._report(outcome, progress)
        finally:
            progress.close()
        if self._skipped.count:
            complain(self._skipped.summary())
        if self._read_count == 0 and self._exit_code == 0:
            raise SourceNotFound("there is nothing to read: no picture of a type that rayocr reads was found")
        return self._exit_code

    def _attempt(self, source: "Source") -> _Outcome:
        """Read one document, in a worker's thread."""
        try:
            if source.error is not None:
                raise source.error
            return _Outcome(source, self._read(source))
        except ConfigurationError:
            raise  # it would be the same for each of the others
        except Exception as error:
            return _Outcome(source, error=error)

    def _read(self, source: "Source") -> "OcrResult":
        from serve.cli.sources import STDIN, stdin_document

        if source.location == STDIN:
            return self._reader.read(stdin_document(self._reader.max_bytes))
        # Whatever large file lies beside the pictures is not worth a download, only to be told that it is no picture.
        if (source.size_bytes or 0) > self._reader.max_bytes and not source.has_picture_name:
            raise UnsupportedType("too large, and not named like a picture")
        return self._reader.read(source.location)

    def _report(self, outcome: _Outcome, progress: "ReadProgress") -> None:
        if outcome.result is not None:
            with progress.hidden():
                self._write(outcome.source, outcome.result)
            progress.advance(pages=len(outcome.result.pages))
        elif isinstance(outcome.error, UnsupportedType) and outcome.source.is_listed:
            self._skipped.add(outcome.source)
            progress.advance()
        elif outcome.error is not None:
            with progress.hidden():
                self._complain(outcome.source, outcome.error)
            progress.advance(failed=True)

    def _write(self, source: "Source", result: "OcrResult") -> None:
        from serve.cli.results import write_json, write_text

        if self._is_json:
            write_json(source.name, result, is_pretty=not self._has_many and sys.stdout.isatty())
        else:
            for warning in result.warnings:
                where = f" (page {warning.page})" if len(result.pages) > 1 and warning.page else ""
                complain(f"warning: {source.name}: {warning.message}{where}")
            write_text(source.name, result, is_one_of_many=self._has_many, is_first=self._read_count == 0)
        self._read_count += 1

    def _complain(self, source: "Source", error: Exception) -> None:
        code = error.exit_code if isinstance(error, RayocrError) else RayocrError.exit_code
        self._exit_code = self._exit_code or code
        if isinstance(error, RayocrError):
            message = error.message if source.location in error.message else f"{source.name}: {error.message}"
            complain(message, error if self._debug else None)
        else:
            complain(f"{source.name}: this is a bug in rayocr: please report it with the lines above", error)
