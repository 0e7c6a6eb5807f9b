"""The commands `rayocr bulk` and `rayocr bulk status`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.errors import MalformedRequest
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
    from serve.bulk.options import BulkOptions

__all__ = ["bulk_app"]

bulk_app = typer.Typer(rich_markup_mode=None)

_POOL_HELP = "MIN:MAX actors, or N. Not given: as many as the CPUs allow."


@bulk_app.callback(invoke_without_command=True)
def bulk(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Option("--input", metavar="URL", help="s3://bucket/folder/ or a folder. Everything below it is read."),
    ] = "",
    output: Annotated[
        str, typer.Option("--output", metavar="URL", help="s3://bucket/folder/ or a folder for the results.")
    ] = "",
    output_format: Annotated[
        str,
        typer.Option(
            "--format",
            help="json (an object for each document), jsonl or parquet (shards); text, markdown, html, tsv, csv, hocr, "
            "alto, page or pdf (a file for each document).",
        ),
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
    max_pages: Annotated[int, typer.Option(min=1, help="The most pages of a document. A longer one fails.")] = 2000,
    include: Annotated[
        list[str] | None, typer.Option("--include", metavar="GLOB", help="Only keys like this. May be repeated.")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option("--exclude", metavar="GLOB", help="No keys like this. May be repeated.")
    ] = None,
    manifest: Annotated[
        str | None, typer.Option(metavar="URL", help="A file of keys, one a line, to read instead of a listing.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="Only the first N documents.")] = None,
    sample: Annotated[int | None, typer.Option(min=1, metavar="N", help="Only N documents, chosen at random.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of that choice.")] = 0,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Read again the documents that failed in an earlier run.")
    ] = False,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Read again the documents that have changed since they were read (ETag).")
    ] = False,
    take_over: Annotated[
        bool, typer.Option("--take-over", help="Stop another run that writes to this output, and go on in its place.")
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Tell what would be read, with time and cost from a sample. Write nothing."),
    ] = False,
    cpu_hour_price: Annotated[
        float | None, typer.Option(min=0, metavar="PRICE", help="Price of one CPU for one hour, for --dry-run.")
    ] = None,
    readers: Annotated[
        str | None,
        typer.Option(metavar="MIN:MAX", help="All stages in each actor (the default on CPUs). " + _POOL_HELP),
    ] = None,
    fetchers: Annotated[
        str | None, typer.Option(metavar="MIN:MAX", help="Fetching and decoding. " + _POOL_HELP)
    ] = None,
    detection_actors: Annotated[str | None, typer.Option(metavar="MIN:MAX", help=_POOL_HELP)] = None,
    recognition_actors: Annotated[str | None, typer.Option(metavar="MIN:MAX", help=_POOL_HELP)] = None,
    attempts: Annotated[
        int, typer.Option(min=1, help="Crashes of a worker before the document in work is given up.")
    ] = 3,
    max_error_rate: Annotated[
        float, typer.Option(min=0, max=1, help="Share of failed documents, of at least 100, that stops the run.")
    ] = 0.1,
    shard_documents: Annotated[int, typer.Option(min=1, help="The most documents of a shard (jsonl, parquet).")] = 1000,
    storage_patience: Annotated[
        float, typer.Option(min=1, metavar="SECONDS", help="How long a storage may fail before the run stops.")
    ] = 300.0,
    config: Annotated[Path | None, typer.Option(metavar="FILE", help=CONFIG_HELP)] = None,
) -> None:
    """Read every document of a bucket or folder once, and write the results to another.

    The same command goes on if the run was stopped. In a Ray job (RAY_ADDRESS) it uses that cluster, else it starts a
    Ray on this machine.
    """
    if context.invoked_subcommand is not None:
        return
    from serve.bulk.options import BulkOptions, PoolBounds
    from serve.cli.document_options import document_options

    if not source or not output:
        raise MalformedRequest("a bulk run needs --input and --output; see rayocr bulk --help")

    def bounds(text: str | None) -> PoolBounds | None:
        return None if text is None else PoolBounds.parse(text)

    options = BulkOptions(
        input=source,
        output=output,
        format=output_format,
        include=tuple(include or ()),
        exclude=tuple(exclude or ()),
        manifest=manifest,
        limit=limit,
        sample=sample,
        seed=seed,
        retry_failed=retry_failed,
        refresh=refresh,
        take_over=take_over,
        dry_run=dry_run,
        cpu_hour_price=cpu_hour_price,
        readers=bounds(readers),
        fetchers=bounds(fetchers),
        detection_actors=bounds(detection_actors),
        recognition_actors=bounds(recognition_actors),
        attempts=attempts,
        max_error_rate=max_error_rate,
        shard_documents=shard_documents,
        storage_patience_s=storage_patience,
        document=document_options(
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
            password_file=password_file,
        ),
        max_pages=max_pages,
    )
    _run(context.obj, options, config, model)


def _run(invocation: Invocation, options: "BulkOptions", config: Path | None, model: str | None) -> None:
    from serve.config.loading import load_settings

    loaded = load_settings(config, overrides={} if model is None else {"bundle": model})
    if options.dry_run:
        from serve.bulk.run.dry_run import dry_run

        for line in dry_run(options, loaded.settings):
            typer.echo(line)
        return
    from serve.bulk.run.run import run_bulk

    invocation.has_workers = True
    stop = run_bulk(options, loaded)
    if stop is not None:
        complain(stop.message)
        raise typer.Exit(stop.exit_code)


@bulk_app.command()
def status(
    output: Annotated[str, typer.Argument(metavar="URL", help="The output of a run.")],
    watch: Annotated[
        bool, typer.Option("--watch", help="Show it again every ten seconds, until the run ends.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object on each line.")] = False,
    config: Annotated[Path | None, typer.Option(metavar="FILE", help=CONFIG_HELP)] = None,
) -> None:
    """Show the progress of a bulk run, from any machine that can read its output, even after it ended."""
    from serve.bulk.report.status import show_status
    from serve.config.loading import load_settings

    show_status(output, load_settings(config).settings, typer.echo, watch=watch, as_json=as_json)
