"""Chooses a runtime, a device and a precision for a net, and loads it.

A new runtime is a file beside this one and a row in `_RUNTIMES`.
"""

import importlib
import importlib.util
from collections.abc import Sequence
from pathlib import Path

from models.errors import ConfigurationError
from models.manifests.manifest import NetManifest
from models.runtime.base import Head, NetOptions, Precision, Runtime
from models.runtime.device import Device, cuda_driver_device_count, has_bf16, is_x86
from models.settings import NetSettings

__all__ = ["check_net", "load_net", "resolve_device"]

# name -> (module that must be importable, module of the class, class). Imported only when chosen: each is heavy.
_RUNTIMES: dict[str, tuple[str, str, str]] = {
    "openvino": ("openvino", "models.runtime.openvino", "OpenVino"),
    "onnxruntime": ("onnxruntime", "models.runtime.onnxruntime", "OnnxRuntime"),
}


def load_net(
    path: Path,
    net: NetManifest,
    head: Head,
    settings: NetSettings,
    shapes: Sequence[tuple[int, int, int, int]] = (),
    large_px: int | None = None,
    beside: Runtime | None = None,
) -> Runtime:
    """Load one net as the settings ask.

    Args:
        path: The net's verified ONNX file.
        net: The net's description.
        head: The result of `Runtime.run`, as in `NetOptions`.
        settings: Runtime, device, precision and threads; `auto` takes the fastest that are there.
        shapes: Shapes of batches to prepare for, as in `NetOptions`.
        large_px: Pixels of a batch above which runs are made one at a time, as in `NetOptions`.
        beside: Another net of the same file, as in `NetOptions`.

    Raises:
        ConfigurationError: A runtime, device or precision that the settings name is not there. Nothing falls back
            silently.
    """
    name, device, precision = check_net(settings, net)
    _, module, cls = _RUNTIMES[name]
    runtime: type[Runtime] = getattr(importlib.import_module(module), cls)
    options = NetOptions(
        net.input,
        head,
        device,
        precision,
        settings.threads,
        net.int8,
        shapes,
        settings.frequent_shapes,
        large_px,
        beside,
        net.activation,
    )
    return runtime.load(path, options)


def check_net(settings: NetSettings, net: NetManifest) -> tuple[str, Device, Precision]:
    """Find out what `auto` means for a net on this machine, without loading anything.

    Returns:
        Name of the runtime, device, precision.

    Raises:
        ConfigurationError: This machine can't meet the settings.
    """
    device = resolve_device(settings.device, settings.runtime)
    precision = settings.precision if settings.precision != "auto" else _fastest_precision(device, settings, net)
    name: str = settings.runtime
    if name == "auto":
        name = "onnxruntime" if device.kind == "cuda" or precision == "f32" else "openvino"
    if not _is_installed(name):
        raise ConfigurationError(f"runtime {name} was asked for, but the package {_RUNTIMES[name][0]} is not installed")
    if name == "openvino" and device.kind == "cuda":
        raise ConfigurationError(
            f"device {device} was asked for, but OpenVINO runs on CPUs: set runtime to onnxruntime or auto"
        )
    if precision == "bf16" and not (name == "openvino" and has_bf16()):
        raise ConfigurationError("precision bf16 needs runtime openvino and a CPU with AVX-512 BF16, AMX or Arm bf16")
    if precision == "int8" and (name != "openvino" or net.int8 is None):
        raise ConfigurationError(
            f"precision int8 needs runtime openvino, and a recipe in the manifest of {net.file.source}: set precision "
            "to auto"
        )
    return name, device, precision


def _fastest_precision(device: Device, settings: NetSettings, net: NetManifest) -> Precision:
    if device.kind == "cuda" or settings.runtime == "onnxruntime":
        return "f32"
    if net.int8 is not None and is_x86():
        return "int8"
    return "bf16" if has_bf16() else "f32"


def resolve_device(text: str, runtime: str = "auto") -> Device:
    """Find the device that `text` means on this machine.

    Raises:
        ConfigurationError: `text` names a GPU, and no such GPU is usable.
    """
    device = Device.parse(text)
    if device.kind == "cpu" or runtime == "openvino":
        return Device("cpu") if device.kind == "auto" else device
    count = _cuda_device_count()
    if device.kind == "auto":
        return Device("cuda") if count else Device("cpu")
    if device.index >= count:
        seen = cuda_driver_device_count()
        raise ConfigurationError(
            f"device {device} was asked for, but {count} CUDA devices are usable here (the driver sees {seen}): "
            "install onnxruntime-gpu and the NVIDIA driver, or set device to cpu or auto"
        )
    return device


def _cuda_device_count() -> int:
    if cuda_driver_device_count() == 0 or not _is_installed("onnxruntime"):
        return 0
    import onnxruntime  # heavy, and needed only if there is a GPU at all

    return cuda_driver_device_count() if "CUDAExecutionProvider" in onnxruntime.get_available_providers() else 0


def _is_installed(name: str) -> bool:
    return importlib.util.find_spec(_RUNTIMES[name][0]) is not None
