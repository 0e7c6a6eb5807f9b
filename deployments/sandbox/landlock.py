"""Landlock: files, other processes, TCP and signals, refused by the kernel (its userspace-api/landlock).

The C library has no functions for it, so that these are its three system calls. Their numbers are the same everywhere.
"""

import ctypes
import os
import struct
from collections.abc import Sequence

__all__ = ["allow_reading_only"]

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG = 1
_PATH_BENEATH = 1
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3

# By the first version that has them: all rights to files; binding and connecting TCP; abstract sockets and signals.
_FILE_RIGHTS = {5: (1 << 16) - 1, 3: (1 << 15) - 1, 2: (1 << 14) - 1, 1: (1 << 13) - 1}
_NET_RIGHTS = {4: 0b11}
_SCOPES = {6: 0b11}

_LIBC = ctypes.CDLL(None, use_errno=True)


def allow_reading_only(paths: Sequence[str]) -> None:
    """Refuse this thread, and those that it starts, everything that Landlock can refuse, but reading some files.

    Files without a path, as those in memory and pipes, are not refused. Other processes can't be traced any more, nor
    their memory and environment read.

    Args:
        paths: Files and folders that stay readable. One that does not exist is left out.

    Raises:
        OSError: The kernel has no Landlock, or it is off.
    """
    version = _LIBC.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION_FLAG)
    if version < 1:
        raise OSError(f"no bounds on files by Landlock: {os.strerror(ctypes.get_errno())}")
    rights = [_rights(table, version) for table in (_FILE_RIGHTS, _NET_RIGHTS, _SCOPES)]
    # Older kernels take the longer structure if what they do not know is zero.
    ruleset = _checked(_CREATE_RULESET, struct.pack("=3Q", *rights), ctypes.c_size_t(24), 0)
    try:
        for path in paths:
            _allow(ruleset, path)
        _checked(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _rights(table: dict[int, int], version: int) -> int:
    return next((rights for first, rights in table.items() if version >= first), 0)


def _allow(ruleset: int, path: str) -> None:
    try:
        beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # what this process can't reach, it need not be allowed to read
        return
    try:
        rights = _READ_FILE | _READ_DIR if os.path.isdir(path) else _READ_FILE  # noqa: PTH112
        _checked(_ADD_RULE, ruleset, _PATH_BENEATH, struct.pack("=Qi", rights, beneath), 0)
    finally:
        os.close(beneath)


def _checked(*arguments: object) -> int:
    result = int(_LIBC.syscall(*arguments))
    if result < 0:
        raise OSError(f"no bounds on files by Landlock: {os.strerror(ctypes.get_errno())}")
    return result
