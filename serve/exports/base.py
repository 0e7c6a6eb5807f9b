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
        result: What was read.
        name: What the user calls the document, for titles; None if unknown.
        document: The document itself, where the format needs it; else None.
        password: That opens it, where it is encrypted.
    """

    result: OcrResult
    name: str | None = None
    document: Document | None = None
    password: str | None = field(default=None, repr=False)


class Export(ABC):
    """Writes a document that was read in one format. Holds no state, so that threads may share one."""

    name: ClassVar[str]
    """As in `format=`."""
    media_type: ClassVar[str]
    """As in `Accept` and `Content-Type`, without parameters."""
    extension: ClassVar[str]
    """Of file names, with its dot."""
    needs_document: ClassVar[bool] = False
    """Whether `convert` needs the document itself."""

    def file_type(self, page_count: int) -> tuple[str, str]:
        """Media type and extension of what `convert` writes, where they depend on how much there is.

        Args:
            page_count: Pages in the result.
        """
        del page_count
        return self.media_type, self.extension

    @abstractmethod
    def convert(self, read: ReadDocument) -> bytes:
        """Write a document.

        Args:
            read: Its result, and itself where `needs_document`.

        Returns:
            The content of a file.

        Raises:
            RayocrError: It can't be written in this format.
        """
