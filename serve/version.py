"""Finds the version of rayocr, without importing anything heavy."""

import importlib.metadata
import tomllib
from pathlib import Path

__all__ = ["installed_version", "rayocr_version"]

_PROJECT_FILE = Path(__file__).parents[1] / "pyproject.toml"


def rayocr_version() -> str:
    """The version of this rayocr, from the installed distribution or from the checkout that a Ray job runs."""
    installed = installed_version("rayocr")
    if installed is not None:
        return installed
    if _PROJECT_FILE.is_file():
        return str(tomllib.loads(_PROJECT_FILE.read_text(encoding="utf-8"))["project"]["version"])
    return "unknown"


def installed_version(distribution: str) -> str | None:
    """The version of an installed distribution, from its metadata alone; None if it is not installed."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None
