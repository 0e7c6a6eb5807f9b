"""Names the devices that a net can run on, and tells what this machine's processor can do."""

import ctypes
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, Self

from models.errors import ConfigurationError

__all__ = ["Device", "cpu_flags", "cuda_driver_device_count", "has_bf16", "has_vnni", "is_x86"]

_CPU_INFO = Path("/proc/cpuinfo")


@dataclass(frozen=True, slots=True)
class Device:
    """A device by kind and number.

    Args:
        kind: `auto` takes a GPU when there is one.
        index: Number of the GPU as the process sees it; 0 for the others.
    """

    kind: Literal["auto", "cpu", "cuda"]
    index: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `auto`, `cpu`, `cuda` or `cuda:N`.

        Raises:
            ConfigurationError: `text` is none of these.
        """
        match = re.fullmatch(r"(auto|cpu|cuda)(?::(\d+))?", text)
        if match is None or (match[2] and match[1] != "cuda"):
            raise ConfigurationError(f"unknown device {text!r}: use auto, cpu, cuda or cuda:N")
        kind: Literal["auto", "cpu", "cuda"] = match[1]  # type: ignore[assignment]  # the pattern allows nothing else
        return cls(kind, int(match[2] or 0))

    def __str__(self) -> str:
        return f"cuda:{self.index}" if self.kind == "cuda" else self.kind


@cache
def cuda_driver_device_count() -> int:
    """Count the GPUs that NVIDIA's driver shows this process (CUDA_VISIBLE_DEVICES counts); 0 without a driver."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return 0
    count = ctypes.c_int(0)
    is_usable = driver.cuInit(0) == 0 and driver.cuDeviceGetCount(ctypes.byref(count)) == 0
    return count.value if is_usable else 0


@cache
def cpu_flags() -> frozenset[str]:
    """Instruction sets of this processor, as Linux names them; empty if /proc/cpuinfo is missing."""
    if not _CPU_INFO.exists():
        return frozenset()
    match = re.search(r"^(?:flags|Features)\s*:\s*(.*)$", _CPU_INFO.read_text(), re.MULTILINE)
    return frozenset(match[1].split()) if match else frozenset()


def has_bf16() -> bool:
    """Whether bf16 arithmetic is native here (AVX-512 BF16, AMX or Arm's bf16). Elsewhere it is only slower."""
    return not cpu_flags().isdisjoint({"avx512_bf16", "amx_bf16", "bf16"})


def has_vnni() -> bool:
    """Whether products of 8-bit integers are added in 32 bits here; older CPUs add two of them in 16."""
    return not cpu_flags().isdisjoint({"avx512_vnni", "avx_vnni", "amx_int8"})


def is_x86() -> bool:
    """Whether this is an x86 processor, on which OpenVINO's 8-bit convolutions are fast."""
    return "avx2" in cpu_flags()
