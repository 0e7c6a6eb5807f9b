"""kubectl and helm, as one would type them."""

import json
import subprocess
import time
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["helm", "kubectl", "listed", "wait_until"]

Object = Mapping[str, Any]


def kubectl(*arguments: str, stdin: bytes | None = None, timeout_s: float = 120) -> str:
    """Run kubectl and return what it printed; its complaint becomes the error.

    Args:
        arguments: What follows `kubectl`.
        stdin: What it is to read.
        timeout_s: How long it may take.

    Raises:
        AssertionError: It failed.
    """
    return _run("kubectl", *arguments, stdin=stdin, timeout_s=timeout_s)


def helm(*arguments: str, timeout_s: float = 600) -> str:
    """Run helm and return what it printed, see `kubectl`."""
    return _run("helm", *arguments, timeout_s=timeout_s)


def listed(namespace: str, kinds: str, selector: str = "") -> list[Object]:
    """Objects of a namespace.

    Args:
        namespace: Where.
        kinds: As kubectl takes them, such as `pods,services`.
        selector: Labels that they must have.
    """
    items: list[Object] = json.loads(kubectl("get", kinds, "-n", namespace, "-l", selector, "-o", "json"))["items"]
    return items


def wait_until(what: str, holds: Callable[[], bool], timeout_s: float, pause_s: float = 1.0) -> float:
    """Ask until something holds, and return the seconds that took.

    Raises:
        AssertionError: It did not in time.
    """
    started = time.monotonic()
    while not holds():
        assert time.monotonic() - started < timeout_s, f"after {timeout_s:g} s still not: {what}"
        time.sleep(pause_s)
    return time.monotonic() - started


def _run(*command: str, stdin: bytes | None = None, timeout_s: float) -> str:
    done = subprocess.run(command, input=stdin, capture_output=True, timeout=timeout_s, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr.decode()}{done.stdout.decode()}"
    return done.stdout.decode()
