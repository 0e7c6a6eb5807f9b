"""What a killed writer leaves behind, and what is made of it."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.storage.file import FileStorage, remove_leftovers
from tests.waiting import until_true

STORAGE = FileStorage()
LEFTOVER = ".rayocr-0123456789abcdef.tmp"
# Writes that never end: a signal finds the process in the middle of one. Prints when the first is through.
_WRITER = """
import sys
from deployments.storage.file import FileStorage
content = bytes(32_000_000)
while True:
    FileStorage().write(sys.argv[1], content)
    print("written", flush=True)
"""


@pytest.fixture
def writer(tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that writes to `<tmp_path>/out/deep/a` again and again."""
    target = str(tmp_path / "out" / "deep" / "a")
    with subprocess.Popen([sys.executable, "-c", _WRITER, target], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "written\n"
            yield process
        finally:
            process.kill()


def unfinished(folder: Path) -> list[Path]:
    return [path for path in folder.rglob(".rayocr-*.tmp") if path.exists()]


def stop_amid_a_write(process: "subprocess.Popen[str]", folder: Path) -> list[Path]:
    """Hold the process while a file is half written."""
    found: list[Path] = []

    def is_amid() -> bool:
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
        found[:] = [path for path in unfinished(folder) if path.stat().st_size]
        if not found:
            process.send_signal(signal.SIGCONT)
        return bool(found)

    until_true(is_amid)
    return found


def test_file_of_a_living_writer_stays_and_that_of_a_killed_one_goes(
    tmp_path: Path, writer: "subprocess.Popen[str]"
) -> None:
    (left,) = stop_amid_a_write(writer, tmp_path)

    assert remove_leftovers(str(tmp_path / "out")) == 0
    assert left.exists()

    writer.kill()
    writer.wait()
    assert left.exists()
    assert remove_leftovers(str(tmp_path / "out")) == 1
    assert [path.name for path in (tmp_path / "out" / "deep").iterdir()] == ["a"]


def test_only_files_of_this_pattern_go(tmp_path: Path) -> None:
    out, beside = tmp_path / "out", tmp_path / "beside"
    stay = [".rayocr-.tmp", f"{LEFTOVER}.json", f"a{LEFTOVER}", ".rayocr-0123456789ABCDEF.tmp", "a.tmp", ".hidden"]
    for name in (*stay, LEFTOVER, f"a/{LEFTOVER}"):
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (out / name).touch()
    beside.mkdir()
    (beside / LEFTOVER).touch()
    (out / "link").symlink_to(beside)
    (out / LEFTOVER.replace("0", "1")).symlink_to(beside / LEFTOVER)
    (out / "folder" / LEFTOVER).mkdir(parents=True)

    assert remove_leftovers(str(out)) == 2

    assert sorted(path.name for path in out.iterdir() if path.is_file()) == sorted([*stay, LEFTOVER.replace("0", "1")])
    assert (beside / LEFTOVER).exists()
    assert (out / "folder" / LEFTOVER).is_dir()
    assert not (out / "a" / LEFTOVER).exists()


def test_folder_that_is_not_there_has_none(tmp_path: Path) -> None:
    assert remove_leftovers(str(tmp_path / "missing")) == 0


def test_leftover_is_no_document(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for name in ("a/b.png", LEFTOVER, f"a/{LEFTOVER}", ".rayocr-notes.tmp"):
        (tmp_path / name).touch()
    names = [stored.location.removeprefix(f"{tmp_path}/") for stored in STORAGE.list(str(tmp_path))]
    assert names == [".rayocr-notes.tmp", "a/b.png"]


def test_no_write_fails_while_somebody_sweeps(tmp_path: Path) -> None:
    ended = threading.Event()

    def sweep() -> None:
        while not ended.is_set():
            remove_leftovers(str(tmp_path))

    sweepers = [threading.Thread(target=sweep) for _ in range(3)]
    for sweeper in sweepers:
        sweeper.start()
    try:
        for number in range(400):
            STORAGE.write(str(tmp_path / "a"), str(number).encode())
    finally:
        ended.set()
        for sweeper in sweepers:
            sweeper.join()
    assert (tmp_path / "a").read_bytes() == b"399"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
