"""A Ray on this machine that all bulk runs of the tests join, instead of starting one each.

`python -m tests.ray_node` starts it as a bulk run would, says where it is, and ends it when its standard input closes.
"""

import fcntl
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from models.cpus import usable_cpu_count

__all__ = ["environment_of_users", "one_start_at_a_time", "running_ray"]

_ROOT = Path(__file__).parent.parent
_STOP_TIMEOUT_S = 120.0
_OBJECT_STORE_BYTES = 512 * 1024**2
_LOCK = Path(tempfile.gettempdir()) / "rayocr-tests-ray.lock"


def environment_of_users() -> dict[str, str]:
    """This process's environment for a program that starts a Ray of its own, as a user would start it.

    Without the variables that tests/conftest.py sets for Ray: they would hide that the program leaves one out.
    """
    return {name: value for name, value in os.environ.items() if not name.startswith("RAY_") or name == "RAY_TMPDIR"}


@contextmanager
def one_start_at_a_time() -> Iterator[None]:
    """Hold back other test processes that want to start a Ray: two that start at once choose the same ports."""
    with _LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def running_ray(variables: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Start a Ray, and stop it at the end.

    Args:
        variables: Variables of its workers, on top of this process's.

    Yields:
        The variables with which a driver joins it.
    """
    environment = {**os.environ, "PYTHONPATH": str(_ROOT), **variables}
    environment.pop("RAY_ADDRESS", None)
    command = [sys.executable, "-m", "tests.ray_node"]
    with one_start_at_a_time():
        node = subprocess.Popen(
            command, cwd=_ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert node.stdout is not None
        address = node.stdout.readline().strip()
    try:
        assert address, f"Ray ended with {node.wait()}"
        yield {"RAY_ADDRESS": address}
    finally:
        try:
            node.communicate(timeout=_STOP_TIMEOUT_S)
        finally:
            node.kill()


def main() -> None:
    """Start Ray, and end it when nobody needs it any more."""
    from serve.ray_patches.local_ray import set_bulk_environment, start_local_ray
    from serve.ray_patches.loopback import stay_on_loopback

    set_bulk_environment(is_local=True)
    stay_on_loopback()
    start_local_ray(num_cpus=usable_cpu_count(), object_store_memory_bytes=_OBJECT_STORE_BYTES, metrics_port=None)
    import ray  # it reads the environment while it is imported

    print(ray.get_runtime_context().gcs_address, flush=True)
    sys.stdin.read()
    ray.shutdown()


if __name__ == "__main__":
    main()
