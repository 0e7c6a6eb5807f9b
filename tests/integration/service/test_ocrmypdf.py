"""OCRmyPDF itself, with rayocr as its engine: pages of a scan, turned and askew, and errors that say what to do."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pikepdf
import pytest
from ocrmypdf_rayocr.plugin import RayocrEngine, RayocrOptions
from PIL import Image

from tests.nets import QUICK_NETS
from tests.pictures import drawn_page
from tests.poppler import drawn, text_by_poppler
from tests.service import RunningService

_PAGES = [Image.fromarray(drawn_page(*rows)) for rows in (("INVOICE 2041", "TOTAL 13.50"), ("SECOND PAGE", "END"))]


def _run(*arguments: object, **variables: str) -> "subprocess.CompletedProcess[str]":
    own = {name: value for name, value in os.environ.items() if not name.startswith("RAYOCR_")}
    program = Path(sys.executable).with_name("ocrmypdf")
    command = [str(program), "--jobs", "2", *map(str, arguments)]
    return subprocess.run(command, env={**own, **variables}, capture_output=True, text=True, check=False)


def _scan(folder: Path, *pages: Image.Image) -> Path:
    scan = folder / "scan.pdf"
    pages[0].save(scan, save_all=True, append_images=pages[1:], resolution=150)
    return scan


def test_scan_becomes_searchable_and_upright(service: RunningService, tmp_path: Path) -> None:
    scan = _scan(tmp_path, _PAGES[0], _PAGES[1].rotate(90, expand=True))
    output, text = tmp_path / "out.pdf", tmp_path / "out.txt"
    done = _run(
        *("--rayocr-url", service.url, "--rotate-pages", "--output-type", "pdfa", "--pdfa-backend", "ghostscript"),
        *("--language", "deu+chi_sim", "--sidecar", text, scan, output),
    )
    assert done.returncode == 0, done.stderr
    assert text.read_text().split() == ["INVOICE", "2041", "TOTAL", "13.50", "SECOND", "PAGE", "END"]
    pages = text_by_poppler(output.read_bytes(), tmp_path).split("\f")
    assert [page.split() for page in pages[:2]] == [["INVOICE", "2041", "TOTAL", "13.50"], ["SECOND", "PAGE", "END"]]
    with pikepdf.open(output) as pdf:
        assert "rayocr" in str(pdf.docinfo["/Creator"])
    shapes = [drawn(output.read_bytes(), number).shape for number in (1, 2)]
    assert [width > height for height, width, _ in shapes] == [True, True]


def test_page_is_read_in_the_same_process(tmp_path: Path) -> None:
    text = tmp_path / "out.txt"
    done = _run("--sidecar", text, "--output-type", "pdf", _scan(tmp_path, _PAGES[0]), tmp_path / "o.pdf", **QUICK_NETS)
    assert done.returncode == 0, done.stderr
    assert text.read_text().split("\n")[:2] == ["INVOICE 2041", "TOTAL 13.50"]


@pytest.mark.parametrize("turn", [-3.0, 2.0])
def test_skew_is_the_turn_that_levels_the_lines(service: RunningService, tmp_path: Path, turn: float) -> None:
    page = tmp_path / "page.png"
    rows = [f"ROW {number} OF A PAGE THAT STANDS ASKEW" for number in range(6)]
    Image.fromarray(drawn_page(*rows, width=900)).rotate(
        -turn, expand=True, fillcolor="white", resample=Image.Resampling.BICUBIC
    ).save(page)
    options = SimpleNamespace(rayocr=RayocrOptions(url=service.url))
    assert RayocrEngine.get_deskew(page, options) == pytest.approx(turn, abs=0.3)


def test_renderer_that_needs_another_engine_is_refused_before_any_page(tmp_path: Path) -> None:
    done = _run("--rayocr-url", "http://127.0.0.1:9", "--pdf-renderer", "sandwich", _scan(tmp_path, _PAGES[0]), "-")
    assert done.returncode == 1
    assert "--pdf-renderer sandwich is not for rayocr" in done.stderr
