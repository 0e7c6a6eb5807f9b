"""A Ray on one machine without what only a cluster, or a person at its dashboard, needs."""

import sys

from serve.ray_patches.names import PrivateName

__all__ = ["PRIVATE_NAMES", "leave_out_data_frames", "make_ray_lean"]

# Methods of Ray's `Node` that each start a process. `ray.init` has no switch for them.
_MONITOR = PrivateName(
    "ray._private.node", "Node.start_monitor", "a process that asks whether the cluster needs more nodes"
)
_LOG_MONITOR = PrivateName(
    "ray._private.node", "Node.start_log_monitor", "a process that reads logs for the driver's terminal"
)
_API_SERVER = PrivateName(
    "ray._private.node", "Node.start_api_server", "the process that is left of a dashboard that is not included"
)

PRIVATE_NAMES = (_MONITOR, _LOG_MONITOR, _API_SERVER)
"""What is taken from Ray here."""


def make_ray_lean() -> None:
    """Have the Ray that this process starts leave out the processes that serve nobody. Call it before `ray.init`.

    Raises:
        RayocrError: This Ray starts them in another way.
    """
    for name in PRIVATE_NAMES:
        name.replace(_start_nothing)


def leave_out_data_frames() -> None:
    """Keep pandas and Arrow, which bulk runs need, out of this process. Call it before Ray Serve is imported.

    Ray Serve and Ray's serialization import them wherever they are installed, only to know their types. To both they
    then look as if they were not.
    """
    for name in ("pandas", "pyarrow"):
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # documented: then an import raises


def _start_nothing(*_: object, **__: object) -> None:
    pass
