"""Starting a Ray of our own on this machine, for `rayocr serve` and for a bulk run without a cluster."""

import contextlib
import functools
import logging
import os
import tempfile
from pathlib import Path
from typing import Any

from serve.ray_patches.fewer_processes import make_ray_lean
from serve.ray_patches.names import PrivateName, PrivateWord

__all__ = [
    "BULK_ENVIRONMENT",
    "LEAN_ENVIRONMENT",
    "PRIVATE_NAMES",
    "keep_token_private",
    "private_folder",
    "set_bulk_environment",
    "set_local_environment",
    "start_local_ray",
]

_CONTROL_LOOP = PrivateWord(
    "serve/_private/constants.py",
    "RAY_SERVE_CONTROL_LOOP_INTERVAL_S",
    "Serve's controller looks at every replica ten times a second",
)
_RAYLET = "core/src/ray/raylet/raylet"  # its settings: RAY_ and the name of a RAY_CONFIG
_TASK_EVENTS = PrivateWord(
    _RAYLET, "task_events_report_interval_ms", "the GCS keeps a record of each task, up to 100,000, for a dashboard"
)
_START_WAIT = PrivateWord(
    "_raylet.so", "raylet_start_wait_time_s", "a machine that is busy with something else makes the start fail"
)
_PROXY_WAIT = PrivateWord(
    "serve/_private/constants.py",
    "RAY_SERVE_PROXY_READY_CHECK_TIMEOUT_S",
    "a machine that is busy with something else ends the proxy after 5 s, and the start fails",
)
_IDLE_WORKERS = PrivateWord(_RAYLET, "num_workers_soft_limit", "a process that waits for tasks takes 1 % of a CPU")
_FIRST_WORKERS = PrivateWord(
    _RAYLET,
    "prestart_worker_first_driver",
    "each start begins with a process a CPU that nothing can use: replicas ask for a hook, actors of a run come later",
)
_POPEN = PrivateName(
    "ray._private.services",
    "ConsolePopen",
    "a signal to the whole process group (as `timeout` sends it) ends Ray before the requests in work are answered",
)
_AUTO_CONNECT = PrivateWord(
    "_private/auto_init_hook.py",
    "RAY_ENABLE_AUTO_CONNECT",
    "a thread of Ray Data that outlives the run joins any other Ray of this machine, or starts one",
)

PRIVATE_NAMES = (
    _POPEN,
    _CONTROL_LOOP,
    _TASK_EVENTS,
    _START_WAIT,
    _PROXY_WAIT,
    _IDLE_WORKERS,
    _FIRST_WORKERS,
    _AUTO_CONNECT,
    PrivateWord("_private/worker.py", "_metrics_export_port", "metrics are at another port with each start"),
    PrivateWord("_private/worker.py", "_temp_dir", "any user of the machine reads logs and reaches Ray's sockets"),
    PrivateWord("_private/worker.py", "self.address_info = address_info", "the place of the logs is not known"),
)
"""What is taken from Ray here."""

#: Variables for every Ray that the service runs in.
LEAN_ENVIRONMENT = {
    _CONTROL_LOOP.word: "0.5",
    "MALLOC_ARENA_MAX": "2",  # each thread's own arena of freed memory would stay with the process
}

#: Variables for every Ray that a bulk run runs in. Serve's own calls leave no records.
BULK_ENVIRONMENT = {
    f"RAY_{_TASK_EVENTS.word}": "0",
    "MALLOC_ARENA_MAX": LEAN_ENVIRONMENT["MALLOC_ARENA_MAX"],
}


def set_local_environment() -> None:
    """Set the variables of a Ray that this process is to start. Call it before Ray is imported.

    A variable that is set already stays as it is.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    of_raylet = {f"RAY_{_START_WAIT.word}": "120", f"RAY_{_FIRST_WORKERS.word}": "0"}
    for name, value in {**LEAN_ENVIRONMENT, **of_raylet, _PROXY_WAIT.word: "60"}.items():
        os.environ.setdefault(name, value)


def set_bulk_environment(*, is_local: bool) -> None:
    """Set the variables of the Ray of a bulk run. Call it before Ray is imported.

    Args:
        is_local: Whether this process starts it; else it joins a cluster.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ[_AUTO_CONNECT.word] = "0"
    if is_local:
        set_local_environment()
        for name, value in {**BULK_ENVIRONMENT, f"RAY_{_IDLE_WORKERS.word}": "0"}.items():
            os.environ.setdefault(name, value)


def start_local_ray(
    *, num_cpus: int, object_store_memory_bytes: int, metrics_port: int | None, setup_hook: str | None = None
) -> str:
    """Start a Ray on this machine, without what serves nobody there.

    Args:
        num_cpus: CPUs that it counts; threads bound what is really used.
        object_store_memory_bytes: Size of its object store.
        metrics_port: Port of the Prometheus metrics; None: Ray chooses one.
        setup_hook: Function, as module.name, that each worker process runs before anything else.

    Returns:
        Folder of its session, which holds its logs.

    Raises:
        RayocrError: This Ray starts its processes in another way.
    """
    # It takes seconds to import, and reads the environment while it does.
    import ray

    make_ray_lean()
    # Only this process hears signals to its group; Ray's end with it.
    _POPEN.replace(functools.partial(_POPEN.find(), process_group=0))
    keep_token_private()
    context: Any = ray.init(
        address="local",
        num_cpus=num_cpus,
        object_store_memory=object_store_memory_bytes,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
        runtime_env=None if setup_hook is None else {"worker_process_setup_hook": setup_hook},
        _metrics_export_port=metrics_port,
        _temp_dir=str(private_folder() / "ray"),
    )
    keep_token_private()  # Ray has made it, if there was none
    session: str = context.address_info["session_dir"]
    return session


def private_folder() -> Path:
    """Make the folder of this user's sessions. Every process of Ray opens all below it to every user of the machine."""
    folder = Path(os.environ.get("RAY_TMPDIR") or tempfile.gettempdir()) / f"rayocr-user-{os.getuid()}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():  # another user was here first
        return Path(tempfile.mkdtemp(prefix=f"{folder.name}-", dir=folder.parent))
    folder.chmod(0o700)
    return folder


def keep_token_private() -> None:
    """Have Ray's token, and its folder, opened by this user alone, whatever the umask."""
    # Without a home that can be written, Ray itself says what it needs.
    with contextlib.suppress(OSError, RuntimeError):
        folder = Path.home() / ".ray"
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)
        token = folder / "auth_token"
        if token.exists():
            token.chmod(0o600)
