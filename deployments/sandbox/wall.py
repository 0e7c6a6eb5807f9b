"""The wall around the child process: what the kernel refuses it from then on.

The wall has several layers, since no kernel has all of them. docs/decisions/0044 tells which attack each one stops.
"""

import ctypes
import os
import signal
from collections.abc import Callable, Sequence

from deployments.sandbox.landlock import allow_reading_only
from deployments.sandbox.syscalls import allow_few_calls

__all__ = ["raise_wall"]

_LIBC = ctypes.CDLL(None, use_errno=True)

_NEW_USER, _NEW_NET, _NEW_IPC = 0x10000000, 0x40000000, 0x08000000
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS = 1, 4, 38


def raise_wall(readable: Sequence[str]) -> list[str]:
    """Put the wall around this process, for good. It must have one thread, and nothing hostile may have run in it.

    Args:
        readable: Files and folders that stay readable, for code and fonts. No other file can be opened by its path.

    Returns:
        A sentence for each layer that this machine does not allow, with the reason. The others stand all the same.
    """
    layers: tuple[Callable[[], None], ...] = (
        _leave_the_namespaces,
        _bind_to_the_parent,
        lambda: allow_reading_only(readable),
        allow_few_calls,  # the last, since it refuses the calls of the others
    )
    missing = []
    for layer in layers:
        try:
            layer()
        except OSError as exc:
            missing.append(str(exc))
    return missing


def _leave_the_namespaces() -> None:
    """Enter namespaces of its own: no network, not even loopback, and no rights over a process of the parent's user."""
    if _LIBC.unshare(_NEW_USER | _NEW_NET | _NEW_IPC):
        raise OSError(f"no namespaces of its own: {os.strerror(ctypes.get_errno())}")


def _bind_to_the_parent() -> None:
    """End with the parent, gain no rights by a program, and stay closed to other processes of the same user."""
    # After the namespaces: to enter one undoes the first.
    for option, value in ((_PR_SET_PDEATHSIG, signal.SIGKILL), (_PR_SET_DUMPABLE, 0), (_PR_SET_NO_NEW_PRIVS, 1)):
        if _LIBC.prctl(option, value, 0, 0, 0):
            raise OSError(f"no prctl({option}): {os.strerror(ctypes.get_errno())}")
