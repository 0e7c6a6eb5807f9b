"""Builds the FastAPI application."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema
from starlette.middleware.cors import CORSMiddleware

from serve.api.authentication import SECURITY, ApiKeyGuard
from serve.api.browsers import BrowserGuard
from serve.api.job_models import JobRequest, PageEvent
from serve.api.keys import ApiKeys
from serve.api.middleware import BodyLimit, RequestIdentity, RequestMetrics
from serve.api.problems import UNAUTHORIZED_RESPONSE, Problem, install_problem_handlers
from serve.api.protocol import GzipBody, HeadAsGet
from serve.api.routes import detect, documentation, health, job_archive, jobs, languages, models, ocr, page_image, usage
from serve.api.routes.documentation import DOCUMENTATION_PATHS
from serve.api.service import Service
from serve.doors.base import Door
from serve.doors.registry import DoorFinder
from serve.version import rayocr_version
from serve.web.page import WebPage

__all__ = ["build_api"]

# All other paths need a key, even those of routes that do not exist.
_OPEN = DOCUMENTATION_PATHS | {"/livez", "/readyz", "/openapi.json"}
# The headers of answers that scripts of other origins may read, beside those that browsers show by themselves.
_EXPOSED = [
    *("Content-Disposition", "Link", "Location", "Retry-After"),
    *("X-Request-ID", "X-Rayocr-Warnings", "X-Rayocr-Failed-Pages", "X-Rayocr-Page-Count"),
]


def build_api(service: Service, doors: Sequence[Door] = ()) -> FastAPI:
    """Build the HTTP API of one ingress replica.

    Args:
        service: The service that the routes use.
        doors: The protocols of other services that are spoken too.

    Raises:
        ConfigurationError: The folder of API keys can't be used.
    """
    http = service.settings.http
    keys = ApiKeys(Path(http.api_keys_directory)) if http.api_keys_directory is not None else None
    api = FastAPI(
        title="rayocr",
        version=rayocr_version(),
        summary="Reads the text in pictures and documents.",
        responses={503: {"model": Problem, "description": "overloaded"}},
        docs_url=None,
        redoc_url=None,
    )
    api.state.service = service
    of_jobs = () if service.jobs is None else (jobs.router, job_archive.router, page_image.job_router)
    of_keys = () if service.jobs is None or keys is None else (usage.router,)
    for router in (
        ocr.router,
        detect.router,
        page_image.router,
        *of_jobs,
        *of_keys,
        models.router,
        languages.router,
        health.stages_router,
    ):
        if keys is None:
            api.include_router(router)
        else:
            api.include_router(router, dependencies=SECURITY, responses=UNAUTHORIZED_RESPONSE)
    for door in doors:
        api.include_router(door.router, tags=["doors"])
    api.include_router(health.router)
    api.include_router(documentation.router)
    page = None
    if http.web_page:
        page = WebPage(service.settings, needs_key=keys is not None, has_jobs=service.jobs is not None)
        api.include_router(page.router)
    install_problem_handlers(api)
    if service.jobs is not None:
        _describe(api, [(JobRequest, "validation"), (PageEvent, "serialization")])
    # The last one added runs first, so that every answer carries its id and is counted, even a refusal.
    of_submissions = (service.settings.jobs.max_body_bytes, "jobs.max_body_bytes")
    if keys is not None:
        open_paths = _OPEN | (set() if page is None else page.paths)
        api.add_middleware(
            ApiKeyGuard, keys=keys, rights=service.rights, limits=service.limit_headers, open_paths=open_paths
        )
    api.add_middleware(
        BodyLimit,
        max_body_bytes=http.max_body_bytes,
        min_bytes_per_s=http.min_body_bytes_per_s,
        max_held_bytes=http.max_concurrent_requests * http.max_body_bytes,
        max_bytes_of_route={"/v1/jobs": of_submissions},
    )
    api.add_middleware(GzipBody)
    if http.cors_origins:
        api.add_middleware(
            CORSMiddleware,
            allow_origins=http.cors_origins,
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["*"],
            expose_headers=_EXPOSED,
        )
    if http.allowed_hosts is not None:
        api.add_middleware(BrowserGuard, hosts=http.allowed_hosts, origins=http.cors_origins)
    api.add_middleware(RequestMetrics, audit=service.audit)
    api.add_middleware(HeadAsGet)
    api.add_middleware(DoorFinder, doors=doors)
    api.add_middleware(RequestIdentity)
    return api


def _describe(api: FastAPI, models: Sequence[tuple[type[BaseModel], JsonSchemaMode]]) -> None:
    """Add the schemas of models to the OpenAPI document that no signature names, since they are read by hand."""
    made = api.openapi
    _, found = models_json_schema(models, ref_template="#/components/schemas/{model}")

    def openapi() -> dict[str, Any]:
        document = made()
        document["components"]["schemas"] |= found["$defs"]
        return document

    api.openapi = openapi  # type: ignore[method-assign]  # the way that FastAPI's documentation shows
