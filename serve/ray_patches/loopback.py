"""Keeping a Ray on this machine's loopback interface.

Ray binds its daemons and workers to the address of its node, and takes another than loopback for it even where
127.0.0.1 is asked for. Its switch for desktop systems, where a firewall would ask the user, is the one that makes it
stay on 127.0.0.1. One socket does not follow it: the gRPC server of each Serve replica listens on every interface, and
unpickles what it is sent. See docs/decisions/0004-loopback.md.
"""

import os
import socket
from collections.abc import Callable

from serve.ray_patches.fewer_processes import leave_out_data_frames

__all__ = [
    "SETUP_HOOK",
    "bind_replicas_to_loopback",
    "set_up_worker",
    "stay_on_loopback",
    "stays_on_loopback",
    "why_not_listen",
]

_LOOPBACK_SWITCH = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"

#: For Ray's runtime environment: run in every worker process before anything else.
SETUP_HOOK = "serve.ray_patches.loopback.set_up_worker"


def stay_on_loopback() -> None:
    """Have the Ray that this process starts listen on 127.0.0.1 only. Call it before Ray is imported."""
    os.environ[_LOOPBACK_SWITCH] = "0"


def stays_on_loopback() -> bool:
    """Whether the Ray that started this process, or will be started by it, listens on 127.0.0.1 only."""
    return os.environ.get(_LOOPBACK_SWITCH) == "0"


def why_not_listen(port: int, host: str = "127.0.0.1") -> OSError | None:
    """Why nothing can listen on a port now; None where it can. 0 stands for any free one."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as exc:
            return exc
    return None


def set_up_worker() -> None:
    """What `SETUP_HOOK` names."""
    leave_out_data_frames()
    bind_replicas_to_loopback()


def bind_replicas_to_loopback() -> None:
    """Have the Serve replica in this process listen on 127.0.0.1 only."""
    from ray.serve._private import replica

    name = "add_port_to_grpc_server"
    add_port: Callable[[object, str], int] = getattr(replica, name)

    def add_loopback_port(server: object, address: str) -> int:
        return add_port(server, address.replace("[::]", "127.0.0.1"))

    setattr(replica, name, add_loopback_port)
