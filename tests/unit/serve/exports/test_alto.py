"""ALTO: valid by its schema, and with the words and places of the result."""

import pytest
from lxml import etree

from serve.exports import ReadDocument
from serve.exports.xml.alto import AltoExport
from serve.results import WarningResult
from tests.unit.serve.exports.documents import ODD_WORDS, line, line_with_characters, page, read, structured_page
from tests.unit.serve.exports.schemas import assert_valid

NAMES = {"a": "http://www.loc.gov/standards/alto/ns-v4#"}
Element = etree._Element


def alto(document: ReadDocument) -> Element:
    return assert_valid(AltoExport().convert(document), "alto-4-4.xsd")


def all_of(root: Element, path: str) -> list[Element]:
    return root.findall(path, NAMES)


def place(element: Element) -> tuple[int, ...]:
    return tuple(int(element.attrib[name]) for name in ("HPOS", "VPOS", "WIDTH", "HEIGHT"))


def test_words_stand_where_they_were_read() -> None:
    result = page(3, line("two words", 100, 60), line("lower", 300, 500))
    strings = all_of(alto(read(result)), ".//a:TextLine/a:String")
    assert [(word.get("CONTENT"), word.get("WC"), place(word)) for word in strings] == [
        ("two", "0.99", (100, 60, 30, 30)),
        ("words", "0.98", (140, 60, 50, 30)),
        ("lower", "0.99", (300, 500, 50, 30)),
    ]
    (space,) = all_of(alto(read(result)), ".//a:SP")
    assert place(space) == (130, 60, 10, 30)
    first, _ = all_of(alto(read(result)), ".//a:TextLine")
    assert (place(first), first.get("BASELINE")) == ((100, 60, 90, 30), "100,82 190,82")


@pytest.mark.parametrize(
    ("rotation", "size", "words", "gap"),
    [
        (0, (1000, 1400), [(100, 60, 30, 30), (140, 60, 50, 30)], (130, 60, 10, 30)),
        (90, (1400, 1000), [(60, 870, 30, 30), (60, 810, 30, 50)], (60, 860, 30, 10)),
    ],
)
def test_turned_page_is_given_as_it_is_stored(
    rotation: int, size: tuple[int, int], words: list[tuple[int, ...]], gap: tuple[int, ...]
) -> None:
    root = alto(read(page(1, line("two words", 100, 60), rotation=rotation)))
    (found,) = all_of(root, ".//a:Page")
    assert (int(found.attrib["WIDTH"]), int(found.attrib["HEIGHT"])) == size
    assert found.get("ROTATION") == str(rotation)  # counterclockwise, of the text in the picture
    assert [place(string) for string in all_of(root, ".//a:String")] == words
    assert [place(space) for space in all_of(root, ".//a:SP")] == [gap]


def test_odd_text_is_valid_and_comes_back() -> None:
    root = alto(read(page(1, line(" ".join(ODD_WORDS), 10, 10), width=2000), name='odd "name" & \udcff.tif'))
    assert [word.get("CONTENT") for word in all_of(root, ".//a:String")] == list(ODD_WORDS.values())
    assert [name.text for name in all_of(root, ".//a:fileName")] == ['odd "name" & \ufffd.tif']


def test_pages_keep_their_numbers_and_steps() -> None:
    warning = WarningResult(code="line_squeezed", message="1 < 2", page=7)
    layer = page(3, line("from the layer", 10, 10)).model_copy(update={"source": "text_layer"})
    root = alto(read(layer, page(7, line("read", 10, 10)), page(8), warnings=(warning,)))
    assert [(found.get("PHYSICAL_IMG_NR"), found.get("PROCESSINGREFS")) for found in all_of(root, ".//a:Page")] == [
        ("3", "text_layer"),
        ("7", "ocr warning_1"),
        ("8", "ocr"),
    ]
    steps = {step.get("ID"): "".join(map(str, step.itertext())) for step in all_of(root, ".//a:Processing")}
    assert "made-up" in steps["ocr"]
    assert "line_squeezed: 1 < 2" in steps["warning_1"]


def test_slanted_text_has_a_shape_and_right_to_left_text_a_direction() -> None:
    root = alto(read(page(1, line("slanted text", 100, 60, slope=0.1), line("שלום", 100, 300))))
    first, second = all_of(root, ".//a:TextLine")
    (shape,) = all_of(first, "a:Shape/a:Polygon")
    assert shape.get("POINTS") == "100,60 220,72 220,102 100,90"
    assert all_of(second, "a:Shape") == []
    assert (first.get("BASEDIRECTION"), second.get("BASEDIRECTION")) == (None, "rtl")


def test_characters_are_glyphs_of_one_code_point() -> None:
    root = alto(read(page(1, line_with_characters("a", "ﬁx", "😀", left=100, top=60))))
    assert [(glyph.get("CONTENT"), glyph.get("GC"), place(glyph)) for glyph in all_of(root, ".//a:String/a:Glyph")] == [
        ("a", "0.9", (100, 60, 10, 30)),
        ("ﬁ", "0.9", (110, 60, 10, 30)),
        ("x", "0.9", (110, 60, 10, 30)),
        ("😀", "0.9", (120, 60, 10, 30)),
    ]


def test_regions_are_tagged_blocks() -> None:
    root = alto(read(structured_page()))
    assert {tag.get("ID"): tag.get("LABEL") for tag in all_of(root, "a:Tags/a:LayoutTag")}["kind_list"] == "list"
    blocks = list(all_of(root, ".//a:PrintSpace")[0])
    assert [(etree.QName(block).localname, block.get("TAGREFS"), place(block)) for block in blocks] == [
        ("ComposedBlock", "kind_title", (10, 10, 890, 50)),
        ("ComposedBlock", "kind_table", (20, 100, 200, 80)),
        ("Illustration", "kind_figure", (500, 100, 400, 200)),
        ("ComposedBlock", "kind_list", (10, 390, 890, 50)),
        ("ComposedBlock", "kind_page_number", (490, 1290, 30, 50)),
    ]
    assert [block.get("TYPE") for block in blocks] == [None, "table", None, None, None]
    cells = [[word.get("CONTENT") for word in all_of(block, ".//a:String")] for block in blocks[1]]
    assert cells == [["Item"], ["Price"], ["Tea"]]


def test_table_without_layout_stands_between_columns() -> None:
    blocks = list(all_of(alto(read(structured_page(layout=False))), ".//a:PrintSpace")[0])
    assert [block.get("TAGREFS") for block in blocks] == [None, "kind_table", None]
