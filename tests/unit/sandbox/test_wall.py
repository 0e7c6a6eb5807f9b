"""The wall around the child process: a task that was taken over gets nothing of its parent, no file and no network."""

import ctypes
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.sandbox.bounds import CallLimits
from deployments.sandbox.process import SandboxProcess
from tests.unit.sandbox.intruder import ATTEMPTS
from tests.waiting import until_true

ROOT = Path(__file__).parents[3]

LIMITS = CallLimits(cpu_s=2.0, wall_s=20.0, max_bytes=100_000_000, max_file_bytes=10_000_000)


@pytest.fixture(scope="module")
def intruder() -> Iterator[SandboxProcess]:
    process = SandboxProcess("tests.unit.sandbox.intruder:Intruder")
    yield process
    process.close()


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_task_that_was_taken_over_gets_nothing(attempt: str, intruder: SandboxProcess, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    memory = ctypes.create_string_buffer(b"secret", 16)
    path = str(tmp_path / "socket")
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as other:
        other.bind(path)
        other.listen()
        request = {
            "attempt": attempt,
            "parent": os.getpid(),
            "secret": str(secret),
            "folder": str(tmp_path),
            "port": server.getsockname()[1],
            "socket": path,
            "address": ctypes.addressof(memory),
        }
        answer, _ = intruder.call(request, LIMITS, b"")
    assert set(answer) == {"failed"}, answer
    assert secret.read_text() == "secret"
    assert {path.name for path in tmp_path.iterdir()} == {"secret", "socket"}


# Refuses what kernels without these parts do, then uses the sandbox from within.
REFUSING = """
import ctypes, logging, errno
library = ctypes.CDLL("libseccomp.so.2")
library.seccomp_init.restype = ctypes.c_void_p
state = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(0x7FFF0000)))
for name in (b"unshare", b"landlock_create_ruleset", b"seccomp"):
    number = library.seccomp_syscall_resolve_name(name)
    assert library.seccomp_rule_add_array(state, 0x50000 | errno.ENOSYS, number, 0, None) == 0
# PR_SET_SECCOMP, by which libseccomp may try too.
prctl = library.seccomp_syscall_resolve_name(b"prctl")
argument = (ctypes.c_uint64 * 3)(4 << 32, 22, 0)
assert library.seccomp_rule_add_array(state, 0x50000 | errno.EINVAL, prctl, 1, argument) == 0
assert library.seccomp_load(state) == 0

from deployments.sandbox.bounds import CallLimits
from deployments.sandbox.process import SandboxProcess
logging.basicConfig(format="%(message)s")
for _ in range(2):
    process = SandboxProcess("tests.unit.sandbox.tasks:Faulty")
    process.call({"do": "copy"}, CallLimits(2.0, 20.0, 100_000_000, 10_000_000), b"done")
    process.close()
"""


def test_machine_that_allows_no_wall_works_and_says_so_once() -> None:
    done = subprocess.run([sys.executable, "-c", REFUSING], capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    (line,) = done.stderr.splitlines()
    said, _, layers = line.partition("could be: ")
    assert said == "the process that opens hostile files is less walled in than it "
    assert layers.split("; ") == [
        "no namespaces of its own: Function not implemented",
        "no bounds on files by Landlock: Function not implemented",
        "no filter of system calls: Invalid argument",
    ]


ORPHAN = """
import threading
from deployments.sandbox.bounds import CallLimits
from deployments.sandbox.process import SandboxProcess
process = SandboxProcess("tests.unit.sandbox.tasks:Faulty")
limits = CallLimits(60.0, 60.0, 100_000_000, 10_000_000)
# The thread that needed the child first is gone; the child is not.
thread = threading.Thread(target=process.call, args=({"do": "tell"}, limits, b""))
thread.start()
thread.join()
print(process.call({"do": "tell"}, limits, b"")[0]["pid"], flush=True)
process.call({"do": "sleep", "s": 60}, limits, b"")
"""


def test_child_ends_with_its_parent_also_during_a_call() -> None:
    with subprocess.Popen([sys.executable, "-c", ORPHAN], stdout=subprocess.PIPE, text=True, cwd=ROOT) as parent:
        assert parent.stdout is not None
        child = Path("/proc", parent.stdout.readline().strip())
        assert child.is_dir()
        parent.kill()
    until_true(lambda: not child.is_dir())
