"""What `rayocr serve` does to the Ray it starts, for a Ray cluster that others start: by environment variables alone.

They are for every node, before `ray start`: Ray hands them on to each process, and calls the functions that they name.
Unlike on one machine, replicas of the ingress listen on the network, since the HAProxy of every node calls them.
"""

import os

from serve.config.settings import HttpSettings
from serve.ray_patches.fewer_processes import leave_out_data_frames
from serve.ray_patches.flow import FLOW_ENVIRONMENT, bound_bodies
from serve.ray_patches.haproxy import (
    CONTROLLER_HOOK,
    HABITS,
    SWITCH,
    serve_ingress_on_loopback,
    time_limits,
    use_own_template,
)
from serve.ray_patches.local_ray import LEAN_ENVIRONMENT
from serve.ray_patches.loopback import bind_replicas_to_loopback
from serve.ray_patches.names import PrivateWord
from serve.ray_patches.process_output import OUTPUT_ENVIRONMENT, log_to_standard_error

__all__ = ["LOCAL_WORKER_HOOK", "PRIVATE_NAMES", "cluster_environment", "set_up_local_worker", "set_up_worker"]

#: For Ray's `worker_process_setup_hook`, in a Ray that `rayocr serve` starts.
LOCAL_WORKER_HOOK = "serve.ray_patches.environment.set_up_local_worker"

# What `worker_process_setup_hook` becomes. That itself belongs to a driver, and on a cluster no driver of ours starts
# the processes of Serve.
_WORKER_HOOK = PrivateWord(
    "_private/ray_constants.py",
    "__RAY_WORKER_PROCESS_SETUP_HOOK_ENV_VAR",
    "no process of a cluster is changed: HAProxy listens on more ports, replicas unpickle what the network sends",
)
# Every HAProxy hears within a second that a replica is to end. Until then it still takes what they send.
_DRAINING_S = 5

PRIVATE_NAMES = (_WORKER_HOOK,)
"""What is taken from Ray here."""


def cluster_environment(http: HttpSettings) -> dict[str, str]:
    """The variables for each node of a cluster; docs/how-to/operations.md explains them.

    Args:
        http: The proxy, and the deadlines of requests.
    """
    haproxy = {
        "RAY_SERVE_CONTROLLER_CALLBACK_IMPORT_PATH": CONTROLLER_HOOK,
        "RAY_SERVE_DIRECT_INGRESS_MIN_DRAINING_PERIOD_S": str(_DRAINING_S),
        **time_limits(http),
        **HABITS,
        **FLOW_ENVIRONMENT,
    }
    has_haproxy = http.proxy == "haproxy"
    return {
        SWITCH: str(int(has_haproxy)),
        _WORKER_HOOK.word: "serve.ray_patches.environment.set_up_worker",
        **(haproxy if has_haproxy else {}),
        **LEAN_ENVIRONMENT,
        **OUTPUT_ENVIRONMENT,
        "RAY_USAGE_STATS_ENABLED": "0",
    }


def set_up_worker() -> None:
    """Change Ray in a worker process of a cluster, before anything else runs there: the function of the hook.

    The gRPC server of each replica listens on loopback only: it unpickles what it is sent, and nothing uses it.
    """
    leave_out_data_frames()
    if os.environ.get(SWITCH) == "1":
        use_own_template()
        bound_bodies()
    bind_replicas_to_loopback()
    log_to_standard_error()


def set_up_local_worker() -> None:
    """Change Ray in a worker process of one machine, before anything else runs there: the function of the hook."""
    set_up_worker()
    if os.environ.get(SWITCH) == "1":
        serve_ingress_on_loopback()
