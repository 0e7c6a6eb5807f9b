"""The commands about clients of the service: `rayocr keys` and `rayocr usage`."""

import csv
import os
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from models.errors import ConfigurationError, MalformedRequest
from serve.cli.config import CONFIG_HELP

if TYPE_CHECKING:
    from serve.jobs.store.usage import MonthOfUse

__all__ = ["keys_app", "usage"]

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")

# As the entries of a Secret of Kubernetes are named. A dot in front hides a file from the service.
_CLIENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,252}")

keys_app = typer.Typer(help="Make API keys of clients.", no_args_is_help=True)


@keys_app.callback()
def _keys() -> None:
    """Keep typer from making the only command the whole of `rayocr keys`."""


@keys_app.command()
def new(
    client: Annotated[str, typer.Argument(metavar="CLIENT", help="Name of the client.")],
    directory: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="The folder of http.api_keys_directory. Not given: nothing is written."),
    ] = None,
    only: Annotated[
        bool, typer.Option("--only", help="End the client's earlier key now. Otherwise it holds beside the new one.")
    ] = False,
    plain: Annotated[
        bool, typer.Option("--plain", help="Keep the key itself, which the door textract needs, not its hash.")
    ] = False,
) -> None:
    """Make a random key for a client, and print it. The service keeps its hash, so this is the only time it is seen.

    The key before it holds until the next one is made, so that programs can be changed one after the other.
    """
    from serve.api.keys import MOST_KEYS, hash_line, keys_in, new_key

    if not _CLIENT.fullmatch(client):
        raise MalformedRequest(f"the client {client[:80]!r} is not a name of letters, digits, '-', '_' and '.'")
    key = new_key()
    line = key if plain else hash_line(key)
    if directory is None:
        typer.echo(key)
        typer.echo(f"the content of the file {client} in http.api_keys_directory: {line}", err=True)
        return
    file = directory / client
    try:
        earlier = keys_in(file)[1 - MOST_KEYS :] if file.exists() and not only else []
        _write(file, "".join(f"{one}\n" for one in (*earlier, line)))
    except OSError as exc:
        raise ConfigurationError(f"the key can't be kept in {file}: {exc.strerror}") from exc
    typer.echo(key)
    kept = "the key before it holds until the next one is made" if earlier else "it is the client's only key"
    typer.echo(f"kept in {file}; {kept}", err=True)


def _write(file: Path, text: str) -> None:
    """Write a file whole or not at all, for its owner's eyes. The service skips the name that it has meanwhile."""
    descriptor, fresh = tempfile.mkstemp(prefix=".", dir=file.parent)
    try:
        with os.fdopen(descriptor, "w") as out:
            out.write(text)
        Path(fresh).replace(file)
    except BaseException:
        Path(fresh).unlink()
        raise


def usage(
    month: Annotated[
        str | None, typer.Option(metavar="YYYY-MM", help="Only this month of UTC. Not given: all months.")
    ] = None,
    config: Annotated[Path | None, typer.Option(metavar="FILE", help=CONFIG_HELP)] = None,
    output_format: Annotated[Literal["table", "csv"], typer.Option("--format", help="How it is written.")] = "table",
) -> None:
    """Show what each client has used: pages, seconds of work by stage, and their cost by jobs.prices.

    It comes from the store of jobs that the settings name.
    """
    from serve.config.loading import load_settings
    from serve.jobs.store import JobStore

    if month is not None and not _MONTH.fullmatch(month):
        raise MalformedRequest(f"--month {month[:20]!r}: give a year and a month, such as 2026-12")
    settings = load_settings(config).settings.jobs
    store = JobStore.of(settings)
    try:
        found = [one for one in store.usage.months() if month in (None, one.month)]
    finally:
        store.close()
    rows = _usage_rows(found, settings.prices)
    if output_format == "csv":
        csv.writer(sys.stdout, lineterminator="\n").writerows(rows)
        return
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        names = [cell.ljust(width) for cell, width in zip(row[:2], widths[:2], strict=True)]
        numbers = [cell.rjust(width) for cell, width in zip(row[2:], widths[2:], strict=True)]
        typer.echo("  ".join([*names, *numbers]))


def _usage_rows(found: "Sequence[MonthOfUse]", prices: dict[str, float]) -> list[list[str]]:
    """Make a table with its head: month, client, amounts, and their cost if there are prices."""
    from serve.jobs.store.usage import PAGES

    names = sorted({name for one in found for name in one.amounts}, key=lambda name: (name != PAGES, name))
    if found and (unknown := sorted(prices.keys() - set(names))):
        raise ConfigurationError(f"jobs.prices has {unknown[0]}, which was not used; used were {', '.join(names)}")
    rows = [["month", "client", *names, *(["cost"] if prices else [])]]
    for one in found:
        amounts = {name: one.amounts.get(name, 0.0) for name in names}
        shown = [f"{amount:.{0 if name == PAGES else 1}f}" for name, amount in amounts.items()]
        cost = sum(price * amounts[name] for name, price in prices.items())
        rows.append([one.month, one.client, *shown, *([f"{cost:.2f}"] if prices else [])])
    return rows
