"""Names of threads as the system shows them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

__all__ = ["named_threads", "net_threads"]

_OWN_NAME = Path("/proc/thread-self/comm")


def net_threads(head: Literal["map", "argmax"]) -> str:
    """Name of the threads on which a runtime runs the nets of one kind, in `top -H` and in /proc.

    Args:
        head: As in `NetOptions`.
    """
    return f"net-{head}"


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
