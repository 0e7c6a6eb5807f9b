"""`rayocr read` on documents of several pages, and on formats that want a file each."""

import json
import os
import pty
from pathlib import Path

import img2pdf  # type: ignore[import-untyped]
import pikepdf
import pytest
from PIL import Image

from tests.integration.cli.conftest import Rayocr, draw_png


@pytest.fixture
def weather(tmp_path: Path) -> Path:
    """A scan of three pages."""
    pages = [str(draw_png(tmp_path / f"pages/{word}.png", f"{word} TODAY")) for word in ("RAIN", "SNOW", "HAIL")]
    path = tmp_path / "weather.pdf"
    path.write_bytes(img2pdf.convert(pages))
    return path


def test_pages_that_are_asked_for_are_read(rayocr: Rayocr, weather: Path) -> None:
    done = rayocr(["read", weather, "--pages", "3,1"])
    assert (done.stdout, done.stderr, done.returncode) == (b"RAIN TODAY\n\fHAIL TODAY\n", b"", 0)


def test_page_that_is_not_there_ends_with_66(rayocr: Rayocr, weather: Path) -> None:
    done = rayocr(["read", weather, "--pages", "4"])
    assert (done.stdout, done.returncode) == (b"", 66)
    assert b"page 4" in done.stderr


@pytest.mark.parametrize("output_format", ["text", "json"])
def test_page_that_fails_is_told_and_decides_the_exit_code(rayocr: Rayocr, tmp_path: Path, output_format: str) -> None:
    first, last = (Image.open(draw_png(tmp_path / f"{word}.png", word)) for word in ("FIRST", "LAST"))
    path = tmp_path / "broken.tiff"
    first.save(path, save_all=True, append_images=[Image.new("1", (13_000, 13_000)), last], compression="tiff_deflate")
    done = rayocr(["read", path, "--format", output_format])
    text = done.stdout.decode() if output_format == "text" else json.loads(done.stdout)["text"]
    assert text.split() == ["FIRST", "LAST"]
    assert done.returncode == 65
    assert done.stderr.decode().startswith(f"rayocr: {path}: page 2 could not be read and is left out (too_large): ")
    assert done.stderr.count(b"\n") == 1


def test_each_document_of_a_folder_gets_a_file_that_is_not_replaced_by_chance(
    rayocr: Rayocr, folder: Path, tmp_path: Path
) -> None:
    output = tmp_path / "searchable"
    command = ["read", folder, "--format", "pdf", "--output", output]
    done = rayocr(command)
    assert (done.stdout, done.returncode) == (b"", 0), done.stderr
    names = {str(path.relative_to(output)) for path in output.rglob("*") if path.is_file()}
    assert names == {"a/first.png.pdf", "b.png.pdf"}
    with pikepdf.open(output / "b.png.pdf") as pdf:
        assert len(pdf.pages) == 1

    kept = output / "b.png.pdf"
    kept.write_bytes(b"mine")
    again = rayocr(command)
    assert (again.returncode, again.stderr.count(b"--force")) == (65, 2)
    assert kept.read_bytes() == b"mine"
    assert rayocr(["read", folder / "b.png", *command[2:], "--force"]).returncode == 0
    assert kept.read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["scans", "--format", "hocr"], "--output DIR"),
        (["scans/b.png", "scans/b.png", "--format", "text", "--output", "out"], "both be written"),
        (["scans", "--output", "scans/out"], "which is read"),
        (["scans", "--force"], "--output"),
        (["scans", "--format", "docx"], "json, text, markdown"),
        (["scans", "--pages", "0"], "pages"),
        (["scans", "--dpi", "9"], "--dpi"),
    ],
)
def test_what_does_not_go_together_ends_with_64_before_anything_is_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    from serve.cli.application import run
    from serve.cli.console import Invocation

    monkeypatch.chdir(folder.parent)
    invocation = Invocation()
    assert run(["read", *arguments], invocation) == 64
    written = capfd.readouterr()
    assert (written.out, words in written.err) == ("", True), written.err
    assert not invocation.has_workers


def test_password_is_read_from_a_file(rayocr: Rayocr, weather: Path, tmp_path: Path) -> None:
    locked = tmp_path / "locked.pdf"
    with pikepdf.open(weather) as pdf:
        pdf.save(locked, encryption=pikepdf.Encryption(owner="other", user="schlüssel", R=6))
    (tmp_path / "password").write_text("schlüssel\n")
    refused = rayocr(["read", locked])
    assert (refused.returncode, b"encrypted" in refused.stderr) == (65, True)
    done = rayocr(["read", locked, "--pages", "2", "--password-file", tmp_path / "password"])
    assert (done.stdout, done.returncode) == (b"SNOW TODAY\n", 0)


def test_terminal_gets_no_pdf(rayocr_process: Rayocr, weather: Path) -> None:
    screen, terminal = pty.openpty()
    done = rayocr_process(["read", weather, "--format", "pdf"], stdout=terminal)
    os.close(terminal)
    os.close(screen)
    assert (done.returncode, b"--output DIR" in done.stderr) == (64, True)
