"""The command `rayocr config`."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import typer

__all__ = ["CONFIG_HELP", "config"]

CONFIG_HELP = "A YAML file of settings, in place of the one that RAYOCR_CONFIG names."

Tree = dict[str, object]


def config(
    config_file: Annotated[Path | None, typer.Option("--config", metavar="FILE", help=CONFIG_HELP)] = None,
    output_format: Annotated[
        Literal["table", "yaml"], typer.Option("--format", help="The output of yaml can be used with --config.")
    ] = "table",
) -> None:
    """Print every setting in effect, and the source of its value. Secrets are hidden."""
    from serve.config.loading import load_settings, setting_paths

    loaded = load_settings(config_file)
    # JSON mode writes networks and paths as text, and hides every SecretStr.
    tree: Tree = loaded.settings.model_dump(mode="json")
    single = frozenset(setting_paths())
    lines = (
        _yaml_lines(tree, single, loaded.origins)
        if output_format == "yaml"
        else _table_lines(tree, single, loaded.origins)
    )
    for line in lines:
        typer.echo(line)


def _leaves(tree: Tree, single: frozenset[str], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in tree.items():
        path = prefix + name
        if isinstance(value, dict) and path not in single:  # a section, not a setting that is a mapping
            yield from _leaves(value, single, f"{path}.")
        else:
            yield path, value


def _table_lines(tree: Tree, single: frozenset[str], origins: dict[str, str]) -> Iterator[str]:
    rows = [(path, _scalar(value), origins.get(path, "default")) for path, value in _leaves(tree, single)]
    path_width = max(len(path) for path, _, _ in rows)
    value_width = max(len(value) for _, value, _ in rows)
    # Values that somebody chose stand out. echo drops the styling if stdout is not a terminal.
    is_colored = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    for path, value, origin in rows:
        line = f"{path:<{path_width}}  {value:<{value_width}}  {origin}"
        yield typer.style(line, bold=True) if is_colored and origin != "default" else line


def _yaml_lines(tree: Tree, single: frozenset[str], origins: dict[str, str], prefix: str = "") -> Iterator[str]:
    indent = "  " * prefix.count(".")
    for name, value in tree.items():
        path = prefix + name
        if isinstance(value, dict) and path not in single:
            yield f"{indent}{name}:"
            yield from _yaml_lines(value, single, origins, f"{path}.")
        else:
            origin = f"  # {origins[path]}" if path in origins else ""
            yield f"{indent}{name}: {_scalar(value)}{origin}"


def _scalar(value: object) -> str:
    """Write one value as YAML, on one line."""
    import yaml

    text: str = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=sys.maxsize)
    return text.removesuffix("\n").removesuffix("\n...")
