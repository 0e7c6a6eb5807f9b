"""Collects the commands, and is the one place that turns an error into a line on stderr and an exit code."""

import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from models.errors import MalformedRequest, RayocrError
from serve.cli.bulk import bulk_app
from serve.cli.check import check
from serve.cli.clients import keys_app, usage
from serve.cli.config import CONFIG_HELP, config
from serve.cli.console import Invocation, complain, discard_stdout, hide_library_notes
from serve.cli.jobs import jobs_app
from serve.cli.mcp import mcp
from serve.cli.models import models_app
from serve.cli.read import read
from serve.version import installed_version, rayocr_version

__all__ = ["main", "reach_loopback_directly", "run"]

_INTERRUPTED = 130  # 128 + SIGINT, as shells count
_CLOSED_PIPE = 141  # 128 + SIGPIPE, with which other programs end
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
# (name in the output, distribution)
_LIBRARIES = (
    ("Ray", "ray"),
    ("OpenVINO", "openvino"),
    ("ONNX Runtime", "onnxruntime"),
    ("ONNX Runtime for CUDA", "onnxruntime-gpu"),
)

# Help is plain: rich's help takes twice as long to appear, and fills pipes with boxes.
app = typer.Typer(
    name="rayocr",
    help="Read the text in pictures, on this machine or as a service.",
    epilog="docs/reference/command-line.md has examples and the exit codes, "
    "docs/reference/configuration.md every setting.",
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on, over the setting http.host.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on, over the setting http.port.")] = None,
    config: Annotated[Path | None, typer.Option(metavar="FILE", help=CONFIG_HELP)] = None,
) -> None:
    """Start the service on this machine. Ctrl-C stops it."""
    from serve.config.loading import load_settings
    from serve.run import run_service  # Ray takes seconds to import

    options = {"http.host": host, "http.port": port}
    loaded = load_settings(config, {path: value for path, value in options.items() if value is not None})
    raise typer.Exit(run_service(loaded))


app.command()(read)
app.command()(check)
app.add_typer(bulk_app, name="bulk")
app.add_typer(jobs_app, name="jobs")
app.command()(mcp)
app.add_typer(models_app, name="models")
app.add_typer(keys_app, name="keys")
app.command()(usage)
app.command()(config)


@app.command()
def version() -> None:
    """Print the versions of rayocr, Python and the main libraries."""
    rows = [("rayocr", rayocr_version()), ("Python", platform.python_version())]
    for name, distribution in _LIBRARIES:
        rows.append((name, installed_version(distribution) or "not installed"))
    for name, text in rows:
        typer.echo(f"{name:<21}  {text}")


@app.callback(invoke_without_command=True)
def _globals(
    context: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of every error.")] = False,
    show_version: Annotated[bool, typer.Option("--version", help="Same as the command version.")] = False,
) -> None:
    invocation: Invocation = context.obj
    invocation.debug = debug
    if show_version:
        version()
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> NoReturn:
    """Run the command line and end the process with its exit code."""
    invocation = Invocation()
    reach_loopback_directly()
    if sys.argv[1:2] == ["read"]:  # --debug stands before the command, and shows all
        hide_library_notes()
    code = run(sys.argv[1:], invocation)
    if invocation.has_workers and code in (_INTERRUPTED, _CLOSED_PIPE):
        # The interpreter would wait until each thread's net is done, which is seconds after Ctrl-C.
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def reach_loopback_directly() -> None:
    """Have no proxy of the environment called for this machine: all libraries and child processes heed `no_proxy`."""
    given = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    names = [name for name in map(str.strip, given.split(",")) if name]
    joined = given if "*" in names else ",".join(dict.fromkeys([*names, *_LOOPBACK]))
    os.environ |= {"no_proxy": joined, "NO_PROXY": joined}


def run(arguments: Sequence[str], invocation: Invocation) -> int:
    """Run one command.

    Args:
        arguments: The arguments, without the program's name.
        invocation: The options of the run, which are filled in on the way.

    Returns:
        The exit code: 0, an error's own of `models.errors`, 64 for wrong usage, or 70 for an unexpected error.
    """
    command = typer.main.get_command(app)
    try:
        with command.make_context("rayocr", list(arguments), obj=invocation) as context:
            command.invoke(context)
        # A closed pipe may fail only now, and must not fail when the interpreter ends.
        sys.stdout.flush()
    except typer.Exit as exit_request:
        return exit_request.exit_code
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        discard_stdout()
        return _CLOSED_PIPE
    except typer.TyperException as error:
        hint = "rayocr" if (failed := getattr(error, "ctx", None)) is None else failed.command_path
        message = error.format_message().rstrip(".")
        complain(f"{message[:1].lower()}{message[1:]}; see {hint} --help", error if invocation.debug else None)
        return MalformedRequest.exit_code
    except RayocrError as error:
        complain(error.message, error if invocation.debug else None)
        return error.exit_code
    except Exception as error:
        if _is_interrupted(error):
            return _INTERRUPTED
        complain("this is a bug in rayocr: please report it with the lines above", error)
        return RayocrError.exit_code
    return 0


def _is_interrupted(error: BaseException | None) -> bool:
    """Whether Ctrl-C has caused an error. Between two steps of a lock, it turns into another error."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None
