"""The command `rayocr read`."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import ConfigurationError, RayocrError, SourceNotFound, UnsupportedType
from serve.cli.config import CONFIG_HELP
from serve.cli.console import Invocation, complain
from serve.cli.document_flags import (
    Characters,
    Dpi,
    FieldsTemplate,
    Furniture,
    Languages,
    Model,
    Orientation,
    Pages,
    PasswordFile,
    SpreadsheetSafe,
    Structure,
    TextLayer,
)

if TYPE_CHECKING:
    from serve.cli.files.output import Output
    from serve.cli.files.progress import ReadProgress
    from serve.cli.files.sources import Source
    from serve.documents.failures import PageFailure
    from serve.documents.local import LocalReader, LocalReading
    from serve.documents.options import DocumentOptions
    from serve.results import OcrResult, WarningResult

__all__ = ["read"]

# The nets are prepared for all widths of lines only if there are more documents than these.
_FEW = 10


@dataclass(frozen=True, slots=True)
class _Outcome:
    """The outcome of one source: a result to write, or an error."""

    source: "Source"
    error: Exception | None = None
    prepared: "bytes | OcrResult | None" = None
    pages: int = 0
    warnings: "Sequence[WarningResult]" = ()
    failures: "Sequence[PageFailure]" = ()


def read(
    context: typer.Context,
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE",
            help="A picture or PDF, a folder (with everything below it), s3://bucket/key, s3://bucket/prefix/ (the "
            "slash at the end lists it), https://... if storage.https_enabled is set, or - for standard input.",
        ),
    ],
    output_format: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="text, json (also has polygons, confidences and warnings), markdown, html, tsv, csv (the tables, with "
            "--structure tables), hocr, alto, page, or pdf (searchable).",
        ),
    ] = "text",
    pages: Pages = None,
    dpi: Dpi = None,
    text_layer: TextLayer = "auto",
    orientation: Orientation = "auto",
    model: Model = None,
    languages: Languages = None,
    structure: Structure = None,
    fields_template: FieldsTemplate = None,
    furniture: Furniture = "keep",
    characters: Characters = False,
    spreadsheet_safe: SpreadsheetSafe = False,
    password_file: PasswordFile = None,
    output: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write a file for each document into this folder, named after it."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Documents to read at a time. Not given: as many as there are CPUs."),
    ] = None,
    config: Annotated[Path | None, typer.Option(metavar="FILE", help=CONFIG_HELP)] = None,
) -> None:
    """Read the text in pictures and documents, on this machine. No service is needed.

    Results come in the order of the sources. A document or page that fails is reported on stderr, and the others are
    read. The exit code is that of the first that failed.
    """
    from serve.cli.document_options import document_options
    from serve.cli.files.output import build_output
    from serve.cli.files.sources import is_folder
    from serve.config.loading import load_settings
    from serve.documents.local import LocalReader, default_jobs

    options = document_options(
        password_file,
        format=output_format,
        pages=pages,
        dpi=dpi,
        text_layer=text_layer,
        orientation=orientation,
        languages=languages,
        structure=structure,
        fields_template=fields_template,
        furniture=furniture,
        characters=characters,
        spreadsheet_safe=spreadsheet_safe,
    )
    target = build_output(options, sources, output, may_replace=force)
    settings = load_settings(config, overrides={} if model is None else {"bundle": model}).settings
    invocation: Invocation = context.obj
    invocation.has_workers = True
    # Results are UTF-8 whatever the locale is, since no other encoding has all of the recognizer's characters.
    if callable(reconfigure := getattr(sys.stdout, "reconfigure", None)):
        reconfigure(encoding="utf-8")
    jobs = jobs or default_jobs(settings)
    reader = LocalReader(settings, jobs, has_many=len(sources) > _FEW or any(is_folder(source) for source in sources))
    try:
        exit_code = _Run(reader, sources, options, target, debug=invocation.debug).read_all(jobs)
    finally:
        reader.close()
    if exit_code:
        raise typer.Exit(exit_code)


class _Run:
    """One run over all sources."""

    def __init__(
        self,
        reader: "LocalReader",
        locations: Sequence[str],
        options: "DocumentOptions",
        output: "Output",
        *,
        debug: bool,
    ) -> None:
        from serve.cli.files.sources import SkippedFiles

        self._reader = reader
        self._locations = locations
        self._options = options
        self._output = output
        self._debug = debug
        self._skipped = SkippedFiles()
        self._read_count = 0
        self._exit_code = 0

    def read_all(self, jobs: int) -> int:
        """Read and write everything.

        Args:
            jobs: Documents to read at a time.

        Returns:
            The exit code of the first document or page that failed; 0 if none did.

        Raises:
            ConfigurationError: No document can be read with these settings.
            SourceNotFound: There was nothing to read.
        """
        from serve.cli.files.ordered import ordered_map
        from serve.cli.files.progress import ReadProgress
        from serve.cli.files.sources import count_documents, is_folder, walk_sources

        has_many = len(self._locations) > 1 or any(is_folder(location) for location in self._locations)
        is_shown = has_many and sys.stderr.isatty()
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
            raise SourceNotFound("there is nothing to read: no document of a type that rayocr reads was found")
        return self._exit_code

    def _attempt(self, source: "Source") -> _Outcome:
        """Read one document, in a worker's thread."""
        try:
            if source.error is not None:
                raise source.error
            self._output.check(source)
            reading = self._read(source)
            return _Outcome(
                source,
                prepared=self._output.prepare(source, reading),
                pages=len(reading.result.pages),
                warnings=reading.result.warnings,
                failures=reading.failures,
            )
        except ConfigurationError:
            raise  # every other document would fail in the same way
        except Exception as error:
            return _Outcome(source, error)

    def _read(self, source: "Source") -> "LocalReading":
        from serve.cli.files.sources import STDIN, stdin_document

        if source.location == STDIN:
            return self._reader.read_document(stdin_document(self._reader.max_bytes), self._options)
        # A large file beside the documents is not downloaded only to find out that it is not a document.
        if (source.size_bytes or 0) > self._reader.max_bytes and not source.has_document_name:
            raise UnsupportedType("too large, and not named like a document that rayocr reads")
        return self._reader.read_document(source.location, self._options)

    def _report(self, outcome: _Outcome, progress: "ReadProgress") -> None:
        if isinstance(outcome.error, UnsupportedType) and outcome.source.is_listed:
            self._skipped.add(outcome.source)
            progress.advance()
            return
        with progress.hidden():
            if outcome.error is None:
                self._write(outcome)
            else:
                self._complain(outcome.source, outcome.error)
        progress.advance(pages=outcome.pages, failed=outcome.error is not None or bool(outcome.failures))

    def _write(self, outcome: _Outcome) -> None:
        name = outcome.source.name
        if not self._output.has_warnings:
            failed = {failure.warning.code for failure in outcome.failures}
            for warning in outcome.warnings:
                where = f" (page {warning.page})" if outcome.pages > 1 and warning.page else ""
                if warning.code not in failed:  # failed pages are reported below, whatever the format
                    complain(f"warning: {name}: {warning.message}{where}")
        for failure in outcome.failures:
            self._exit_code = self._exit_code or failure.error.exit_code
            complain(f"{name}: {failure.warning.message}", failure.error if self._debug else None)
        self._output.write(outcome.source, outcome.prepared)
        self._read_count += 1

    def _complain(self, source: "Source", error: Exception) -> None:
        code = error.exit_code if isinstance(error, RayocrError) else RayocrError.exit_code
        self._exit_code = self._exit_code or code
        if isinstance(error, RayocrError):
            message = error.message if source.location in error.message else f"{source.name}: {error.message}"
            complain(message, error if self._debug else None)
        else:
            complain(f"{source.name}: this is a bug in rayocr: please report it with the lines above", error)
