"""Puts the pages of a document together to its result."""

import uuid

from models.errors import RayocrError
from models.page import PageText
from models.structure.tables.continued import ContinuedTables
from serve.bulk.documents import DocumentError, DocumentResult
from serve.bulk.stages.chunks import WorkPage
from serve.documents.failures import PageFailure, PageFailures, whole_document
from serve.results import OcrResult

__all__ = ["DocumentAssembly"]


class DocumentAssembly:
    """Holds the pages of documents that are not whole yet.

    Args:
        model: Name of the model bundle.
    """

    def __init__(self, model: str) -> None:
        self._model = model
        self._partial: dict[str, dict[int, WorkPage]] = {}

    def add(self, page: WorkPage) -> DocumentResult | DocumentError | None:
        """Take a page, read or failed.

        Returns:
            None until the last page of its document is there. Then the result of the pages that were read, with a
            warning for each of the others; or the error, if no page was read or an error costs the whole document.
        """
        if page.page_count == 1:
            return self._put_together([page])
        key = page.document.key
        pages = self._partial.setdefault(key, {})
        pages[page.number] = page
        if len(pages) < page.page_count:
            return None
        del self._partial[key]
        return self._put_together([pages[number] for number in sorted(pages)])

    def _put_together(self, pages: list[WorkPage]) -> DocumentResult | DocumentError:
        document = pages[0].document
        failures = PageFailures()
        try:
            read, failed = whole_document([_outcome(page, failures) for page in pages])
        except RayocrError as error:
            attempts = max(page.failure.attempts for page in pages if page.failure is not None)
            return DocumentError(document.key, document.etag, error.code, error.message, attempts)
        tables = ContinuedTables()
        read = [tables.of(page) for page in read]
        warnings = [failure.warning for failure in failed]
        result = OcrResult.of(_result_id(document.location, document.etag), self._model, read, warnings)
        return DocumentResult(document.key, document.etag, document.location, result)


def _outcome(page: WorkPage, failures: PageFailures) -> PageText | PageFailure:
    if page.failure is not None:
        return failures.of(page.number, page.failure.error, page.page_count)
    assert page.text is not None  # a page without text has a failure
    return page.text


def _result_id(location: str, etag: str) -> str:
    """Make the `id` of a document's result. It is the same in each run; over HTTP it is the request's."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{location}#{etag}"))
