"""Results of documents that nobody read, for the tests of bulk runs."""

from serve.bulk.documents import DocumentResult, InputDocument
from serve.results import LineResult, OcrPage, OcrResult, WarningResult

__all__ = ["input_document", "made_up_result"]


def input_document(key: str, etag: str = "etag") -> InputDocument:
    """A document as a listing shows it."""
    return InputDocument(key, f"s3://in/{key}", etag, 100)


def made_up_result(key: str, etag: str = "etag", text: str = "TOTAL 12.50") -> DocumentResult:
    """The result of a document with one page of two lines, the second in Chinese, and one warning."""
    polygon = ((72.0, 25.5), (326.0, 25.0), (326.0, 64.0), (72.0, 64.0))
    lines = [
        LineResult(text=text, confidence=0.9871, polygon=polygon),
        LineResult(text='漢字 "\n', confidence=1.0, polygon=polygon),
    ]
    page_text = "\n".join(line.text for line in lines)
    result = OcrResult(
        id="id",
        model="drawn",
        pages=[OcrPage(page=1, width=640, height=480, rotation=90, lines=lines, text=page_text)],
        text=page_text,
        warnings=[WarningResult(code="truncated", message="cut off", page=None)],
        timings_ms={"detection": 12.5},
    )
    return DocumentResult(key, etag, f"s3://in/{key}", result)
