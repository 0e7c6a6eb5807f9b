"""Proves that the service can read: it reads a picture through detection and recognition, and asks its storages."""

import asyncio
import logging
import time
import uuid
from collections.abc import Sequence
from functools import cache

from deployments.context import PageCall, RequestContext
from deployments.document import Document
from deployments.pipeline.attempts import Pipeline
from deployments.pipeline.shared_document import SharedDocument
from models.errors import RayocrError
from serve.health.check import ReadyCheck
from serve.health.word_picture import word_picture

__all__ = ["Readiness"]

logger = logging.getLogger("ray.serve")

_WORD = "ready"
# A recent success of any request proves the stages, so that a probe adds no work to a busy service.
_FRESH_S = 15.0
_TIMEOUT_S = 10.0


class Readiness:
    """Knows when the stages last answered.

    Args:
        pipeline: The stages.
        checks: Checks of the other things that must answer.
    """

    def __init__(self, pipeline: Pipeline, checks: Sequence[ReadyCheck]) -> None:
        self._pipeline = pipeline
        self._checks = checks
        self._last_answer_s = float("-inf")
        self._probing = asyncio.Lock()

    def answered(self) -> None:
        """Note that the stages have just answered."""
        self._last_answer_s = time.monotonic()

    async def problem(self) -> str | None:
        """Say why the service is not ready, in one sentence; None if it is ready."""
        problem = await self._problem_of_stages()
        for check in self._checks:
            if problem is None:
                problem = await check.problem()
        return problem

    async def _problem_of_stages(self) -> str | None:
        if self._is_fresh():
            return None
        async with self._probing:
            if self._is_fresh():
                return None
            try:
                return await self._probe()
            except RayocrError as exc:
                logger.warning("not ready: %s", exc)
                return str(exc)

    def _is_fresh(self) -> bool:
        return time.monotonic() - self._last_answer_s < _FRESH_S

    async def _probe(self) -> str | None:
        context = RequestContext.starting_now(f"readiness-{uuid.uuid4().hex}", _TIMEOUT_S)
        page = await self._pipeline.read(SharedDocument(_picture()), PageCall(1, context))
        if _WORD not in page.text.casefold():
            return f"a picture of the word {_WORD!r} was read as {page.text!r}: the model bundle is damaged"
        self.answered()
        return None


@cache
def _picture() -> Document:
    return Document(word_picture(_WORD), "readiness.png")
