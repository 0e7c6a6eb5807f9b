"""What this machine is: without it a speed means nothing."""

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["RELEVANT_FLAGS", "Machine", "machine_from_cpuinfo", "this_machine"]

RELEVANT_FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "amx_int8", "amx_bf16")
"""CPU flags that decide which precision is fast."""

_CPUINFO = Path("/proc/cpuinfo")


@dataclass(frozen=True)
class Machine:
    """A CPU as its kernel names it, the cores this process may use, and those of RELEVANT_FLAGS that it has."""

    cpu: str
    cores: int
    flags: tuple[str, ...]

    @classmethod
    def from_dict(cls, fields: object) -> "Machine":
        """Read what `dataclasses.asdict` gave, after its way through JSON.

        Raises:
            KeyError, TypeError, ValueError: It is something else.
        """
        if not isinstance(fields, Mapping):
            raise TypeError("machine must be an object")
        return cls(str(fields["cpu"]), int(fields["cores"]), tuple(fields["flags"]))

    @property
    def host(self) -> str:
        """Kind of host by its widest vectors, by which speeds are to be judged."""
        if "avx512f" in self.flags:
            return "AVX-512 host"
        return "AVX2 host" if "avx2" in self.flags else "host without AVX2"

    def __str__(self) -> str:
        flags = " ".join(self.flags) or "none of " + " ".join(RELEVANT_FLAGS)
        return f"{self.cpu}, {self.cores} cores, {flags} ({self.host})"


def machine_from_cpuinfo(cpuinfo: str, cores: int) -> Machine:
    """Read model name and flags from the text of /proc/cpuinfo (its first processor)."""
    fields: dict[str, str] = {}
    for line in cpuinfo.splitlines():
        name, _, value = line.partition(":")
        fields.setdefault(name.strip(), value.strip())
    present = fields.get("flags", "").split()
    return Machine(
        fields.get("model name") or platform.machine(), cores, tuple(flag for flag in RELEVANT_FLAGS if flag in present)
    )


def this_machine() -> Machine:
    """Describe the machine this runs on; outside Linux only its architecture and core count are known."""
    if not _CPUINFO.is_file():
        return Machine(platform.machine(), os.cpu_count() or 1, ())
    return machine_from_cpuinfo(_CPUINFO.read_text(encoding="utf-8"), len(os.sched_getaffinity(0)))
