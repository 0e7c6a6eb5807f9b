"""The FastAPI application, put together."""

from importlib.metadata import version

from fastapi import FastAPI

from serve.api import detect, health, models, ocr
from serve.api.middleware import BodyLimit, RequestIdentity, RequestMetrics
from serve.api.problems import Problem, install_problem_handlers
from serve.api.service import Service

__all__ = ["build_api"]


def build_api(service: Service) -> FastAPI:
    """The HTTP API of one ingress replica.

    Args:
        service: What its routes work with.
    """
    api = FastAPI(
        title="rayocr",
        version=version("rayocr"),
        summary="Reads the text in pictures and documents.",
        responses={503: {"model": Problem, "description": "overloaded"}},
    )
    api.state.service = service
    for module in (ocr, detect, models, health):
        api.include_router(module.router)
    install_problem_handlers(api)
    # The last one added comes first: every answer, a refusal included, carries its id and is counted.
    api.add_middleware(BodyLimit, max_body_bytes=service.settings.http.max_body_bytes)
    api.add_middleware(RequestMetrics)
    api.add_middleware(RequestIdentity)
    return api
