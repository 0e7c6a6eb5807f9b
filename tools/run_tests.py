"""`python -m tools.run_tests`: the tests in groups, three at a time, and one count of all at the end.

Each group is a pytest of its own, with its own temporary folders and its own Rays. Groups mostly wait for replicas and
storages, so three of them fill two CPUs. What a group writes is printed when it has ended.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

__all__ = ["main"]

_ROOT = Path(__file__).parent.parent
_AT_A_TIME = 3
_SLOWEST = 40
_OF_MAKE = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")
_NO_BYTE_CODE = "PYTHONDONTWRITEBYTECODE"

#: Longest first, so that all places are filled to the end. Each has folders, and options of pytest's.
_GROUPS: Mapping[str, Sequence[str]] = {
    "web": ("tests/integration/web",),
    "jobs": ("tests/integration/jobs", "tests/integration/faults"),
    "bulk": ("tests/integration/bulk",),
    "nets": ("tests/integration/models", "tests/integration/cli"),
    "services": ("tests/integration/docs", "tests/integration/service"),  # they share one
    "replicas": ("tests/integration/replicas",),
    "unit": ("tests/unit", "tests/perf", "--ignore=tests/unit/serve"),
    "unit-serve": ("tests/unit/serve",),
    "others": ("tests/integration/storage", "tests/integration/loadtest"),
}


@dataclass(frozen=True, slots=True)
class _Ended:
    """What became of a group.

    Args:
        name: Of the group.
        code: Its exit code.
        output: All that it wrote.
        counts: Tests by outcome: passed, failed, skipped.
        took_s: How long it ran.
    """

    name: str
    code: int
    output: str
    counts: Counter[str]
    took_s: float


def main() -> int:
    """Run the groups, print what they wrote, and return 0 if all passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--all", action="store_true", help="also those marked slow; names the slowest")
    parser.add_argument("--beside", metavar="COMMAND", action="append", default=[], help="runs as a group does")
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"of {', '.join(_GROUPS)}; not given: all")
    arguments = parser.parse_args()
    if unknown := set(arguments.groups) - set(_GROUPS):
        parser.error(f"no group {sorted(unknown)[0]}; the groups are {', '.join(_GROUPS)}")
    missing = _folders_without_group()
    if missing:
        parser.error(f"tests in no group: {', '.join(missing)}; add them to _GROUPS in tools/run_tests.py")
    options = [f"--durations={_SLOWEST}"] if arguments.all else ["-m", "not slow"]
    started = time.monotonic()
    counts: Counter[str] = Counter()
    failed: list[str] = []
    with tempfile.TemporaryDirectory(prefix="rt-") as folder, ThreadPoolExecutor(_AT_A_TIME) as pool:
        running = [pool.submit(_run_command, command) for command in arguments.beside]
        running += [pool.submit(_run_group, name, options, Path(folder)) for name in arguments.groups or _GROUPS]
        for future in as_completed(running):
            ended = future.result()
            counts += ended.counts
            if ended.code:
                failed.append(ended.name)
            _print(ended)
    for name in failed:
        print(f"failed: {name}")
    print(f"all in {time.monotonic() - started:.0f} s")
    print(", ".join(f"{counts[outcome]} {outcome}" for outcome in ("passed", "failed", "skipped")), flush=True)
    return 1 if failed else 0


def _folders_without_group() -> list[str]:
    """Folders of tests that no group names: their tests would never run."""
    grouped = {folder for folders in _GROUPS.values() for folder in folders}
    found = {str(path.relative_to(_ROOT)) for path in (_ROOT / "tests").rglob("test_*.py")}
    apart = ("tests/e2e/", "tests/modelscope/")  # on a cluster; beside PyTorch (`make import-test`)
    return sorted(path for path in found if not path.startswith((*apart, *(f"{folder}/" for folder in grouped))))


def _run_group(name: str, options: Sequence[str], folder: Path) -> _Ended:
    if not name.startswith("unit"):  # here, where no time-out of a test ends it
        server = _run(["scripts/minio.sh"], {})
        if server.returncode:
            return _Ended(name, server.returncode, server.stdout, Counter(), 0.0)
    report = folder / f"{name}.xml"
    # Short: the paths of Ray's sockets may have some 100 characters.
    ray_folder = folder / name
    ray_folder.mkdir()
    command = [
        *(sys.executable, "-m", "pytest", *_GROUPS[name], *options),
        *(f"--basetemp={folder}/{name}-files", f"--junitxml={report}", "-o", f"cache_dir=.pytest_cache/{name}"),
    ]
    started = time.monotonic()
    done = _run(command, {"RAY_TMPDIR": str(ray_folder)})
    ended = _Ended(name, done.returncode, done.stdout, _counts(report), time.monotonic() - started)
    shutil.rmtree(ray_folder, ignore_errors=True)
    return ended


def _errors_below(ray_folder: Path) -> str:
    """Gather what services logged as errors, since their logs go with the folder."""
    logs = sorted(ray_folder.rglob("logs/serve/*.log"))
    lines = (line for log in logs for line in log.read_text(encoding="utf-8", errors="replace").splitlines())
    return "\n".join([line for line in lines if '"levelname": "ERROR"' in line][-_SLOWEST:])


def _run_command(command: str) -> _Ended:
    started = time.monotonic()
    done = _run(["bash", "-c", command], {})
    return _Ended(command, done.returncode, done.stdout, Counter(), time.monotonic() - started)


def _run(command: Sequence[str], variables: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    # Tests call make too, and must not join the make that may have started this. Hundreds of processes import our
    # modules: where byte code is not kept, each compiles them again.
    own = {name: value for name, value in os.environ.items() if name not in (*_OF_MAKE, _NO_BYTE_CODE)}
    return subprocess.run(
        command,
        cwd=_ROOT,
        env={**own, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )


def _counts(report: Path) -> Counter[str]:
    """Count the tests of a JUnit report by their outcome; a test that ended in an error has failed."""
    counts: Counter[str] = Counter()
    if not report.exists():
        return counts
    for suite in ElementTree.parse(report).getroot().iter("testsuite"):
        for case in suite.iter("testcase"):
            tags = {child.tag for child in case}
            counts["failed" if tags & {"failure", "error"} else "skipped" if "skipped" in tags else "passed"] += 1
    return counts


def _print(ended: _Ended) -> None:
    print(f"=== {ended.name}: {'failed' if ended.code else 'passed'} in {ended.took_s:.0f} s ===")
    print(ended.output.rstrip(), flush=True)


if __name__ == "__main__":
    sys.exit(main())
