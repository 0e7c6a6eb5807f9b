"""Keeping a Ray on this machine's loopback interface.

Ray binds its daemons and workers to the address of its node, and takes another than loopback for it even if 127.0.0.1
is asked for. Its switch for desktop systems, where a firewall would ask the user, is the one that makes it stay on
127.0.0.1. One socket does not follow it: the gRPC server of each Serve replica listens on every interface, and
unpickles what it is sent. See docs/decisions/0004-loopback.md.
"""

import os
import socket
import sys
from collections.abc import Callable

from models.errors import RayocrError
from serve.ray_patches.names import PrivateName, PrivateWord

__all__ = ["PRIVATE_NAMES", "bind_replicas_to_loopback", "stay_on_loopback", "why_not_listen"]

_SWITCH = PrivateWord(
    "_private/ray_constants.py",
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER",
    "the daemons and workers of a local Ray listen on the network, and whoever reaches them runs code",
)
_ADD_PORT = PrivateName(
    "ray.serve._private.replica",
    "add_port_to_grpc_server",
    "each replica opens a port on every interface, and unpickles what it is sent",
)

_MAY_LEAVE = PrivateName(
    "ray._private.ray_constants", "ENABLE_RAY_CLUSTER", "it is not seen when Ray was imported before the switch was set"
)

PRIVATE_NAMES = (_SWITCH, _ADD_PORT, _MAY_LEAVE)
"""What is taken from Ray here."""


def stay_on_loopback() -> None:
    """Have the Ray that this process starts listen on 127.0.0.1 only. Call it before Ray is imported.

    Raises:
        RayocrError: Ray was imported before, and has read that it may listen on the network.
    """
    os.environ[_SWITCH.word] = "0"
    if _MAY_LEAVE.module in sys.modules and _MAY_LEAVE.find():
        raise RayocrError(
            f"Ray was imported before {_SWITCH.word} was set to 0, and would listen on the network: import it later"
        )


def why_not_listen(port: int, host: str = "127.0.0.1") -> OSError | None:
    """Say why nothing can listen on a port now; None if it can. 0 stands for any free one."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as exc:
            return exc
    return None


def bind_replicas_to_loopback() -> None:
    """Have the Serve replica in this process listen on 127.0.0.1 only.

    Raises:
        RayocrError: This Ray binds it in another way.
    """
    add_port: Callable[[object, str], int] = _ADD_PORT.find()

    def add_loopback_port(server: object, address: str) -> int:
        return add_port(server, address.replace("[::]", "127.0.0.1"))

    _ADD_PORT.replace(add_loopback_port)
