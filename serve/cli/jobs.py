"""The commands `rayocr jobs`, which submit work to a service and fetch its results."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import Conflict, MalformedRequest, SourceNotFound, error_of_code
from serve.cli.console import complain, one_line
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
from serve.cli.service_client import connect

if TYPE_CHECKING:
    from rayocr import Client
    from rayocr.jobs import Job, JobPage

__all__ = ["jobs_app"]

jobs_app = typer.Typer(
    rich_markup_mode=None, help="Submit documents to a running service, and fetch their text when it is read."
)

Url = Annotated[str, typer.Option(metavar="URL", help="Address of the service.")]
KeyFile = Annotated[
    Path | None,
    typer.Option("--api-key-file", metavar="FILE", help="A file with the API key, if the service asks for one."),
]
JobId = Annotated[str, typer.Argument(metavar="ID", help="Id of the job, as submit printed it.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the JSON object of the service.")]

_HERE = "http://127.0.0.1:8000"


@jobs_app.command()
def submit(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE",
            help="A file or folder of this machine, which is uploaded; or s3://bucket/key, s3://bucket/prefix/ (only "
            "one, with a slash at its end) or https://..., which the service fetches.",
        ),
    ],
    url: Url = _HERE,
    api_key_file: KeyFile = None,
    wait: Annotated[bool, typer.Option("--wait", help="Watch the job to its end.")] = False,
    webhook: Annotated[
        str | None, typer.Option(metavar="URL", help="https:// URL that is called when the job has ended.")
    ] = None,
    idempotency_key: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="The same command with the same key makes only one job. Not given: random."),
    ] = None,
    output_format: Annotated[
        str,
        typer.Option("--format", help="json, text, markdown, html, tsv, csv, hocr, alto, page or pdf (searchable)."),
    ] = "json",
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
) -> None:
    """Submit documents as one job, and print its id. When this ends, the service has them safely."""
    from serve.cli.document_options import document_options

    options = document_options(
        format=output_format,
        pages=pages,
        dpi=dpi,
        text_layer=text_layer,
        orientation=orientation,
        model=model,
        languages=languages,
        structure=structure,
        fields_template=fields_template,
        furniture=furniture,
        characters=characters,
        spreadsheet_safe=spreadsheet_safe,
        password_file=password_file,
    )
    remote = [source for source in sources if _is_remote(source)]
    prefix = _only_prefix(remote)
    files = _files([source for source in sources if source not in remote])
    with connect(url, api_key_file) as client:
        try:
            job = client.submit(
                files,
                sources=[source for source in remote if source != prefix],
                prefix=prefix,
                webhook=webhook,
                idempotency_key=idempotency_key,
                **options.to_send(),
            )
        except OSError as exc:
            raise SourceNotFound(f"{exc.filename} can't be read: {exc.strerror}") from exc
        typer.echo(job.id)
        if wait:
            _watch(client, job)


@jobs_app.command()
def status(job_id: JobId, url: Url = _HERE, api_key_file: KeyFile = None, as_json: AsJson = False) -> None:
    """Show the state of a job."""
    with connect(url, api_key_file) as client:
        job = client.job(job_id)
    typer.echo(json.dumps(asdict(job)) if as_json else "\n".join(_lines(job)))


@jobs_app.command()
def watch(job_id: JobId, url: Url = _HERE, api_key_file: KeyFile = None) -> None:
    """Follow a job to its end, with a bar on a terminal.

    The exit code is 0 if all pages were read, else that of the first page that failed.
    """
    with connect(url, api_key_file) as client:
        _watch(client, client.job(job_id))


@jobs_app.command()
def result(
    job_id: JobId,
    url: Url = _HERE,
    api_key_file: KeyFile = None,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write a file for each document, instead of JSON lines on stdout."),
    ] = None,
    partial: Annotated[bool, typer.Option("--partial", help="Fetch the results so far if the job still runs.")] = False,
) -> None:
    """Fetch the results of a job, one JSON object for each page.

    The exit code is 0 if all pages were read, else that of the first page that failed.
    """
    exit_code = 0
    with connect(url, api_key_file) as client:
        for page in client.results(job_id, partial=partial):
            if output is None:
                sys.stdout.buffer.write(page.line.encode() + b"\n")
            else:
                _write(output, page)
            if page.error is not None:
                exit_code = exit_code or error_of_code(page.error.code, page.error.message).exit_code
                complain(f"{page.name}: {page.error.message}")
    if exit_code:
        raise typer.Exit(exit_code)


@jobs_app.command()
def cancel(job_id: JobId, url: Url = _HERE, api_key_file: KeyFile = None) -> None:
    """Cancel a job, or delete one that has ended. Its documents and results are deleted."""
    with connect(url, api_key_file) as client:
        job = client.cancel(job_id)
    typer.echo(f"{job_id} {'deleted' if job is None else job.state}")


@jobs_app.command("list")
def list_jobs(
    url: Url = _HERE,
    api_key_file: KeyFile = None,
    state: Annotated[
        list[str] | None, typer.Option(metavar="STATE", help="Only jobs in this state. May be repeated.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on each line.")] = False,
) -> None:
    """List the jobs that were submitted with this key, the newest first."""
    with connect(url, api_key_file) as client:
        for job in client.jobs(state or []):
            counts = f"{job.done}/{job.total}" + (f" ({job.failed} failed)" if job.failed else "")
            typer.echo(json.dumps(asdict(job)) if as_json else f"{job.id}  {job.created}  {job.state:<9}  {counts}")


def _only_prefix(remote: Sequence[str]) -> str | None:
    from serve.cli.files.sources import is_folder

    prefixes = [source for source in remote if is_folder(source)]
    if len(prefixes) > 1:
        raise MalformedRequest(
            f"a job has only one s3:// folder, but {len(prefixes)} are named: submit them one by one"
        )
    return prefixes[0] if prefixes else None


def _files(sources: Sequence[str]) -> list[Path]:
    """Find the files of this machine that are uploaded."""
    from deployments.storage import COMMAND_LINE_SCHEMES, StorageSettings, build_storage
    from deployments.storage.file import path_from_location
    from serve.cli.files.sources import SkippedFiles, walk_sources

    files: list[Path] = []
    skipped = SkippedFiles()
    for source in walk_sources(sources, build_storage(StorageSettings(), COMMAND_LINE_SCHEMES)):
        if source.error is not None:
            raise source.error
        if source.is_listed and not source.has_document_name:
            skipped.add(source)
        else:
            files.append(path_from_location(source.location))
    if skipped.count:
        complain(skipped.summary())
    return files


def _is_remote(source: str) -> bool:
    scheme, mark, _ = source.partition("://")
    return source[:5].lower() == "data:" or (bool(mark) and scheme.lower() != "file")


def _watch(client: "Client", job: "Job") -> None:
    """Follow a job, report pages that fail, and end with the job's exit code."""
    from rayocr.jobs import PageEvent

    from serve.cli.files.progress import ReadProgress

    exit_code = 0
    progress = ReadProgress(job.total, is_shown=sys.stderr.isatty())
    try:
        for event in client.watch(job.id):
            if isinstance(event, PageEvent):
                if event.code is not None:
                    exit_code = exit_code or error_of_code(event.code, event.name).exit_code
                    with progress.hidden():
                        complain(f"{event.name}: {event.code}")
                progress.advance(pages=event.code is None, failed=event.code is not None)
            else:
                job = event
    finally:
        progress.close()
    typer.echo("\n".join(_lines(job)))
    if job.state == "cancelled":
        exit_code = Conflict.exit_code  # as for its result
    if exit_code:
        raise typer.Exit(exit_code)


def _lines(job: "Job") -> Iterator[str]:
    """Write a job's state for a person."""
    place = job.queue_position
    yield f"{job.id} {job.state}{'' if place is None else f', number {place} in the queue'}"
    pages = "1 page" if job.total == 1 else f"{job.total:,} pages"
    yield f"  {pages}: {job.done:,} read, {job.failed:,} failed, {job.progress:.0%}"
    times = {"created": job.created, "started": job.started, "ended": job.ended, "expires": job.expires}
    yield "  " + ", ".join(f"{name} {time}" for name, time in times.items() if time)
    for warning in job.warnings:
        yield f"  warning: {one_line(warning)}"
    if job.webhook is not None:
        yield f"  webhook: {job.webhook.state or 'waits for the end'}, {len(job.webhook.attempts)} attempts"


def _write(folder: Path, page: "JobPage") -> None:
    """Write a file for each document, in the job's format or as JSON. The number keeps files of one name apart."""
    from serve.jobs.names import safe_name

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{page.page:05}-{safe_name(page.name)}"
    if page.file is not None:
        path.with_name(path.name + page.file.extension).write_bytes(page.file.data)
    else:
        path.with_name(path.name + ".json").write_text(page.line + "\n", encoding="utf-8")
