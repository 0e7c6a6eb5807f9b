import os
import subprocess
import sys

import pytest

from serve.ray_patches.terminal import report_to_stderr, without_lines


def test_only_lines_with_the_phrase_are_left_out(capfd: pytest.CaptureFixture[str]) -> None:
    os.write(2, b"before: a warning\n")
    with without_lines(b"a warning"):
        os.write(2, b"[E 1] core.cc:1: an error\n")
        os.write(2, b"[E 1] core.cc:2: a warning of Ray's\n")
        with open(2, "w", closefd=False) as stream:
            stream.write("from Python\n")
        os.write(2, b"without a line's end")
    os.write(2, b"\nafter: a warning\n")
    assert capfd.readouterr().err == (
        "before: a warning\n[E 1] core.cc:1: an error\nfrom Python\nwithout a line's end\nafter: a warning\n"
    )


def test_error_passes_through_and_its_lines_stay(capfd: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        with without_lines(b"a warning"):
            os.write(2, b"a warning\nthe reason\n")
            raise OSError

    with pytest.raises(OSError):  # noqa: PT011 - only that it comes out
        fail()
    assert capfd.readouterr().err == "the reason\n"


def test_process_without_standard_error_goes_on() -> None:
    code = (
        "import os; os.close(2)\nfrom serve.ray_patches.terminal import without_lines\n"
        "with without_lines(b'x'): print(1)"
    )
    ended = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True)
    assert ended.stdout == b"1\n"


def test_child_processes_write_where_they_did(capfd: pytest.CaptureFixture[str]) -> None:
    with without_lines(b"a warning"):
        pass
    subprocess.run([sys.executable, "-c", "import os; os.write(2, b'a child')"], check=True)
    assert capfd.readouterr().err == "a child"


def test_reports_of_daemons_go_to_standard_error_but_for_what_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from ray._private import worker

    monkeypatch.setattr(worker, "print_to_stdstream", worker.print_to_stdstream)  # to be put back at the end
    report_to_stderr()
    retried = "Task A.b failed. There are infinite retries remaining, so the task will be retried. Error: gone"
    for lines in (["The node 12ab has been marked dead"], [retried], ["A worker died", retried]):
        worker.print_to_stdstream({"lines": lines, "pid": "raylet", "is_err": False}, ignore_prefix=False)
    out, err = capsys.readouterr()
    assert out == ""
    assert "The node 12ab has been marked dead" in err
    assert "A worker died" in err
    assert "retries" not in err
