"""The door of Document Intelligence, with Microsoft's own client."""

import base64
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import img2pdf  # type: ignore[import-untyped]
import pytest
from azure.ai.documentintelligence import DocumentIntelligenceClient
from azure.ai.documentintelligence.aio import DocumentIntelligenceClient as AsyncClient
from azure.ai.documentintelligence.models import (
    AnalyzeDocumentRequest,
    AnalyzeOutputOption,
    DocumentAnalysisFeature,
    DocumentContentFormat,
)
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from tests.pictures import drawn_page, drawn_table, encoded
from tests.poppler import text_by_poppler
from tests.service import RunningService
from tests.structured_page import CODE_TEXT, structured_page

_PAGE = encoded(drawn_page("INVOICE 2041", "TOTAL 13.50"))

_STRUCTURED = encoded(structured_page())

_PDF = img2pdf.convert([encoded(drawn_page(text)) for text in ("FIRST", "SECOND PAGE", "THIRD")])


@pytest.fixture(scope="module")
def azure(service: RunningService) -> Iterator[DocumentIntelligenceClient]:
    with DocumentIntelligenceClient(service.url, AzureKeyCredential("any, since none is asked for")) as client:
        yield client


def test_picture_is_read_with_places_and_spans(azure: DocumentIntelligenceClient) -> None:
    result = azure.begin_analyze_document("prebuilt-read", body=BytesIO(_PAGE), content_type="image/png").result()
    assert result.content == "INVOICE 2041\nTOTAL 13.50"
    (page,) = result.pages
    assert (page.page_number, page.unit, page.width, page.height, page.angle) == (1, "pixel", 640, 180, 0)
    assert page.words is not None
    assert [word.content for word in page.words] == ["INVOICE", "2041", "TOTAL", "13.50"]
    last = page.words[-1]
    assert result.content[last.span.offset :][: last.span.length] == "13.50"
    assert last.polygon is not None
    assert len(last.polygon) == 8
    assert result.paragraphs is not None
    assert "TOTAL 13.50" in " ".join(paragraph.content for paragraph in result.paragraphs)


def test_layout_of_chosen_pages_as_markdown(azure: DocumentIntelligenceClient) -> None:
    poller = azure.begin_analyze_document(
        "prebuilt-layout",
        AnalyzeDocumentRequest(bytes_source=_PDF),
        pages="2-3",
        locale="en-US",
        features=["ocrHighResolution"],
        output_content_format=DocumentContentFormat.MARKDOWN,
    )
    result = poller.result()
    assert [(page.page_number, page.unit) for page in result.pages] == [(2, "inch"), (3, "inch")]
    assert result.content_format == "markdown"
    assert "SECOND PAGE" in result.content
    operation = poller.details["operation_id"]
    azure.delete_analyze_result("prebuilt-layout", operation)
    with pytest.raises(ResourceNotFoundError):
        azure.delete_analyze_result("prebuilt-layout", operation)


def test_layout_has_the_cells_of_a_table(azure: DocumentIntelligenceClient) -> None:
    picture = encoded(drawn_table(("GOODS", "PRICE"), ("TEA", "3.50"), ("COFFEE", "14.90")))
    result = azure.begin_analyze_document("prebuilt-layout", body=BytesIO(picture), content_type="image/png").result()
    (table,) = result.tables or []
    assert (table.row_count, table.column_count) == (3, 2)
    cells = {(cell.row_index, cell.column_index): cell for cell in table.cells}
    assert [cells[row, column].content for row in range(3) for column in range(2)] == [
        *("GOODS", "PRICE", "TEA", "3.50", "COFFEE", "14.90"),
    ]
    (span,) = cells[2, 1].spans
    assert result.content[span.offset :][: span.length] == "14.90"
    (element,) = cells[2, 1].elements or []
    assert (result.paragraphs or [])[int(element.removeprefix("/paragraphs/"))].content == "14.90"


async def test_client_without_threads_reads_too(service: RunningService) -> None:
    async with AsyncClient(service.url, AzureKeyCredential("none")) as client:
        poller = await client.begin_analyze_document("prebuilt-read", body=BytesIO(_PAGE), content_type="image/png")
        assert (await poller.result()).content == "INVOICE 2041\nTOTAL 13.50"


def test_calls_of_paperless_give_text_and_a_searchable_pdf(azure: DocumentIntelligenceClient, tmp_path: Path) -> None:
    request = AnalyzeDocumentRequest(bytes_source=_PAGE)
    poller = azure.begin_analyze_document(
        model_id="prebuilt-read",
        body=request,
        output_content_format=DocumentContentFormat.TEXT,
        output=[AnalyzeOutputOption.PDF],
        content_type="application/json",
    )
    poller.wait()
    assert poller.result().content == "INVOICE 2041\nTOTAL 13.50"
    pdf = b"".join(azure.get_analyze_result_pdf(model_id="prebuilt-read", result_id=poller.details["operation_id"]))
    assert text_by_poppler(pdf, tmp_path).split() == ["INVOICE", "2041", "TOTAL", "13.50"]


def test_errors_are_those_that_the_client_knows(azure: DocumentIntelligenceClient) -> None:
    with pytest.raises(ResourceNotFoundError, match="prebuilt-invoice"):
        azure.begin_analyze_document("prebuilt-invoice", body=BytesIO(_PAGE))
    with pytest.raises(HttpResponseError, match="keyValuePairs"):
        azure.begin_analyze_document("prebuilt-read", body=BytesIO(_PAGE), features=["keyValuePairs"])
    with pytest.raises(HttpResponseError, match="unsupported format"):
        azure.begin_analyze_document("prebuilt-read", body=BytesIO(b"only words")).result()


def test_source_by_address_is_fetched_by_the_service(azure: DocumentIntelligenceClient) -> None:
    url = f"data:image/png;base64,{base64.b64encode(_PAGE).decode()}"
    result = azure.begin_analyze_document("prebuilt-read", AnalyzeDocumentRequest(url_source=url)).result()
    assert result.content.startswith("INVOICE")


def test_bar_codes_come_with_the_text_alone_too(azure: DocumentIntelligenceClient) -> None:
    poller = azure.begin_analyze_document(
        "prebuilt-read", body=BytesIO(_STRUCTURED), features=[DocumentAnalysisFeature.BARCODES]
    )
    result = poller.result()
    [code] = result.pages[0].barcodes or []
    assert (code.kind, code.value) == ("QRCode", CODE_TEXT)
    assert "Invoice no.: 4711" in result.content
    assert not result.tables
