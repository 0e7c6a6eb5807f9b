"""Reading without a service: one reader, and its nets, for all threads."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from deployments.document import Document
from models.detection import PageDetector
from models.errors import SourceNotFound
from serve.config.settings import Settings
from serve.documents.local import LocalReader
from serve.results import OcrPage, OcrResult
from tests.integration.cli.conftest import draw_png
from tests.pdfs import MEANINGS, WRONG_DIGITS, helvetica_pdf
from tests.pictures import drawn_page

_QUICK = {"net": {"runtime": "onnxruntime"}}
QUICK = Settings.model_validate({"detection": _QUICK, "recognition": _QUICK})


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Threads of each bundle's detectors that are loaded."""
    load, counted = PageDetector.load, list[int]()

    def counting(manifest, settings, *others):  # type: ignore[no-untyped-def]  # passed on as it comes
        counted.append(settings.threads)
        return load(manifest, settings, *others)

    monkeypatch.setattr(PageDetector, "load", counting)
    return counted


def pages_of(result: OcrResult) -> list[OcrPage]:
    return result.pages


def test_threads_share_the_nets_and_get_what_each_would_alone(tmp_path: Path, loads: list[int]) -> None:
    pictures = [str(draw_png(tmp_path / f"{number}.png", f"NUMBER {number}" * (number % 3))) for number in range(12)]
    one, several = LocalReader(QUICK), LocalReader(QUICK, jobs=3, has_many=True)
    alone = [pages_of(one.read(picture)) for picture in pictures]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda picture: pages_of(several.read(picture)), pictures))
    assert loads == [1, 3]
    # To the last digit. That nets on OpenVINO read so too, ready for some widths or not: test_repeatability.py.
    assert together == alone
    assert [len(pages[0].lines) for pages in alone] == [0, 1, 1] * 4


def test_document_that_is_not_there_is_told_before_the_nets_are_loaded(tmp_path: Path, loads: list[int]) -> None:
    with pytest.raises(SourceNotFound):
        LocalReader(QUICK).read(str(tmp_path / "gone.png"))
    assert loads == []


def test_text_layer_that_is_not_what_the_page_shows_is_not_taken() -> None:
    reader = LocalReader(QUICK)
    lines = ("Amounts of the year", "Total 1204.50", "Paid 310.25")
    sound, lying = (reader.read(Document(helvetica_pdf(lines, meanings))) for meanings in (MEANINGS, WRONG_DIGITS))
    assert (sound.pages[0].source, sound.warnings) == ("text_layer", [])
    assert (lying.pages[0].source, [warning.code for warning in lying.warnings]) == ("ocr", ["text_layer_refused"])
    assert sound.text == lying.text == "\n".join(lines)


def test_picture_is_read_between_the_lines_of_the_text_layer() -> None:
    stamp = Image.fromarray(drawn_page("STAMPED TODAY")[:100])
    result = LocalReader(QUICK).read(Document(helvetica_pdf(("above", "below"), picture=stamp)))
    (page,) = result.pages
    assert [(line.text, line.source) for line in page.lines] == [
        ("above", None),
        ("STAMPED TODAY", "ocr"),
        ("below", None),
    ]
    assert (page.source, result.warnings) == ("text_layer", [])
