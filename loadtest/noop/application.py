"""The application that does nothing: an ingress and three stages, which pass pages as rayocr's do."""

from functools import cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from fastapi import FastAPI, Request
from ray import serve
from ray.serve import Application, Deployment
from ray.serve.handle import DeploymentHandle

__all__ = ["build_noop"]

_MOST_ONGOING = 256
_STAGE_CPUS = 0.1

Page = npt.NDArray[np.uint8]

api = FastAPI()


class Preprocessor:
    """Takes a document, and gives a page of the size that is asked for."""

    async def page(self, document: bytes, page_bytes: int) -> Page:
        """`page_bytes` zeros, made once."""
        return _page(page_bytes)


class Detector:
    """Takes a page, and gives something small."""

    async def detect(self, page: Page) -> tuple[int]:
        """Its size."""
        return (page.nbytes,)


class Recognizer:
    """Takes the page and what was found on it, and gives something small."""

    async def recognize(self, page: Page, found: tuple[int]) -> str:
        """A word."""
        return f"{found[0]} bytes"


@serve.ingress(api)
class Ingress:
    """Goes `depth` stages far with each request.

    Args:
        preprocessor: Handle of the first stage.
        detector: Handle of the second.
        recognizer: Handle of the third.
    """

    def __init__(
        self, preprocessor: DeploymentHandle[Any], detector: DeploymentHandle[Any], recognizer: DeploymentHandle[Any]
    ) -> None:
        self._preprocessor = preprocessor
        self._detector = detector
        self._recognizer = recognizer

    @api.post("/{depth}/{page_bytes}/{passing}/v1/ocr")
    async def read(
        self, request: Request, depth: int, page_bytes: int, passing: Literal["reference", "value"]
    ) -> dict[str, str]:
        """Answer with a word.

        Args:
            request: Its body is the document.
            depth: 0: no stage. 1: the document goes to the first stage. 2: the page goes on to the second. 3: and then
                to the third.
            page_bytes: Size of the page.
            passing: The page goes from stage to stage as a reference, or through here as a value.
        """
        document = await request.body()
        if depth == 0:
            return {"text": f"{len(document)} bytes"}
        page: Any = self._preprocessor.page.remote(document, page_bytes)
        if depth == 1 or passing == "value":
            page = await page
        if depth == 1:
            return {"text": f"{page.nbytes} bytes"}
        found = await self._detector.detect.remote(page)
        if depth == 2:
            return {"text": f"{found[0]} bytes"}
        return {"text": await self._recognizer.recognize.remote(page, found)}


def build_noop() -> Application:
    """Wire it together."""
    return _deployment(Ingress).bind(*(_deployment(stage).bind() for stage in (Preprocessor, Detector, Recognizer)))


def _deployment(cls: type) -> Deployment:
    deployment = serve.deployment(cls, max_ongoing_requests=_MOST_ONGOING, ray_actor_options={"num_cpus": _STAGE_CPUS})
    assert isinstance(deployment, Deployment)  # Ray types it as a decorator's decorator
    return deployment


@cache
def _page(page_bytes: int) -> Page:
    return np.zeros(page_bytes, dtype=np.uint8)
