"""GET / shows the web page, with all that it loads from this service."""

import gzip
import hashlib
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.responses import HTMLResponse

from models.errors import SourceNotFound
from serve.config.bundle import served_bundles
from serve.config.settings import Settings
from serve.exports import FORMATS
from serve.version import rayocr_version

__all__ = ["WebPage"]

_FOLDER = Path(__file__).with_name("static")
_TYPES: Final = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "font-src 'self'; media-src 'self' blob:; base-uri 'self'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}


class WebPage:
    """The page and its files, read once.

    The files lie below a folder with a digest of them all in its name, so that browsers keep them until they change.

    Args:
        settings: The whole tree.
        needs_key: Whether the API asks for keys.
        has_jobs: Whether the API takes jobs.
    """

    def __init__(self, settings: Settings, *, needs_key: bool, has_jobs: bool) -> None:
        paths = sorted(path for path in _FOLDER.rglob("*") if path.suffix in _TYPES)
        contents = {path.relative_to(_FOLDER).as_posix(): path.read_bytes() for path in paths}
        digest = hashlib.sha256(b"".join(name.encode() + content for name, content in contents.items())).hexdigest()
        self._folder = f"web/{digest[:12]}"
        self._files = {name: (content, gzip.compress(content, 9, mtime=0)) for name, content in contents.items()}
        self._html = (_FOLDER / "index.html").read_text(encoding="utf-8").replace("{{static}}", self._folder)
        http, jobs = settings.http, settings.jobs
        self._about: dict[str, object] = {
            "api_key_needed": needs_key,
            "max_body_bytes": http.max_body_bytes,
            "max_pages": http.max_pages,
            "jobs": has_jobs,
            "structure": settings.structure.enabled is not False,
            "max_job_files": jobs.max_pages,
            "max_job_bytes": jobs.max_body_bytes,
            "formats": list(FORMATS),
            "models": list(served_bundles(settings)),
            "version": rayocr_version(),
        }
        self.router = APIRouter(include_in_schema=False)
        self.router.add_api_route("/", self._show, methods=["GET"])
        self.router.add_api_route("/v1/page", self._tell, methods=["GET"])
        self.router.add_api_route(f"/{self._folder}/{{name:path}}", self._file, methods=["GET"])

    @property
    def paths(self) -> set[str]:
        """The paths of the page, which need no key."""
        return {"/", "/v1/page", *(f"/{self._folder}/{name}" for name in self._files)}

    async def _show(self, request: Request) -> Response:
        html = self._html.replace("{{prefix}}", request.scope.get("root_path", ""))
        return HTMLResponse(html, headers={**_HEADERS, "Content-Security-Policy": _POLICY, "Cache-Control": "no-cache"})

    async def _tell(self) -> dict[str, object]:
        """What the page must know before it sends anything."""
        return self._about

    async def _file(self, request: Request, name: str) -> Response:
        if name not in self._files:
            raise SourceNotFound(f"the web page has no file {name[:80]!r}: load the page again")
        plain, packed = self._files[name]
        headers = {**_HEADERS, "Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
        is_packed = "gzip" in request.headers.get("accept-encoding", "")
        if is_packed:
            headers["Content-Encoding"] = "gzip"
        return Response(packed if is_packed else plain, media_type=_TYPES[Path(name).suffix], headers=headers)
