"""The command line in this process, with nets that are loaded once, and pictures to read."""

import io
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont

from serve.cli.application import run
from serve.cli.console import Invocation
from tests.nets import QUICK_NETS

ROOT = Path(__file__).parents[3]
TIMEOUT_S = 300.0

Rayocr = Callable[..., "subprocess.CompletedProcess[bytes]"]
Draw = Callable[[str], bytes]


def clean_environment(**variables: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.upper().startswith("RAYOCR_")}
    return {**inherited, **variables}


@pytest.fixture
def rayocr(shared_nets: None, capfdbinary: pytest.CaptureFixture[bytes]) -> Rayocr:
    def run_here(
        arguments: Sequence[str | Path], stdin: bytes = b"", variables: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[bytes]":
        with pytest.MonkeyPatch.context() as patch:
            for name in os.environ.keys() - clean_environment():
                patch.delenv(name)
            for name, value in (variables or {}).items():
                patch.setenv(name, value)
            patch.chdir(ROOT)
            patch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
            capfdbinary.readouterr()
            code = run([str(argument) for argument in arguments], Invocation())
        out, err = capfdbinary.readouterr()
        return subprocess.CompletedProcess(arguments, code, out, err)

    return run_here


@pytest.fixture
def rayocr_process() -> Rayocr:
    """The command in a process of its own."""

    def run_apart(
        arguments: Sequence[str | Path], variables: Mapping[str, str] | None = None, **streams: Any
    ) -> "subprocess.CompletedProcess[bytes]":
        command = [sys.executable, "-m", "serve.cli", *map(str, arguments)]
        environment = clean_environment(**QUICK_NETS, **(variables or {}))
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
        return subprocess.run(command, cwd=ROOT, env=environment, timeout=TIMEOUT_S, check=False, **streams)

    return run_apart


def draw_png(path: Path, text: str) -> Path:
    picture = Image.new("RGB", (640, 160), "white")
    ImageDraw.Draw(picture).text((40, 50), text, fill="black", font=ImageFont.load_default(size=48))
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path)
    return path


@pytest.fixture
def invoice(tmp_path: Path) -> Path:
    return draw_png(tmp_path / "invoice.png", "INVOICE 12345")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pictures, one of them deeper, and a file that is none."""
    draw_png(tmp_path / "scans/b.png", "SECOND 222")
    draw_png(tmp_path / "scans/a/first.png", "FIRST 111")
    (tmp_path / "scans/notes.txt").write_text("not a picture\n")
    return tmp_path / "scans"
