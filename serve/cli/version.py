"""`rayocr version`."""

import platform

import typer

from serve.version import installed_version, rayocr_version

__all__ = ["version"]

# (what to call it, its distribution)
_LIBRARIES = (
    ("Ray", "ray"),
    ("OpenVINO", "openvino"),
    ("ONNX Runtime", "onnxruntime"),
    ("ONNX Runtime for CUDA", "onnxruntime-gpu"),
)


def version() -> None:
    """Print the versions of rayocr and of what it runs on."""
    rows = [("rayocr", rayocr_version()), ("Python", platform.python_version())]
    for name, distribution in _LIBRARIES:
        rows.append((name, installed_version(distribution) or "not installed"))
    for name, text in rows:
        typer.echo(f"{name:<21}  {text}")
