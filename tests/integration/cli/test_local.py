"""Reading without a service: one reader, and its nets, for all threads."""

import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Stream
from PIL import Image

from deployments.document import Document
from models.detection import TextDetector
from models.errors import SourceNotFound
from serve.config.settings import Settings
from serve.documents.local import LocalReader
from serve.results import OcrPage, OcrResult
from tests.integration.cli.conftest import draw_png
from tests.pictures import drawn_page


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Threads of each detector that is loaded."""
    load, counted = TextDetector.load, list[int]()

    def counting(manifest, settings, *others):  # type: ignore[no-untyped-def]  # passed on as it comes
        counted.append(settings.threads)
        return load(manifest, settings, *others)

    monkeypatch.setattr(TextDetector, "load", counting)
    return counted


def helvetica_pdf(
    lines: Sequence[str], meanings: dict[int, str] | None = None, picture: Image.Image | None = None
) -> bytes:
    """A page of lines in Helvetica, with the meanings that it gives its codes, and a picture after the first line."""
    pdf = pikepdf.new()
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding)
    if meanings is not None:
        rows = "\n".join(f"<{code:02x}> <{ord(text):04x}>" for code, text in meanings.items())
        table = f"""/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def
1 begincodespacerange <00> <ff> endcodespacerange
{len(meanings)} beginbfchar
{rows}
endbfchar endcmap CMapName currentdict /CMap defineresource pop end end"""
        font.ToUnicode = pdf.make_indirect(Stream(pdf, table.encode()))
    content = "".join(f"BT /F 20 Tf 60 {700 - 200 * row} Td ({text}) Tj ET " for row, text in enumerate(lines))
    resources = Dictionary(Font=Dictionary(F=font))
    if picture is not None:
        entries = {"Width": picture.width, "Height": picture.height, "ColorSpace": Name.DeviceRGB}
        image = Stream(pdf, picture.tobytes(), Type=Name.XObject, Subtype=Name.Image, BitsPerComponent=8, **entries)
        resources.XObject = Dictionary(I=image)
        content += f"q 300 0 0 {300 * picture.height / picture.width} 60 560 cm /I Do Q"
    page = Dictionary(
        Type=Name.Page, MediaBox=Array([0, 0, 595, 842]), Resources=resources, Contents=Stream(pdf, content.encode())
    )
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


def pages_of(result: OcrResult) -> list[OcrPage]:
    return result.pages


def test_threads_share_the_nets_and_get_what_each_would_alone(tmp_path: Path, loads: list[int]) -> None:
    pictures = [str(draw_png(tmp_path / f"{number}.png", f"NUMBER {number}" * (number % 3))) for number in range(12)]
    one, several = LocalReader(Settings()), LocalReader(Settings(), jobs=3, has_many=True)
    alone = [pages_of(one.read(picture)) for picture in pictures]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda picture: pages_of(several.read(picture)), pictures))
    assert loads == [1, 3]
    # To the last digit: also a net that is ready for some widths of lines reads as one that is not.
    assert together == alone
    assert [len(pages[0].lines) for pages in alone] == [0, 1, 1] * 4


def test_document_that_is_not_there_is_told_before_the_nets_are_loaded(tmp_path: Path, loads: list[int]) -> None:
    with pytest.raises(SourceNotFound):
        LocalReader(Settings()).read(str(tmp_path / "gone.png"))
    assert loads == []


def test_text_layer_that_is_not_what_the_page_shows_is_not_taken() -> None:
    truth = {code: chr(code) for code in range(32, 127)}
    wrong = {code: chr(code + 1) if chr(code).isdigit() else text for code, text in truth.items()}
    reader = LocalReader(Settings())
    lines = ("Amounts of the year", "Total 1204.50", "Paid 310.25")
    sound, lying = (reader.read(Document(helvetica_pdf(lines, table))) for table in (truth, wrong))
    assert (sound.pages[0].source, sound.warnings) == ("text_layer", [])
    assert (lying.pages[0].source, [warning.code for warning in lying.warnings]) == ("ocr", ["text_layer_refused"])
    assert sound.text == lying.text == "\n".join(lines)


def test_picture_is_read_between_the_lines_of_the_text_layer() -> None:
    stamp = Image.fromarray(drawn_page("STAMPED TODAY")[:100])
    result = LocalReader(Settings()).read(Document(helvetica_pdf(("above", "below"), picture=stamp)))
    (page,) = result.pages
    assert [(line.text, line.source) for line in page.lines] == [
        ("above", None),
        ("STAMPED TODAY", "ocr"),
        ("below", None),
    ]
    assert (page.source, result.warnings) == ("text_layer", [])
