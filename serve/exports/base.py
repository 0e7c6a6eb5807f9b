"""The base of all export formats."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

from deployments.document import Document
from serve.results import OcrResult

__all__ = ["Export", "ReadDocument"]


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """A document that was read.

    Args:
        result: The result of reading it.
        name: The user's name for the document, for titles; None if unknown.
        document: The document itself if the format needs it, else None.
        password: The password of an encrypted document.
    """

    result: OcrResult
    name: str | None = None
    document: Document | None = None
    password: str | None = field(default=None, repr=False)


class Export(ABC):
    """Writes the result of a document in one format. It holds no state, so threads may share one."""

    name: ClassVar[str]
    """The format's name, as in `format=`."""
    media_type: ClassVar[str]
    """The media type, as in `Accept` and `Content-Type`, without parameters."""
    extension: ClassVar[str]
    """The extension of file names, with its dot."""
    needs_document: ClassVar[bool] = False
    """Whether `convert` needs the document itself."""

    def file_type(self, page_count: int) -> tuple[str, str]:
        """The media type and the extension of the file that `convert` writes, which may depend on the number of pages.

        Args:
            page_count: Pages in the result.
        """
        del page_count
        return self.media_type, self.extension

    @abstractmethod
    def convert(self, read: ReadDocument) -> bytes:
        """Write a document.

        Args:
            read: The result, with the document itself if `needs_document`.

        Returns:
            The content of a file.

        Raises:
            RayocrError: The document can't be written in this format.
        """
