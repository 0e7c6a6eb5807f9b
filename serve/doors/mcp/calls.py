"""What the tools ask for: a reading, a detection, a job. A service answers, or this process."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from deployments.document import Document
from models.errors import RayocrError
from serve.api.requests.options import DetectRequest
from serve.documents.options import DocumentOptions
from serve.results import DetectionResult, OcrResult

__all__ = ["Calls", "JobView"]

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class JobView:
    """A document that is read as a job.

    Args:
        job_id: Its id.
        state: `queued`, `running`, `succeeded` or `failed`.
        result: The result, if the document was read.
        error: Why the document could not be read.
    """

    job_id: str
    state: str
    result: OcrResult | None = None
    error: RayocrError | None = None


class Calls(ABC):
    """Does the work of one call of a tool.

    Args:
        request_id: Id of the call, which errors name.
        max_bytes: The most bytes of a document.
        max_pages: The most pages of a document that are read at once.
    """

    def __init__(self, request_id: str, max_bytes: int, max_pages: int) -> None:
        self.request_id = request_id
        self.max_bytes = max_bytes
        self.max_pages = max_pages

    @property
    @abstractmethod
    def has_jobs(self) -> bool:
        """Whether documents may be read as jobs."""

    @abstractmethod
    async def read(
        self, source: Document | str, options: DocumentOptions, write: Callable[[OcrResult], Answer]
    ) -> Answer:
        """Read a document.

        Args:
            source: The document, or its location.
            options: How it is read. The format does not matter.
            write: Makes the answer of the result, in a thread.

        Raises:
            RayocrError: It can't be read.
        """

    @abstractmethod
    async def detect(self, source: Document | str, asked: DetectRequest) -> DetectionResult:
        """Find the lines of a page. Arguments and errors are those of `read`."""

    @abstractmethod
    async def start(self, source: Document | str, options: DocumentOptions) -> JobView:
        """Begin to read a document as a job. Arguments and errors are those of `read`."""

    @abstractmethod
    async def job(self, job_id: str) -> JobView:
        """Find the state of a job, with its result if it has one.

        Raises:
            SourceNotFound: There is no such job, or it belongs to another client.
        """
