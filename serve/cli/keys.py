"""The commands `rayocr keys`."""

import os
import re
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from models.errors import ConfigurationError, MalformedRequest

__all__ = ["keys_app"]

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
