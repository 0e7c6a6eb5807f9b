"""The result of a document in an export format, as a job keeps it."""

import base64
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from serve.exports import Export
from serve.results import OcrResult, WarningResult

__all__ = ["FileResult"]


class FileResult(BaseModel):
    """A file that a job keeps in place of an `OcrResult`."""

    model_config = ConfigDict(frozen=True)

    format: str = Field(description="Name of the format, as in the job's options.", examples=["hocr"])
    media_type: str = Field(examples=["application/pdf"])
    extension: str = Field(description="Extension of file names, with its dot.", examples=[".pdf"])
    encoding: Literal["utf-8", "base64"] = Field(description="How `content` holds the file.")
    content: str
    warnings: list[WarningResult]

    @classmethod
    def of(cls, export: Export, content: bytes, result: OcrResult) -> "FileResult":
        """Make it from the content that an export has written for a result."""
        media_type, extension = export.file_type(content)
        try:
            text, encoding = content.decode(), "utf-8"
        except UnicodeDecodeError:
            text, encoding = base64.b64encode(content).decode(), "base64"
        return cls.model_validate(
            {
                "format": export.name,
                "media_type": media_type,
                "extension": extension,
                "encoding": encoding,
                "content": text,
                "warnings": result.warnings,
            }
        )

    @staticmethod
    def is_begun_by(content: bytes) -> bool:
        """Whether JSON that begins so is a file's. A job that has ended does not know its options any more."""
        return content.startswith(b'{"format":')

    @property
    def file(self) -> bytes:
        """The content of the file."""
        return base64.b64decode(self.content) if self.encoding == "base64" else self.content.encode()
