"""hOCR: well-formed, by the rules of its specification, and with the words and places of the result."""

import pytest
from lxml import etree, html

from serve.exports import ReadDocument
from serve.exports.xml.hocr import HocrExport
from serve.results import WarningResult
from tests.unit.serve.exports.documents import ODD_WORDS, line, line_with_characters, page, read, structured_page

Element = etree._Element
XHTML = "{http://www.w3.org/1999/xhtml}"
# Which class stands in which.
PARENTS = {"ocr_carea": "ocr_page", "ocr_par": "ocr_carea", "ocr_line": "ocr_par", "ocrx_word": "ocr_line"}


def of_class(root: Element, name: str) -> list[Element]:
    return [element for element in root.iter() if element.get("class") == name]


def properties(element: Element) -> dict[str, str]:
    """Of the `title` attribute, as all that reads hOCR takes them apart."""
    parts = (part.strip().split(maxsplit=1) for part in str(element.attrib["title"]).split(";"))
    return {name: value for name, value in parts}


def bbox(element: Element) -> tuple[int, ...]:
    return tuple(map(int, properties(element)["bbox"].split()))


def hocr(document: ReadDocument) -> Element:
    """The root, after a check of what the specification asks of any document."""
    root = etree.fromstring(HocrExport().convert(document))
    metadata = {meta.get("name"): meta.get("content") for meta in root.iter(f"{XHTML}meta")}
    assert metadata["ocr-system"]
    classes = {str(element.get("class")) for element in root.iter() if element.get("class")}
    assert classes <= set(str(metadata["ocr-capabilities"]).split())
    assert metadata["ocr-number-of-pages"] == str(len(of_class(root, "ocr_page")))
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    for name, parent in PARENTS.items():
        for element in of_class(root, name):
            around = element.getparent()
            assert around is not None
            assert around.get("class") == parent
            left, top, right, bottom = bbox(element)
            outer = bbox(around)
            assert outer[0] <= left < right <= outer[2]
            assert outer[1] <= top < bottom <= outer[3]
    return root


def test_words_stand_where_they_were_read() -> None:
    root = hocr(read(page(3, line("two words", 100, 60), line("lower", 300, 500))))
    assert [(word.text, bbox(word), properties(word)["x_wconf"]) for word in of_class(root, "ocrx_word")] == [
        ("two", (100, 60, 130, 90), "99"),
        ("words", (140, 60, 190, 90), "98"),
        ("lower", (300, 500, 350, 530), "99"),
    ]
    (found,) = of_class(root, "ocr_page")
    assert properties(found) == {"image": '"scan.png"', "bbox": "0 0 1000 1400", "ppageno": "2"}


def test_characters_stand_in_their_word() -> None:
    (word,) = of_class(hocr(read(page(1, line_with_characters("a", "ﬁx", left=100, top=60)))), "ocrx_word")
    assert "".join(map(str, word.itertext())) == "aﬁx"
    assert [(part.text, properties(part)) for part in word] == [
        ("a", {"x_bboxes": "100 60 110 90", "x_conf": "90"}),
        ("ﬁx", {"x_bboxes": "110 60 120 90", "x_conf": "90"}),
    ]


@pytest.mark.parametrize(
    ("slope", "rotation", "expected"),
    [
        (0.0, 0, ("baseline", "0 -8")),
        (0.1, 0, ("baseline", "0.1 -20")),  # at the left end 12 pixels further up than at the right
        (-0.1, 0, ("baseline", "-0.1 -8")),
        (0.0, 90, ("textangle", "90")),
        (0.0, 180, ("textangle", "180")),
        (0.0, 270, ("textangle", "270")),
    ],
)
def test_lines_tell_how_they_run(slope: float, rotation: int, expected: tuple[str, str]) -> None:
    root = hocr(read(page(1, line("slanted text", 100, 60, slope=slope), rotation=rotation)))
    (found,) = of_class(root, "ocr_line")
    told = properties(found)
    assert told.pop("bbox")
    assert told.pop("x_size") == "30.0"
    assert told == dict([expected])


def test_odd_text_comes_back_from_xml_and_from_html() -> None:
    document = read(page(1, line(" ".join(ODD_WORDS), 10, 10), width=2000), page(2))
    written = HocrExport().convert(document)
    for root in (etree.fromstring(written), html.document_fromstring(written)):
        assert [word.text for word in of_class(root, "ocrx_word")] == list(ODD_WORDS.values())
        assert len(of_class(root, "ocr_page")) == 2  # the empty one holds nothing in HTML, too


@pytest.mark.parametrize(
    ("name", "image", "title"),
    [
        ('a"b;c.png', '"a%22b%3Bc.png"', 'a"b;c.png'),
        ("C:\\scans\\a.png", '"a.png"', "a.png"),
        ("https://host/x/a%20b.pdf?signature=secret", '"a b.pdf"', "a b.pdf"),
        ("half\udcff\n.png", '"half\ufffd%0A.png"', "half\ufffd\n.png"),
        (None, None, "1 pages read by rayocr"),
    ],
)
def test_names_of_files(name: str | None, image: str | None, title: str) -> None:
    root = hocr(read(page(1), name=name))
    assert root.findtext(f"{XHTML}head/{XHTML}title") == title
    assert properties(of_class(root, "ocr_page")[0]).get("image") == image


def test_direction_and_warnings_are_told() -> None:
    warning = WarningResult(code="line_squeezed", message='1 < 2 & "3"', page=1)
    root = hocr(read(page(1, line("שלום עולם", 10, 10), line("left", 10, 90)), warnings=(warning,)))
    assert [found.get("dir") for found in of_class(root, "ocr_line")] == ["rtl", None]
    told = [meta.get("content") for meta in root.iter(f"{XHTML}meta") if meta.get("name") == "rayocr-warning"]
    assert told == ['line_squeezed: 1 < 2 & "3"']


def test_regions_have_their_classes() -> None:
    root = etree.fromstring(HocrExport().convert(read(structured_page())))
    (shown,) = of_class(root, "ocr_page")
    assert [(area.get("class"), area.get("title")) for area in shown] == [
        ("ocr_carea", "bbox 10 10 900 60; x_kind title"),
        ("ocr_table", "bbox 20 100 220 180"),
        ("ocr_image", "bbox 500 100 900 300"),
        ("ocr_carea", "bbox 10 390 900 440; x_kind list"),
        ("ocr_pageno", "bbox 490 1290 520 1340"),
    ]
    assert [
        (
            cell.tag.rpartition("}")[2],
            cell.get("colspan"),
            cell.get("title"),
            "".join(map(str, cell.itertext())).split(),
        )
        for row in shown[1]
        for cell in row
    ] == [
        ("th", None, "bbox 20 100 70 140", ["Item"]),
        ("th", None, "bbox 70 100 220 140", ["Price"]),
        ("td", "2", "bbox 20 140 220 180", ["Tea"]),
    ]
    (capabilities,) = [meta for meta in root.iter(f"{XHTML}meta") if meta.get("name") == "ocr-capabilities"]
    assert "ocr_table" in str(capabilities.get("content")).split()
    assert len(of_class(root, "ocr_par")) == 6
