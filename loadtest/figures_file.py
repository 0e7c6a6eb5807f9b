"""Reading the JSON files in which commands keep their figures."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from loadtest.errors import LoadtestError

__all__ = ["read_figures"]

Figures = TypeVar("Figures")


def read_figures(path: Path, kind: str, parse: Callable[[Mapping[str, Any]], Figures]) -> Figures:
    """Read a file that a command kept.

    Args:
        path: Of the file: a JSON object.
        kind: What its `kind` must be: the name of the command.
        parse: Makes the figures of the object. Its KeyError, TypeError or ValueError says that they are something else.

    Raises:
        LoadtestError: It can't be read, or holds something else.
    """
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        if fields["kind"] != kind:
            raise ValueError(f"its kind is {fields['kind']!r}, not {kind!r}")
        return parse(fields)
    except (OSError, KeyError, TypeError, ValueError) as exc:
        raise LoadtestError(f"{path} holds no figures of python -m loadtest {kind}: {exc!r}") from exc
