"""From the pages of a document, as they come, to its result."""

import uuid

from models.page import PageText, PageWarning
from serve.bulk.documents import DocumentError, DocumentResult
from serve.bulk.stages.chunks import WorkPage
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
            Once the last of its document's pages is there: the result of those that were read, with a warning for each
            other; or the error, where none was. None before.
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
        texts: list[PageText] = []
        warnings: list[PageWarning] = []
        for page in pages:
            if page.text is not None:
                texts.append(page.text)
            elif page.failure is not None:
                failure = page.failure
                message = f"page {page.number} could not be read and is left out ({failure.code}): {failure.message}"
                warnings.append(PageWarning("page_failed", message, page.number))
        first = pages[0].failure
        if not texts and first is not None:
            return DocumentError(document.key, document.etag, first.code, first.message, first.attempts)
        result = OcrResult.of(_result_id(document.location, document.etag), self._model, texts, warnings)
        return DocumentResult(document.key, document.etag, document.location, result)


def _result_id(location: str, etag: str) -> str:
    """The `id` of a document's result: the same in each run, where HTTP's is the request's."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{location}#{etag}"))
