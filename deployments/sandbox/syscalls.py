"""seccomp: the system calls that the child process may make. The kernel refuses all others.

The filter is made by libseccomp, which knows the calls of each kind of machine by their names. It is called as it is:
docs/decisions/0044 says why no package stands between.
"""

import ctypes
import errno
import fcntl
import os
import termios
from typing import NamedTuple

__all__ = ["allow_few_calls"]

_ALLOW = 0x7FFF0000
_REFUSE = 0x00050000
_EQUAL, _MASKED_EQUAL = 4, 7
# Attributes of a filter, of libseccomp 2.5.
_IN_ALL_THREADS, _WITHOUT_SLOWING, _TELLS_ERRORS = 4, 7, 9

_CLONE_THREAD = 0x10000
_PR_SET_NAME = 15
_WRITING = os.O_ACCMODE | os.O_CREAT | os.O_TRUNC

# Nothing here opens a connection, starts a program or a process, or names another process.
_FILES = """
    read pread64 readv write pwrite64 writev lseek close close_range dup dup2 dup3 ftruncate fallocate fadvise64
    memfd_create stat fstat lstat newfstatat statx access faccessat faccessat2 getdents64 readlink readlinkat getcwd
"""
_MEMORY = "mmap munmap mremap mprotect madvise brk msync mincore membarrier"
_THREADS = "futex set_robust_list rseq sched_yield sched_getaffinity getcpu exit exit_group restart_syscall"
_SIGNALS_TO_ITSELF = "rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack setitimer getitimer"
_TIME = "clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time times getrusage"
_MESSAGES = "select pselect6 poll ppoll sendto sendmsg recvfrom recvmsg shutdown"
_QUESTIONS = """
    uname sysinfo getrandom getpid gettid getppid getuid geteuid getgid getegid setrlimit getrlimit
"""
_ALLOWED = " ".join((_FILES, _MEMORY, _THREADS, _SIGNALS_TO_ITSELF, _TIME, _MESSAGES, _QUESTIONS))


class _Argument(NamedTuple):
    position: int
    value: int
    mask: int | None = None


class _Comparison(ctypes.Structure):
    _fields_ = (("index", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64))


# Threads are allowed, processes not. Of commands to a descriptor, none can send a signal to its owner.
_ALLOWED_WITH: dict[str, list[_Argument]] = {
    # To read. Which files, Landlock says, if the kernel has it.
    "open": [_Argument(1, os.O_RDONLY, _WRITING)],
    "openat": [_Argument(2, os.O_RDONLY, _WRITING)],
    "clone": [_Argument(0, _CLONE_THREAD, _CLONE_THREAD)],
    "prctl": [_Argument(0, _PR_SET_NAME)],
    "prlimit64": [_Argument(0, 0)],
    "fcntl": [
        _Argument(1, command)
        for command in (
            fcntl.F_DUPFD,
            fcntl.F_DUPFD_CLOEXEC,
            fcntl.F_GETFD,
            fcntl.F_SETFD,
            fcntl.F_GETFL,
            fcntl.F_ADD_SEALS,
            fcntl.F_GET_SEALS,
        )
    ],
    "ioctl": [
        _Argument(1, request) for request in (termios.TCGETS, termios.FIOCLEX, termios.FIONCLEX, termios.FIONBIO)
    ],
}


def allow_few_calls() -> None:
    """Refuse all threads of this process, for good, every system call that the work of a task does not need.

    A call that is refused fails with EPERM.

    Raises:
        OSError: libseccomp is not installed, or the kernel takes no filter.
    """
    try:
        library = ctypes.CDLL("libseccomp.so.2")
    except OSError as exc:
        raise OSError(f"no filter of system calls: {exc}") from exc
    library.seccomp_init.restype = ctypes.c_void_p
    state = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(_REFUSE | errno.EPERM)))

    def rule(action: int, name: str, *arguments: _Argument) -> None:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number < 0:  # this kind of machine does not have it
            return
        comparisons = (_Comparison * len(arguments))(*map(_comparison, arguments))
        _check(library.seccomp_rule_add_array(state, ctypes.c_uint32(action), number, len(arguments), comparisons))

    try:
        for attribute in (_IN_ALL_THREADS, _WITHOUT_SLOWING, _TELLS_ERRORS):
            library.seccomp_attr_set(state, attribute, ctypes.c_uint32(1))
        for name in _ALLOWED.split():
            rule(_ALLOW, name)
        for name, choices in _ALLOWED_WITH.items():
            for argument in choices:
                rule(_ALLOW, name, argument)
        # An abort is a signal to itself.
        rule(_ALLOW, "tgkill", _Argument(0, os.getpid()))
        # Its flags can't be looked at. The C library then takes `clone`.
        rule(_REFUSE | errno.ENOSYS, "clone3")
        _check(library.seccomp_load(state))
    finally:
        library.seccomp_release(state)


def _comparison(argument: _Argument) -> _Comparison:
    if argument.mask is None:
        return _Comparison(argument.position, _EQUAL, argument.value, 0)
    return _Comparison(argument.position, _MASKED_EQUAL, argument.mask, argument.value)


def _check(status: int) -> None:
    if status < 0:
        raise OSError(f"no filter of system calls: {os.strerror(-status)}")
