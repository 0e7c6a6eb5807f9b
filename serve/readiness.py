"""Whether the service can read: proven by reading a picture through all three stages."""

import asyncio
import logging
import time
import uuid
from functools import cache

import cv2
import numpy as np

from deployments.context import RequestContext
from deployments.pipeline import Pipeline
from deployments.preprocess.document import Document
from models.errors import RayocrError

__all__ = ["Readiness"]

logger = logging.getLogger("ray.serve")

_WORD = "ready"
# A success this recent, of any request, proves the stages: a probe must not add work to a busy service.
_FRESH_S = 15.0
_TIMEOUT_S = 10.0


class Readiness:
    """Knows when the stages last answered.

    Args:
        pipeline: The three stages.
    """

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._last_answer_s = float("-inf")
        self._probing = asyncio.Lock()

    def answered(self) -> None:
        """Note that all three stages have just answered."""
        self._last_answer_s = time.monotonic()

    async def problem(self) -> str | None:
        """Why the service is not ready, in one sentence; None when it is."""
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
        page = await self._pipeline.read(_picture(), 1, context)
        if _WORD not in page.text.casefold():
            return f"a picture of the word {_WORD!r} was read as {page.text!r}: the model bundle is damaged"
        self.answered()
        return None


@cache
def _picture() -> Document:
    canvas = np.full((96, 320, 3), 255, dtype=np.uint8)
    cv2.putText(canvas, _WORD, (40, 64), cv2.FONT_HERSHEY_SIMPLEX, 2.0, (0, 0, 0), 4, cv2.LINE_AA)
    _, encoded = cv2.imencode(".png", canvas)
    return Document(encoded.tobytes(), "readiness.png")
