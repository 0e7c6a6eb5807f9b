"""The nets of the default bundle, loaded once for each runtime, and what they read in public pages."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from models.manifests import load_manifest
from models.page import Line
from tests.integration.models.readers import RUNTIMES, Reader, page_of


@pytest.fixture(scope="session")
def readers() -> dict[str, Reader]:
    """The default bundle on each runtime."""
    manifest = load_manifest("ppocrv6-small")
    return {runtime: Reader.load(manifest, runtime) for runtime in RUNTIMES}


@pytest.fixture(scope="session")
def int8_reader() -> Reader:
    """The default bundle on OpenVINO in 8-bit integers."""
    return Reader.load(load_manifest("ppocrv6-small"), "openvino", "int8")


@pytest.fixture(scope="session")
def public_lines(readers: dict[str, Reader]) -> Callable[[str, Path], tuple[Line, ...]]:
    """Gives what a runtime reads in the picture of a public page. Each page is read once by each runtime."""

    @cache
    def lines(runtime: str, path: Path) -> tuple[Line, ...]:
        return readers[runtime].lines(page_of(path))

    return lines
