"""Notes how the documents of an output were read, so that a run that reads them differently says so."""

import json
from typing import Any

from deployments.storage import Storage
from models.errors import SourceNotFound
from serve.bulk.locations import STATE_FOLDER, read_small
from serve.bulk.options import BulkOptions
from serve.documents.options import DocumentOptions

__all__ = ["note_options"]

_NAME = f"{STATE_FOLDER}options.json"
# A template of fields has many lines.
_LONGEST_SHOWN = 200


def note_options(options: BulkOptions, model: str, storage: Storage) -> str | None:
    """Note the options on which a result depends, and compare them with those of the run before.

    Args:
        options: Options of the run, with absolute locations.
        model: Name of the model bundle.
        storage: Storage of the output.

    Returns:
        A warning that names the options that have changed; None if none has, or if there was no run before.

    Raises:
        RayocrError: The output can't be read or written.
    """
    location = options.output + _NAME
    # A password only opens a document.
    now = {**_asked(options.document), "model": model}
    try:
        # An option that the run before did not know was not given.
        before = {**_asked(DocumentOptions()), **json.loads(read_small(storage, location))}
    except (SourceNotFound, ValueError):
        before = now
    storage.write(location, json.dumps(now, indent=2).encode() + b"\n")
    names = [name for name, value in now.items() if before.get(name, value) != value]
    if not names:
        return None
    changed = ", ".join(f"{_flag(name)} was {_shown(before[name])} and is {_shown(now[name])}" for name in names)
    return (
        f"warning: the run before read with other options: {changed}. Documents that have a result keep it; to read "
        "all of them this way, choose another --output"
    )


def _asked(document: DocumentOptions) -> dict[str, Any]:
    return document.model_dump(mode="json", exclude={"password", "format"})


def _flag(name: str) -> str:
    return "the model" if name == "model" else f"--{name.replace('_', '-')}"


def _shown(value: object) -> str:
    shown = "not given" if value is None else str(value)
    return shown if len(shown) <= _LONGEST_SHOWN else f"{shown[:_LONGEST_SHOWN]!r}..."
