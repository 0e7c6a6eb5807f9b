"""What a soak found, as a value and as its JSON file."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from loadtest.errors import LoadtestError
from loadtest.machine import Machine
from loadtest.soak.growth import Windows
from loadtest.soak.memory import MemorySample

__all__ = ["KIND", "SoakRecord", "read_record", "record_from_dict"]

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


def record_from_dict(fields: Mapping[str, object]) -> SoakRecord:
    """Read what `SoakRecord.write` wrote.

    Raises:
        KeyError, TypeError, ValueError: It is something else.
    """
    values = dict(fields)
    if values.pop("kind") != KIND:
        raise ValueError(f"its kind is {fields['kind']!r}, not {KIND!r}")
    machine, windows, samples = values.pop("machine"), values.pop("windows"), values.pop("samples")
    if not isinstance(machine, Mapping) or not isinstance(windows, Mapping) or not isinstance(samples, list):
        raise TypeError("machine and windows must be objects, samples a list")
    return SoakRecord(
        machine=Machine(str(machine["cpu"]), int(machine["cores"]), tuple(machine["flags"])),
        windows=Windows(**windows),
        samples=[MemorySample(**sample) for sample in samples],
        **values,  # type: ignore[arg-type]
    )


def read_record(path: Path) -> SoakRecord:
    """Read a file that `SoakRecord.write` wrote.

    Raises:
        LoadtestError: It can't be read, or holds something else.
    """
    try:
        return record_from_dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, KeyError, TypeError, ValueError) as exc:
        raise LoadtestError(f"{path} holds no figures of python -m loadtest soak: {exc!r}") from exc
