"""`rayocr serve`."""

from pathlib import Path
from typing import Annotated

import typer

from serve.cli.config import CONFIG_HELP

__all__ = ["serve"]


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on, over the setting http.host.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on, over the setting http.port.")] = None,
    config: Annotated[Path | None, typer.Option(metavar="FILE", help=CONFIG_HELP)] = None,
) -> None:
    """Start the service on this machine. Ctrl-C stops it."""
    from serve.configuration import load_settings
    from serve.run import run_service  # Ray takes seconds to import

    options = {"http.host": host, "http.port": port}
    loaded = load_settings(config, {path: value for path, value in options.items() if value is not None})
    raise typer.Exit(run_service(loaded))
