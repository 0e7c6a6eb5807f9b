"""Names of threads as the system shows them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["NET_THREADS", "named_threads"]

NET_THREADS = "net"
"""Of the threads on which a runtime runs its nets, in `top -H` and in /proc."""

_OWN_NAME = Path("/proc/thread-self/comm")


@contextmanager
def named_threads(name: str) -> Iterator[None]:
    """Give the native threads that start meanwhile a name: they inherit it from the one that starts them.

    Args:
        name: At most 15 characters (man 5 proc_pid_comm).
    """
    own_name = _OWN_NAME.read_text()
    _OWN_NAME.write_text(name)
    try:
        yield
    finally:
        _OWN_NAME.write_text(own_name.rstrip("\n"))
