"""PAGE XML: valid by its schema, a file a page, and with the words and places of the result."""

import io
import zipfile

import pytest
from lxml import etree

from serve.exports.xml.page_xml import PageXmlExport
from serve.results import OcrPage, WarningResult
from tests.unit.serve.exports.documents import ODD_WORDS, line, line_with_characters, page, read, structured_page
from tests.unit.serve.exports.schemas import assert_valid

NAMES = {"p": "http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15"}
Element = etree._Element


def parsed(document: bytes) -> Element:
    return assert_valid(document, "pagecontent.xsd")


def page_xml(result: OcrPage) -> Element:
    return parsed(PageXmlExport().convert(read(result)))


def all_of(root: Element, path: str) -> list[Element]:
    return root.findall(path, NAMES)


def texts(root: Element, level: str) -> list[tuple[str | None, str | None, str | None]]:
    return [
        (
            element.findtext("p:TextEquiv/p:Unicode", namespaces=NAMES),
            element.find("p:TextEquiv", NAMES).get("conf"),  # type: ignore[union-attr]
            element.find("p:Coords", NAMES).get("points"),  # type: ignore[union-attr]
        )
        for element in all_of(root, f".//p:{level}")
    ]


def test_text_stands_where_it_was_read() -> None:
    root = page_xml(page(1, line("two words", 100, 60), line("lower", 100, 95)))
    assert texts(root, "Word") == [
        ("two", "0.99", "100,60 130,60 130,90 100,90"),
        ("words", "0.98", "140,60 190,60 190,90 140,90"),
        ("lower", "0.99", "100,95 150,95 150,125 100,125"),
    ]
    assert texts(root, "TextLine")[0] == ("two words", "0.9876", "100,60 190,60 190,90 100,90")
    assert [found.get("points") for found in all_of(root, ".//p:Baseline")] == ["100,82 190,82", "100,118 150,118"]


def test_characters_are_glyphs() -> None:
    root = page_xml(page(1, line_with_characters("a", "ﬁx", left=100, top=60)))
    assert texts(root, "Glyph") == [
        ("a", "0.9", "100,60 110,60 110,90 100,90"),
        ("ﬁx", "0.9", "110,60 120,60 120,90 110,90"),
    ]


def test_reading_order_names_all_paragraphs() -> None:
    root = page_xml(page(1, line("left column", 100, 60), line("right column", 600, 60)))
    order = [found.get("regionRef") for found in all_of(root, ".//p:RegionRefIndexed")]
    assert order == [region.get("id") for region in all_of(root, ".//p:TextRegion")]


@pytest.mark.parametrize(("rotation", "orientation"), [(0, "0"), (90, "90"), (180, "180"), (270, "-90")])
def test_turned_page_is_given_as_it_is_stored(rotation: int, orientation: str) -> None:
    (found,) = all_of(page_xml(page(1, line("words", 100, 60), rotation=rotation)), ".//p:Page")
    size = ("1000", "1400") if rotation in (0, 180) else ("1400", "1000")
    assert (found.get("imageWidth"), found.get("imageHeight"), found.get("orientation")) == (*size, orientation)


def test_odd_text_is_valid_and_comes_back() -> None:
    root = page_xml(page(1, line(" ".join(ODD_WORDS), 10, 10), width=2000))
    assert [text for text, _, _ in texts(root, "Word")] == list(ODD_WORDS.values())


def test_several_pages_are_an_archive_of_files() -> None:
    export = PageXmlExport()
    warnings = (WarningResult(code="page_failed", message="page 5 is left out", page=None),)
    document = read(page(3, line("third", 10, 10)), page(12), name="book.pdf", warnings=warnings)
    archive = export.convert(document)
    assert archive == export.convert(document)  # holds no time
    assert (export.file_type(export.convert(read(page(1)))), export.file_type(archive)) == (
        ("application/vnd.prima.page+xml", ".xml"),
        ("application/zip", ".zip"),
    )
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        assert files.namelist() == ["0003.xml", "0012.xml"]
        third, twelfth = (parsed(files.read(name)) for name in files.namelist())
    assert [text for text, _, _ in texts(third, "Word")] == ["third"]
    assert all_of(twelfth, ".//p:TextRegion") == []
    for root in (third, twelfth):
        assert root.findtext("p:Metadata/p:Comments", namespaces=NAMES) == "page_failed: page 5 is left out"
        assert [found.get("imageFilename") for found in all_of(root, ".//p:Page")] == ["book.pdf"]


def test_regions_have_their_types_and_cells_their_roles() -> None:
    root = page_xml(structured_page())
    (shown,) = all_of(root, ".//p:Page")
    regions = list(shown)[1:]
    assert [(etree.QName(found).localname, found.get("type"), found.get("custom")) for found in regions] == [
        ("TextRegion", "heading", None),
        ("TableRegion", None, None),
        ("ImageRegion", None, None),
        ("TextRegion", "paragraph", "structure {type:list;}"),
        ("TextRegion", "page-number", None),
    ]
    assert [found.get("regionRef") for found in all_of(root, ".//p:RegionRefIndexed")] == [
        found.get("id") for found in regions
    ]
    assert (shown[2].get("rows"), shown[2].get("columns")) == ("2", "2")
    assert [dict(role.attrib) for role in all_of(root, ".//p:TableCellRole")] == [
        {"rowIndex": "0", "columnIndex": "0", "rowSpan": "1", "colSpan": "1", "header": "true"},
        {"rowIndex": "0", "columnIndex": "1", "rowSpan": "1", "colSpan": "1", "header": "true"},
        {"rowIndex": "1", "columnIndex": "0", "rowSpan": "1", "colSpan": "2", "header": "false"},
    ]
    assert [text for text, _, _ in texts(shown[2], "TextLine")] == ["Item", "Price", "Tea"]


def test_turned_region_is_given_as_it_is_stored() -> None:
    first = all_of(page_xml(structured_page(rotation=90)), ".//p:TextRegion/p:Coords")[0]
    assert first.get("points") == "10,990 10,100 60,100 60,990"


def test_table_without_layout_is_in_the_reading_order() -> None:
    root = page_xml(structured_page(layout=False))
    assert len(all_of(root, ".//p:TableRegion")) == 1
    order = [found.get("regionRef") for found in all_of(root, ".//p:RegionRefIndexed")]
    assert order == ["c1_p1", "r2", "c3_p1", "c3_p2"]
