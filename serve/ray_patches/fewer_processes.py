"""A Ray on one machine without what only a cluster, or a person at its dashboard, needs."""

import os
import sys

__all__ = ["LEAN_ENVIRONMENT", "SETUP_HOOK", "leave_out_data_frames", "make_ray_lean", "set_lean_environment"]

#: For Ray's runtime environment: run in every worker process before anything else.
SETUP_HOOK = "serve.ray_patches.fewer_processes.leave_out_data_frames"

#: Together a quarter of what Ray uses while nothing happens; see docs/decisions/0013-haproxy.md.
LEAN_ENVIRONMENT = {
    "RAY_SERVE_CONTROL_LOOP_INTERVAL_S": "0.5",  # how often Serve looks at every replica
    "RAY_task_events_report_interval_ms": "0",  # a history of calls, which only a dashboard shows
    "RAY_prestart_worker_first_driver": "0",  # a process for tasks, which this application has none of
    "MALLOC_ARENA_MAX": "2",  # each thread's own arena of freed memory would stay with the process
}
# Methods of Ray's `Node` that each start a process for which `ray.init` has no switch: the cluster's autoscaler, the
# reader of logs for the driver's terminal, and what is left of the dashboard where it is not included.
_START_PROCESS = ("start_monitor", "start_log_monitor", "start_api_server")


def set_lean_environment() -> None:
    """Call it before Ray is imported. A variable that is set already stays as it is."""
    for name, value in LEAN_ENVIRONMENT.items():
        os.environ.setdefault(name, value)


def make_ray_lean() -> None:
    """Have the Ray that this process starts leave out the processes that serve nobody. Call it before `ray.init`."""
    from ray._private.node import Node

    for name in _START_PROCESS:
        if not hasattr(Node, name):
            raise AttributeError(f"Ray's Node has no {name} any more: see what starts that process now")
        setattr(Node, name, _start_nothing)


def leave_out_data_frames() -> None:
    """Keep pandas and Arrow, which bulk runs need, out of this process. Call it before Ray Serve is imported.

    Ray Serve and Ray's serialization import them wherever they are installed, only to know their types: 40 MB in each
    process. To both they then look as if they were not.
    """
    for name in ("pandas", "pyarrow"):
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # documented: then an import raises


def _start_nothing(*_: object, **__: object) -> None:
    pass
