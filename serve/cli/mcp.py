"""The command `rayocr mcp`."""

import signal
from pathlib import Path
from typing import Annotated

import typer

from serve.cli.config import CONFIG_HELP

__all__ = ["mcp"]


def mcp(config: Annotated[Path | None, typer.Option(metavar="FILE", help=CONFIG_HELP)] = None) -> None:
    """Serve the tools of the Model Context Protocol on stdin and stdout, for a program that starts this command.

    Documents are read on this machine. The nets are loaded for the first of them.
    """
    from serve.config.loading import load_settings
    from serve.doors.mcp.stdio import serve_stdio

    settings = load_settings(config).settings
    # A thread waits for the next line of stdin, and nothing else would end it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    serve_stdio(settings)
