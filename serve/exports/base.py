"""The base of all export formats."""

import io
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import ClassVar
from urllib.parse import unquote, urlsplit

from deployments.document import Document
from serve.results import OcrResult

__all__ = ["AS_USUAL", "ZIP_TYPE", "Export", "ExportOptions", "ReadDocument", "zipped"]

ZIP_TYPE = ("application/zip", ".zip")
"""Media type and extension of an archive."""
_ZIP_SIGNATURE = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """How a document is written.

    Args:
        spreadsheet_safe: Whether cells of a table must not be formulas.
        drops_furniture: Whether headers, footers and page numbers are left out of text for readers.
    """

    spreadsheet_safe: bool = False
    drops_furniture: bool = False


AS_USUAL = ExportOptions()
"""The options of a request that asks for nothing in particular."""


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """A document that was read.

    Args:
        result: The result of reading it.
        name: The user's name for the document, for titles; None if unknown.
        document: The document itself if the format needs it, else None.
        password: The password of an encrypted document.
        options: How it is written.
    """

    result: OcrResult
    name: str | None = None
    document: Document | None = None
    password: str | None = field(default=None, repr=False)
    options: ExportOptions = AS_USUAL

    @property
    def file_name(self) -> str | None:
        """The name of the file, without its folders; None if it is not known.

        The receiver of the result has other folders, and an address may carry a signature that must stay secret.
        """
        if self.name is None:
            return None
        path = unquote(urlsplit(self.name).path) if "://" in self.name else self.name.replace("\\", "/")
        return PurePosixPath(path).name or None


def zipped(files: Iterable[tuple[str, bytes]]) -> bytes:
    """Pack files, by name and content, into an archive. It holds no times: the same files give the same bytes."""
    archived = io.BytesIO()
    with zipfile.ZipFile(archived, "w") as archive:
        for name, content in files:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return archived.getvalue()


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
    packs_several: ClassVar[bool] = False
    """Whether a file holds one part of a document, so that `convert` packs several into a ZIP archive."""

    @property
    def extensions(self) -> tuple[str, ...]:
        """All extensions that a file may have."""
        return (self.extension, ZIP_TYPE[1]) if self.packs_several else (self.extension,)

    def file_type(self, content: bytes) -> tuple[str, str]:
        """The media type and the extension of a file that `convert` wrote.

        Args:
            content: The file's content.
        """
        is_archive = self.packs_several and content.startswith(_ZIP_SIGNATURE)
        return ZIP_TYPE if is_archive else (self.media_type, self.extension)

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
