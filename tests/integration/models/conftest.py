"""The nets of the default bundle, loaded once for each runtime."""

import pytest

from models.manifests import load_manifest
from tests.integration.models.readers import RUNTIMES, Reader


@pytest.fixture(scope="session")
def readers() -> dict[str, Reader]:
    """The default bundle on each runtime."""
    manifest = load_manifest("ppocrv6-small")
    return {runtime: Reader.load(manifest, runtime) for runtime in RUNTIMES}
