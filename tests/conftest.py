"""Marks every test by its folder, and skips what this machine has no GPU or cluster for."""

import gc
import os
import secrets
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from models.runtime.device import cuda_driver_device_count

# Before anything imports Ray, which reads them then: the one that a test starts or joins stays on loopback
# (serve/ray_patches/loopback.py), and lets in who knows the token of this test run.
os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
os.environ["RAY_AUTH_MODE"] = "token"
os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)

# Collecting tests makes hundreds of thousands of objects that all stay. To look through them again and again for some
# that nobody holds took a sixth of the CPU time of unit tests.
gc.disable()

_TESTS = Path(__file__).parent
_MARKS_OF_FOLDER = {
    "unit": ("unit",),
    "integration": ("integration",),
    "e2e": ("e2e", "cluster"),
    "perf": ("perf",),
}


@cache
def why_no_gpu() -> str | None:
    """Say what a test marked `gpu` lacks here, or None if it can run."""
    if cuda_driver_device_count() == 0:
        return "the NVIDIA driver is not there, or shows no CUDA device"
    import onnxruntime  # here: only machines with a GPU pay for it

    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        return "onnxruntime without CUDA: run the tests with make test GPU=1"
    return None


@cache
def why_no_cluster() -> str | None:
    """Say what a test marked `cluster` lacks here, or None if it can run."""
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        return "no kubectl on PATH"
    command = [kubectl, "get", "--raw", "/readyz", "--request-timeout=5s"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    return None if answer.returncode == 0 else f"no cluster behind the current kubeconfig: {answer.stderr.strip()}"


_OBSTACLES: dict[str, Callable[[], str | None]] = {"gpu": why_no_gpu, "cluster": why_no_cluster}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test the marks of its folder; skip by the marks `gpu` and `cluster`, and by no other.

    tests/unit/tools/test_drawing.py skips by itself where the fonts are missing that only calibration needs, and
    tests/integration/loadtest/test_bench.py where there is no Tesseract.
    """
    for item in items:
        folder = item.path.relative_to(_TESTS).parts[0] if item.path.is_relative_to(_TESTS) else ""
        for mark in _MARKS_OF_FOLDER.get(folder, ()):
            # what kills parts of a run or a service on this machine needs no cluster
            if mark != "cluster" or not {"bulk_kill", "job_kill"} & set(item.path.parts):
                item.add_marker(mark)
        for mark, obstacle in _OBSTACLES.items():
            if item.get_closest_marker(mark) and (reason := obstacle()):
                item.add_marker(pytest.mark.skip(reason=reason))


def pytest_collection_finish() -> None:
    """Have the garbage collector look at what the tests make from here on, and not at the tests."""
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_unconfigure() -> None:
    """Give back what was kept from the garbage collector: extension modules take it for a leak at the end."""
    gc.unfreeze()
