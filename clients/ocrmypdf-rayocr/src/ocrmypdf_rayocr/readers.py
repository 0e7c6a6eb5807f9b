"""Reads page images: by a service over HTTP, or in this process."""

import logging
import random
import threading
import time
from abc import ABC, abstractmethod
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from ocrmypdf.exceptions import ExitCode, ExitCodeException, MissingDependencyError

__all__ = ["Reader", "ReadingError", "reader_of"]

# A page may wait so long for a service that is full or restarting, as OCRmyPDF sends several pages at a time.
_PATIENCE_S = 600.0
_LONGEST_PAUSE_S = 30.0
_RETRIED = (429, 502, 503, 504)


class ReadingError(ExitCodeException):
    """A page could not be read. The message says why, in the service's own words."""

    exit_code = ExitCode.child_process_error

    def __init__(self, problem: str) -> None:
        super().__init__(f"rayocr: {problem}")


class Reader(ABC):
    """Reads one page image at a time. Several threads may share it."""

    @abstractmethod
    def hocr(self, image: Path) -> bytes:
        """Read a page image, and return its text as hOCR, in pixels of the image as it is stored.

        Args:
            image: Path of the picture.

        Raises:
            ReadingError: It could not be read.
        """

    @abstractmethod
    def lines(self, image: Path) -> tuple[int, list[Any]]:
        """Find the lines of a page image.

        Args:
            image: Path of the picture.

        Returns:
            Degrees (0, 90, 180, 270) clockwise that turn the image upright, and the lines' polygons in the upright
            image.

        Raises:
            ReadingError: It could not be searched.
        """


class _Service(Reader):
    def __init__(self, url: str, api_key: str | None) -> None:
        logging.getLogger("httpx").setLevel(logging.WARNING)  # a line for each page belongs in no terminal
        headers = {} if api_key is None else {"Authorization": f"Bearer {api_key}"}
        self._client = httpx.Client(base_url=url, headers=headers, timeout=httpx.Timeout(_PATIENCE_S, connect=10.0))

    def hocr(self, image: Path) -> bytes:
        return self._post("/v1/ocr", image, {"format": "hocr"}).content

    def lines(self, image: Path) -> tuple[int, list[Any]]:
        page = self._post("/v1/detect", image, {}).json()["pages"][0]
        return page["rotation"], [line["polygon"] for line in page["lines"]]

    def _post(self, path: str, image: Path, options: dict[str, str]) -> httpx.Response:
        content = image.read_bytes()
        deadline = time.monotonic() + _PATIENCE_S
        pause_s = 0.5
        while True:
            again_s, problem = pause_s, ""
            try:
                answer = self._client.post(path, params=options, content=content, headers={"X-File-Name": image.name})
            except httpx.TransportError as error:
                problem = f"{self._client.base_url} can't be reached: {error or type(error).__name__}"
            else:
                if answer.is_success:
                    return answer
                problem = _problem(answer)
                if answer.status_code not in _RETRIED:
                    raise ReadingError(problem)
                again_s = max(again_s, float(answer.headers.get("Retry-After", 0)))
            again_s *= random.uniform(1.0, 1.5)  # so that pages which were refused together do not come back together
            if time.monotonic() + again_s > deadline:
                raise ReadingError(problem)
            time.sleep(again_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


class _Here(Reader):
    def __init__(self) -> None:
        try:
            from models.errors import RayocrError
            from serve.config.loading import load_settings
            from serve.documents.local import LocalReader, default_jobs
        except ImportError as error:
            raise MissingDependencyError(
                "rayocr is not installed here: give the address of a service (--rayocr-url, or RAYOCR_URL), or install "
                "rayocr beside OCRmyPDF"
            ) from error
        settings = load_settings().settings
        self._reader = LocalReader(settings, default_jobs(settings))
        self._error = RayocrError

    def hocr(self, image: Path) -> bytes:
        from serve.exports import ReadDocument, export_format

        return export_format("hocr").convert(ReadDocument(self._read(image), image.name))

    def lines(self, image: Path) -> tuple[int, list[Any]]:
        page = self._read(image).pages[0]
        return page.rotation, [line.polygon for line in page.lines]

    def _read(self, image: Path) -> Any:
        from deployments.document import Document

        try:
            return self._reader.read(Document(image.read_bytes(), image.name))
        except self._error as error:
            raise ReadingError(f"{error} ({error.code})") from error


_making = threading.Lock()


def reader_of(url: str | None, api_key: str | None) -> Reader:
    """Find the reader for these options, which all pages of this process share.

    Args:
        url: Address of a service; None to read in this process.
        api_key: The key for it; None without one.

    Raises:
        MissingDependencyError: No address is given, and rayocr is not installed here.
    """
    with _making:  # several pages ask at once, and nets are loaded once
        return _made(url, api_key)


@cache
def _made(url: str | None, api_key: str | None) -> Reader:
    return _Here() if url is None else _Service(url, api_key)


def _problem(answer: httpx.Response) -> str:
    try:
        problem = answer.json()
        return f"{problem['detail']} ({problem['code']}, request {problem['request_id']})"
    except (ValueError, KeyError, TypeError):
        return f"{answer.request.url} answers {answer.status_code} {answer.reason_phrase}: is this a rayocr service?"
