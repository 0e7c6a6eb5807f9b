"""`rayocr read` as users run it."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.cli.conftest import ROOT, TIMEOUT_S, Rayocr, clean_environment, draw_png
from tests.minio import MinioServer
from tests.nets import QUICK_NETS
from tests.pictures import encoded, written_page

RECEIPT = ROOT.parent / "shared/data/sroie/images/000.jpg"


def test_one_picture_prints_its_text_and_nothing_else(rayocr: Rayocr, invoice: Path) -> None:
    done = rayocr(["read", invoice])
    assert (done.stdout, done.stderr, done.returncode) == (b"INVOICE 12345\n", b"", 0)


def test_json_in_a_pipe_is_one_line(rayocr: Rayocr, invoice: Path) -> None:
    done = rayocr(["read", invoice, "--format", "json"])
    assert done.stdout.count(b"\n") == 1
    result = json.loads(done.stdout)
    assert (result["source"], result["text"], result["model"]) == (str(invoice), "INVOICE 12345", "ppocrv6-small")
    assert sorted(result["timings_ms"]) == ["decoding", "detection", "recognition"]


def test_languages_are_read(rayocr: Rayocr, tmp_path: Path) -> None:
    rows = ["Все люди рождаются свободными", "и равными в своем достоинстве"]
    (picture := tmp_path / "page.png").write_bytes(encoded(written_page(*rows)))
    read = rayocr(["read", picture, "--languages", "ru"]).stdout.decode()
    assert [line for line in read.splitlines() if line] == rows
    refused = rayocr(["read", picture, "--languages", "xyzzyish"])
    assert (refused.returncode, b"no language is known as 'xyzzyish'" in refused.stderr) == (64, True)


def test_standard_input_is_read(rayocr: Rayocr, invoice: Path) -> None:
    assert rayocr(["read", "-"], stdin=invoice.read_bytes()).stdout == b"INVOICE 12345\n"


def test_folder_is_read_with_headers_in_the_order_of_names(rayocr: Rayocr, folder: Path) -> None:
    done = rayocr(["read", folder])
    assert done.stdout.decode() == (f"==> {folder}/a/first.png <==\nFIRST 111\n\n==> {folder}/b.png <==\nSECOND 222\n")
    assert done.stderr.decode() == "rayocr: skipped 1 file in folders that rayocr does not read: 1 .txt\n"
    assert done.returncode == 0


def test_folder_as_json_is_one_object_a_line(rayocr: Rayocr, folder: Path) -> None:
    lines = rayocr(["read", folder, "--format", "json"]).stdout.splitlines()
    assert [json.loads(line)["text"] for line in lines] == ["FIRST 111", "SECOND 222"]


def test_order_does_not_depend_on_the_number_of_jobs(rayocr: Rayocr, tmp_path: Path) -> None:
    pictures = [draw_png(tmp_path / f"{number}.png", f"NUMBER {number}") for number in range(101, 107)]
    done = rayocr(["read", "--jobs", "3", *pictures], variables=QUICK_NETS)
    assert re.findall(r"^NUMBER (\d+)$", done.stdout.decode(), re.MULTILINE) == [str(n) for n in range(101, 107)]


def test_failed_document_does_not_stop_the_others(rayocr: Rayocr, invoice: Path, tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("hello")
    done = rayocr(["read", tmp_path / "gone.png", text, invoice])
    assert done.stdout.decode() == f"==> {invoice} <==\nINVOICE 12345\n"
    gone, unsupported = done.stderr.decode().splitlines()
    assert gone == f"rayocr: {tmp_path}/gone.png does not exist"
    assert unsupported.startswith(f"rayocr: {text}: unsupported format: .txt (text); rayocr reads PDF")
    assert done.returncode == 66, "that of the first that failed"


def test_named_file_that_is_no_picture_is_an_error(rayocr: Rayocr, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    assert rayocr(["read", tmp_path / "notes.txt"]).returncode == 65


def test_folder_without_pictures_is_an_error(rayocr: Rayocr, tmp_path: Path) -> None:
    done = rayocr(["read", tmp_path])
    assert (done.returncode, done.stdout) == (66, b"")
    assert b"nothing to read" in done.stderr


def test_large_file_that_is_no_picture_is_skipped_in_a_folder(rayocr: Rayocr, folder: Path) -> None:
    with (folder / "film.mp4").open("wb") as film:
        film.truncate(1 << 30)
    done = rayocr(["read", folder])
    assert done.stderr.decode() == "rayocr: skipped 2 files in folders that rayocr does not read: 1 .mp4, 1 .txt\n"
    assert done.returncode == 0


def test_https_is_off_by_default(rayocr: Rayocr) -> None:
    done = rayocr(["read", "https://example.com/x.png"])
    assert done.returncode == 77
    assert b"storage.https_enabled" in done.stderr


def test_bad_setting_ends_with_78_before_anything_is_read(rayocr: Rayocr, invoice: Path) -> None:
    done = rayocr(["read", invoice, invoice], variables={"RAYOCR_BUNDLE": "gone"})
    assert (done.returncode, done.stdout) == (78, b"")
    assert done.stderr.startswith(b"rayocr: no model bundle 'gone'")
    assert done.stderr.count(b"\n") == 1


def test_name_with_control_characters_stays_on_one_line(rayocr: Rayocr, tmp_path: Path) -> None:
    path = draw_png(tmp_path / "odd.png", "ODD 777").rename(tmp_path / "a\n\x1b[31mb.png")
    done = rayocr(["read", path, path])
    assert done.stdout.decode().splitlines()[0] == f"==> {tmp_path}/a \\x1b[31mb.png <=="


def test_name_that_is_no_utf8_is_written_as_valid_json(rayocr: Rayocr, tmp_path: Path) -> None:
    path = draw_png(tmp_path / "odd.png", "ODD 777").rename(tmp_path / os.fsdecode(b"caf\xe9.png"))
    done = rayocr(["read", path, "--format", "json"])
    assert json.loads(done.stdout)["source"] == f"{tmp_path}/caf\ufffd.png"


def test_text_is_utf8_whatever_the_locale(rayocr_process: Rayocr, invoice: Path) -> None:
    variables = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
    path = invoice.rename(invoice.with_name("é.png"))
    done = rayocr_process(["read", path, path], variables=variables)
    assert done.returncode == 0
    assert done.stdout.decode().count("INVOICE 12345") == 2


def test_closed_pipe_ends_quietly(rayocr_process: Rayocr, folder: Path) -> None:
    reading_end, writing_end = os.pipe()
    os.close(reading_end)  # before the first result, so that no timing decides
    done = rayocr_process(["read", "--jobs", "1", folder], stdout=writing_end)
    os.close(writing_end)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.fixture
def heeds_interrupts() -> Iterator[None]:
    """A suite that was started in the background ignores SIGINT, and so would what it starts."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heeds_interrupts")
def test_interrupt_ends_with_130_and_no_traceback(tmp_path: Path) -> None:
    picture = draw_png(tmp_path / "page.png", "NUMBER 60")
    command = [sys.executable, "-m", "serve.cli", "read", *[str(picture)] * 600]  # not read before the signal comes
    with subprocess.Popen(
        command, cwd=ROOT, env=clean_environment(**QUICK_NETS), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()  # it is at work
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        assert process.stderr.read() == b""
        assert process.wait(TIMEOUT_S) == 130


def test_terminal_shows_a_progress_bar_on_stderr_only(folder: Path, tmp_path: Path) -> None:
    draw_png(folder / "c.png", "THIRD 333")
    screen, terminal = pty.openpty()
    output = tmp_path / "output"
    command = [sys.executable, "-m", "serve.cli", "read", "--jobs", "1", str(folder)]
    with output.open("wb") as stdout:
        process = subprocess.Popen(
            command, cwd=ROOT, env=clean_environment(TERM="xterm", **QUICK_NETS), stdout=stdout, stderr=terminal
        )
    os.close(terminal)
    shown = b""
    while chunk := _read_screen(screen):
        shown += chunk
    os.close(screen)
    assert process.wait(TIMEOUT_S) == 0
    assert b"pages/s" in shown
    assert b"4/4" in re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b"", shown)
    assert b"\x1b" not in output.read_bytes()
    assert output.read_text().count("==>") == 3


def _read_screen(screen: int) -> bytes:
    try:
        return os.read(screen, 65536)
    except OSError:  # Linux reports the end of a terminal as EIO
        return b""


def test_bucket_is_listed_by_a_slash_at_the_end(rayocr: Rayocr, minio: MinioServer, folder: Path) -> None:
    bucket = minio.bucket()
    for key in ("in/1.png", "in/deep/2.png"):
        minio.client.put_object(Bucket=bucket, Key=key, Body=(folder / "b.png").read_bytes())
    minio.client.put_object(Bucket=bucket, Key="in/notes.txt", Body=b"hello")
    done = rayocr(["read", f"s3://{bucket}/in/", "--format", "json"], variables=minio.environment())
    sources = [json.loads(line)["source"] for line in done.stdout.splitlines()]
    assert sources == [f"s3://{bucket}/in/1.png", f"s3://{bucket}/in/deep/2.png"]
    assert (done.returncode, done.stderr.count(b"skipped 1 file")) == (0, 1)


def test_missing_object_ends_with_66(rayocr: Rayocr, minio: MinioServer) -> None:
    done = rayocr(["read", f"s3://{minio.bucket()}/gone.png"], variables=minio.environment())
    assert (done.returncode, done.stdout) == (66, b"")


def test_receipt_is_read(rayocr: Rayocr, invoice: Path) -> None:
    picture, expected = (RECEIPT, b"TAMAN DAYA") if RECEIPT.exists() else (invoice, b"INVOICE 12345")
    done = rayocr(["read", picture])
    assert expected in done.stdout
    assert done.returncode == 0


@pytest.mark.parametrize("output_format", ["text", "json"])
def test_results_are_the_same_at_any_number_of_jobs(rayocr: Rayocr, folder: Path, output_format: str) -> None:
    outputs = [
        re.sub(
            rb'"id": "[-\w]+"|"timings_ms": {.*?}',
            b"",
            rayocr(["read", folder, "--format", output_format, *jobs], variables=QUICK_NETS).stdout,
        )
        for jobs in (["--jobs", "1"], ["--jobs", "4"])
    ]
    assert outputs[0] == outputs[1] != b""
