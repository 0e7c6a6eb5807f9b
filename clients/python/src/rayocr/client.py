"""Sends requests to a service: `Client` waits for each, `AsyncClient` is for asyncio. All else is in `protocol`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

import httpx

from rayocr.errors import NoAnswer
from rayocr.protocol import (
    Call,
    DetectOptions,
    Document,
    Format,
    ReadOptions,
    call_of,
    file_of,
    line_of,
    parsed,
    pause_or_raise,
    refused,
    unanswered,
)
from rayocr.results import DetectionResult, End, File, OcrResult, PageError, PageLine, build

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

_TIMEOUT_S = 90.0


def _arguments(url: str, api_key: str | None, given: dict[str, Any]) -> dict[str, Any]:
    headers = httpx.Headers(given.pop("headers", None))
    if api_key is not None:
        headers["X-API-Key"] = api_key
    return {"timeout": _TIMEOUT_S, **given, "base_url": url, "headers": headers}


class Client:
    """A client of one service.

    All methods raise the error that the service answers, and NoAnswer if it does not answer.

    Args:
        url: Address of the service.
        api_key: The key, if the service asks for one.
        retries: How often a request is sent again if the service is full or does not answer.
        httpx_arguments: Arguments of `httpx.Client`, such as `proxy`, `verify`, `timeout` and `transport`.
    """

    def __init__(self, url: str, *, api_key: str | None = None, retries: int = 3, **httpx_arguments: Any) -> None:
        self._http = httpx.Client(**_arguments(url, api_key, httpx_arguments))
        self._retries = retries

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def read(self, document: Document | None = None, **options: Unpack[ReadOptions]) -> OcrResult:
        """Read a document."""
        return build(OcrResult, parsed(self._send(call_of("/v1/ocr", document, options, format="json"))))

    def detect(self, document: Document | None = None, **options: Unpack[DetectOptions]) -> DetectionResult:
        """Find the lines of one page, without their text."""
        return build(DetectionResult, parsed(self._send(call_of("/v1/detect", document, options))))

    def export(self, document: Document | None = None, *, format: Format, **options: Unpack[ReadOptions]) -> File:
        """Read a document into a file of a format."""
        return file_of(self._send(call_of("/v1/ocr", document, options, format=format)))

    def visualize(self, document: Document | None = None, **options: Unpack[ReadOptions]) -> File:
        """Draw the boxes of one page on it, as PNG."""
        return file_of(self._send(call_of("/v1/ocr", document, options, visualize="true")))

    def pages(
        self, document: Document | None = None, **options: Unpack[ReadOptions]
    ) -> Iterator[PageLine | PageError | End]:
        """Yield each page as soon as it is read, and at last the End.

        Raises:
            NoAnswer: The answer broke off; `pages="N-"` continues it.
        """
        call = call_of("/v1/ocr", document, options, stream="true")
        answer = self._send(call, stream=True)
        try:
            for text in answer.iter_lines():
                line = line_of(text)
                yield line
                if isinstance(line, End):
                    return
        except httpx.TransportError as exc:
            raise unanswered(exc) from exc
        finally:
            answer.close()
        raise NoAnswer("the answer broke off before its end")

    def _send(self, call: Call, *, stream: bool = False) -> httpx.Response:
        attempt = 1
        while True:
            try:
                request = self._http.build_request(
                    "POST", call.path, params=call.params, headers=call.headers, content=call.content
                )
                answer = self._http.send(request, stream=stream)
                if not answer.is_success:
                    answer.read()
                problem: Exception | None = refused(answer)
                if problem is None:
                    return answer
            except httpx.TransportError as exc:
                problem = exc
            time.sleep(pause_or_raise(problem, attempt, self._retries))
            attempt += 1


class AsyncClient:
    """A client of one service for asyncio.

    All methods raise the error that the service answers, and NoAnswer if it does not answer.

    Args:
        url: Address of the service.
        api_key: The key, if the service asks for one.
        retries: How often a request is sent again if the service is full or does not answer.
        httpx_arguments: Arguments of `httpx.AsyncClient`, such as `proxy`, `verify`, `timeout` and `transport`.
    """

    def __init__(self, url: str, *, api_key: str | None = None, retries: int = 3, **httpx_arguments: Any) -> None:
        self._http = httpx.AsyncClient(**_arguments(url, api_key, httpx_arguments))
        self._retries = retries

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def read(self, document: Document | None = None, **options: Unpack[ReadOptions]) -> OcrResult:
        """Read a document."""
        return build(OcrResult, parsed(await self._send(call_of("/v1/ocr", document, options, format="json"))))

    async def detect(self, document: Document | None = None, **options: Unpack[DetectOptions]) -> DetectionResult:
        """Find the lines of one page, without their text."""
        return build(DetectionResult, parsed(await self._send(call_of("/v1/detect", document, options))))

    async def export(self, document: Document | None = None, *, format: Format, **options: Unpack[ReadOptions]) -> File:
        """Read a document into a file of a format."""
        return file_of(await self._send(call_of("/v1/ocr", document, options, format=format)))

    async def visualize(self, document: Document | None = None, **options: Unpack[ReadOptions]) -> File:
        """Draw the boxes of one page on it, as PNG."""
        return file_of(await self._send(call_of("/v1/ocr", document, options, visualize="true")))

    async def pages(
        self, document: Document | None = None, **options: Unpack[ReadOptions]
    ) -> AsyncIterator[PageLine | PageError | End]:
        """Yield each page as soon as it is read, and at last the End.

        Raises:
            NoAnswer: The answer broke off; `pages="N-"` continues it.
        """
        call = call_of("/v1/ocr", document, options, stream="true")
        answer = await self._send(call, stream=True)
        try:
            async for text in answer.aiter_lines():
                line = line_of(text)
                yield line
                if isinstance(line, End):
                    return
        except httpx.TransportError as exc:
            raise unanswered(exc) from exc
        finally:
            await answer.aclose()
        raise NoAnswer("the answer broke off before its end")

    async def _send(self, call: Call, *, stream: bool = False) -> httpx.Response:
        attempt = 1
        while True:
            try:
                request = self._http.build_request(
                    "POST", call.path, params=call.params, headers=call.headers, content=call.content
                )
                answer = await self._http.send(request, stream=stream)
                if not answer.is_success:
                    await answer.aread()
                problem: Exception | None = refused(answer)
                if problem is None:
                    return answer
            except httpx.TransportError as exc:
                problem = exc
            await asyncio.sleep(pause_or_raise(problem, attempt, self._retries))
            attempt += 1
