"""The real command in a process of its own, and pictures to read."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).parents[3]
TIMEOUT_S = 90.0

Rayocr = Callable[..., "subprocess.CompletedProcess[bytes]"]
Draw = Callable[[str], bytes]


def clean_environment(**variables: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.upper().startswith("RAYOCR_")}
    return {**inherited, **variables}


@pytest.fixture
def rayocr() -> Rayocr:
    def run(
        arguments: Sequence[str | Path], stdin: bytes = b"", variables: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[bytes]":
        command = [sys.executable, "-m", "serve.cli", *map(str, arguments)]
        environment = clean_environment(**(variables or {}))
        return subprocess.run(
            command, cwd=ROOT, input=stdin, env=environment, capture_output=True, timeout=TIMEOUT_S, check=False
        )

    return run


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
