"""GET /docs and GET /redoc show the API in a browser, with all that they load from this service."""

import base64
import hashlib
import re
from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from starlette.responses import FileResponse, HTMLResponse

from serve.api.protocol import path_of

__all__ = ["DOCUMENTATION_PATHS", "router"]

router = APIRouter(include_in_schema=False)

_FOLDER = Path(str(files("fastapi_standalone_docs"))) / "static"
_FILES = {
    "/docs/swagger-ui-bundle.js": "swagger/swagger-ui-bundle.js",
    "/docs/swagger-ui.css": "swagger/swagger-ui.css",
    "/redoc/favicon.png": "fastapi/favicon.png",
    "/redoc/redoc.standalone.js": "redoc/redoc.standalone.js",
    "/redoc/logo-mini.svg": "redoc/logo-mini.svg",
}
DOCUMENTATION_PATHS = frozenset({"/docs", "/redoc", *_FILES})
"""What a browser fetches to show the API, the OpenAPI document left out."""

_INLINE_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)
# Both pages make elements with styles of their own; nothing of a client is in them.
_POLICY = (
    "default-src 'none'; script-src 'self'{inline}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; worker-src blob:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


@router.get("/docs")
async def swagger_ui(request: Request) -> Response:
    """Show the API with Swagger UI, which also sends requests to it."""
    prefix = request.scope.get("root_path", "")
    page = get_swagger_ui_html(
        openapi_url=f"{prefix}/openapi.json",
        title="rayocr",
        swagger_js_url=f"{prefix}/docs/swagger-ui-bundle.js",
        swagger_css_url=f"{prefix}/docs/swagger-ui.css",
        swagger_favicon_url=f"{prefix}/redoc/favicon.png",
    )
    return _guarded(page)


@router.get("/redoc")
async def redoc(request: Request) -> Response:
    """Show the API with Redoc, which is easier to read."""
    prefix = request.scope.get("root_path", "")
    page = get_redoc_html(
        openapi_url=f"{prefix}/openapi.json",
        title="rayocr",
        redoc_js_url=f"{prefix}/redoc/redoc.standalone.js",
        redoc_favicon_url=f"{prefix}/redoc/favicon.png",
        with_google_fonts=False,
    )
    return _guarded(page)


async def _file(request: Request) -> Response:
    return FileResponse(_FOLDER / _FILES[path_of(request.scope)])


for _path in _FILES:
    router.add_api_route(_path, _file)


def _guarded(page: HTMLResponse) -> HTMLResponse:
    """Let a page load and run nothing but this service's files and the one script in it (Content-Security-Policy)."""
    scripts = _INLINE_SCRIPT.findall(bytes(page.body).decode())
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    inline = "".join(f" 'sha256-{digest}'" for digest in digests)
    page.headers["Content-Security-Policy"] = _POLICY.format(inline=inline)
    page.headers["X-Content-Type-Options"] = "nosniff"
    return page
