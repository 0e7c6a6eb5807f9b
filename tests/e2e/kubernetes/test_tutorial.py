"""The cluster part of the tutorial: its commands, in a namespace of their own."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.kubernetes.tools import kubectl
from tests.tutorial import Step, tutorial_steps

pytestmark = pytest.mark.timeout(2000)

_ROOT = Path(__file__).parents[3]
_NAMESPACE = "rayocr-tutorial"
# What this cluster needs on top, such as the image's place.
_VALUES = [Path(file).resolve() for file in os.environ.get("RAYOCR_E2E_VALUES", "").split(":") if file]
_INSTALL = "helm install rayocr helm/rayocr --namespace ocr"


@pytest.fixture
def namespace() -> Iterator[str]:
    """The name of the namespace that the commands make; it is removed where they did not."""
    yield _NAMESPACE
    kubectl("delete", "namespace", _NAMESPACE, "--ignore-not-found", "--timeout", "110s")


def typed(step: Step, namespace: str) -> str:
    commands = step.commands.replace("namespace ocr", f"namespace {namespace}")
    files = "".join(f" --values {file}" for file in _VALUES)
    commands = commands.replace("values-examples/laptop.yaml", f"values-examples/laptop.yaml{files}")
    done = subprocess.run(["bash", "-e"], input=commands, cwd=_ROOT, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, f"{commands}{done.stderr}{done.stdout}"
    return done.stdout


def test_commands_of_the_cluster_part_work(namespace: str) -> None:
    install, read, remove = tutorial_steps("cluster.md")
    assert _INSTALL in install.commands
    typed(install, namespace)
    assert "Phase:          Succeeded" in typed(read, namespace)
    typed(remove, namespace)
    assert not kubectl("get", "namespace", namespace, "--ignore-not-found")
