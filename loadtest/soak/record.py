"""What a soak found, as a value and as its JSON file."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from loadtest.measuring.machine import Machine
from loadtest.measuring.report import read_figures
from loadtest.soak.growth import Windows
from loadtest.soak.memory import MemorySample

__all__ = ["KIND", "SoakRecord", "read_record"]

KIND = "soak"
"""What the file says it is."""


@dataclass(frozen=True)
class SoakRecord:
    """All samples of a run.

    Attributes:
        machine: What it ran on.
        clients: Requests under way at once.
        requests: Requests answered, failures included.
        wall_s: From the first request to the last answer.
        errors: Failures by code.
        windows: Where growth is read.
        samples: Memory, in the order of `images`.
    """

    machine: Machine
    clients: int
    requests: int
    wall_s: float
    errors: Mapping[str, int]
    windows: Windows
    samples: Sequence[MemorySample]

    def write(self, path: Path) -> None:
        """Write the JSON file."""
        path.write_text(json.dumps({"kind": KIND, **asdict(self)}, indent=1) + "\n", encoding="utf-8")


def read_record(path: Path) -> SoakRecord:
    """Read a file that `SoakRecord.write` wrote.

    Raises:
        LoadtestError: It can't be read, or holds something else.
    """
    return read_figures(path, KIND, _record)


def _record(fields: Mapping[str, Any]) -> SoakRecord:
    values = {name: value for name, value in fields.items() if name != "kind"}
    machine, windows, samples = values.pop("machine"), values.pop("windows"), values.pop("samples")
    if not isinstance(windows, Mapping) or not isinstance(samples, list):
        raise TypeError("windows must be an object, samples a list")
    return SoakRecord(
        machine=Machine.from_dict(machine),
        windows=Windows(**windows),
        samples=[MemorySample(**sample) for sample in samples],
        **values,
    )
