"""The release under test, a client in the cluster, the true texts, and the figures at the end."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from loadtest.data.pictures import Picture, load_pictures
from serve.documents.local import LocalReader
from tests.e2e.kubernetes.client_pod import ClientPod
from tests.e2e.kubernetes.release import Release
from tests.e2e.kubernetes.table import Measured
from tests.e2e.kubernetes.tools import kubectl

_NAMESPACE = os.environ.get("RAYOCR_E2E_NAMESPACE", "rayocr-e2e")
_DATA = Path(os.environ.get("RAYOCR_E2E_DATA") or Path(__file__).parents[4] / "shared/data")
_VALUES = [Path(file) for file in os.environ.get("RAYOCR_E2E_VALUES", "").split(":") if file]
_IS_KEPT = os.environ.get("RAYOCR_E2E_KEEP") == "1"
_MEASURED = pytest.StashKey[Measured]()


@pytest.fixture(scope="session")
def measured(request: pytest.FixtureRequest) -> Measured:
    """Where figures go."""
    return request.config.stash.setdefault(_MEASURED, Measured())


@pytest.fixture(scope="session")
def namespace() -> Iterator[str]:
    """A namespace in which the restricted Pod Security standard holds."""
    is_new = not kubectl("get", "namespace", _NAMESPACE, "--ignore-not-found")
    if is_new:
        kubectl("create", "namespace", _NAMESPACE)
    kubectl("label", "namespace", _NAMESPACE, "pod-security.kubernetes.io/enforce=restricted", "--overwrite")
    yield _NAMESPACE
    if is_new and not _IS_KEPT:
        kubectl("delete", "namespace", _NAMESPACE, "--timeout", "110s")


@pytest.fixture(scope="session")
def objects_before(namespace: str) -> set[str]:
    """What the namespace held before the release."""
    return Release(namespace, ()).objects()


@pytest.fixture(scope="session")
def release(namespace: str, objects_before: set[str], measured: Measured) -> Iterator[Release]:
    """The release, installed and ready."""
    release = Release(namespace, _VALUES)
    is_there = f"RayService/{release.name}" in release.objects()
    try:
        if not (_IS_KEPT and is_there):
            measured.seconds["helm install to ready"] = release.install()
        yield release
    finally:
        if not _IS_KEPT and f"RayService/{release.name}" in release.objects():
            release.uninstall()


@pytest.fixture(scope="session")
def pictures() -> Sequence[Picture]:
    """The first 20 receipts of the data set sroie."""
    folder = _DATA / "sroie/images"
    if not folder.is_dir():
        pytest.skip(f"no pictures in {folder}: set RAYOCR_E2E_DATA to the folder that holds sroie/images")
    return load_pictures(folder, limit=20).pictures


@pytest.fixture(scope="session")
def texts(release: Release, pictures: Sequence[Picture]) -> Mapping[str, str]:
    """What this machine reads in them with the settings of the release, by the picture's name."""
    from deployments.document import Document

    reader = LocalReader(release.settings(), has_many=True)
    try:
        return {picture.name: reader.read(Document(picture.content)).text for picture in pictures}
    finally:
        reader.close()


@pytest.fixture(scope="session")
def client(release: Release, pictures: Sequence[Picture]) -> Iterator[ClientPod]:
    """A client in the cluster."""
    client = ClientPod(release.namespace, release.heads()[0].image, pictures)
    yield client
    client.delete()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the figures."""
    if _MEASURED in config.stash:
        terminalreporter.section("measured on the cluster")
        for line in config.stash[_MEASURED].lines():
            terminalreporter.write_line(line)
