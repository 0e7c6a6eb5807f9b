"""The pages that show the API in a browser."""

import base64
import hashlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from serve.api.routes.documentation import DOCUMENTATION_PATHS
from tests.unit.serve.test_authentication import KEY, api

ORIGIN = "http://rayocr"
LOADED = re.compile(r"""(?:src|href|spec-url)="([^"]+)"|\burl: '([^']+)'""")


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without a key, which a link brought here."""
    (tmp_path / "alice").write_text(KEY)
    transport = httpx.ASGITransport(api(api_keys_directory=str(tmp_path)))
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        yield client


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
async def test_page_loads_nothing_from_other_hosts(client: httpx.AsyncClient, page: str) -> None:
    answer = await client.get(page)
    assert answer.status_code == 200
    assert "//" not in re.sub(r"<!--.*?-->", "", answer.text, flags=re.DOTALL)
    loaded = {first or second for first, second in LOADED.findall(answer.text)}
    assert {"/openapi.json", "/redoc/favicon.png"} < loaded
    for path in loaded:
        file = await client.get(path)
        assert (file.status_code, bool(file.content)) == (200, True), path


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
async def test_policy_allows_the_page_its_own_script_and_no_other(client: httpx.AsyncClient, page: str) -> None:
    answer = await client.get(page)
    policy = dict(part.split(maxsplit=1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    inline = re.findall(r"<script>(.*?)</script>", answer.text, re.DOTALL)
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in inline]
    assert policy["script-src"].split() == ["'self'", *(f"'sha256-{digest}'" for digest in digests)]
    assert len(inline) == (page == "/docs")


async def test_every_file_is_there_and_of_its_type(client: httpx.AsyncClient) -> None:
    kinds = {".js": "javascript", ".css": "text/css", ".png": "image/png", ".svg": "image/svg", "": "text/html"}
    for path in DOCUMENTATION_PATHS:
        answer = await client.get(path)
        assert kinds[Path(path).suffix] in answer.headers["content-type"], path


async def test_pages_work_below_a_prefix(tmp_path: Path) -> None:
    transport = httpx.ASGITransport(api(), root_path="/ocr")
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
        page = (await client.get("/ocr/docs")).text
        assert 'src="/ocr/docs/swagger-ui-bundle.js"' in page
        assert (await client.get("/ocr/docs/swagger-ui-bundle.js")).status_code == 200
