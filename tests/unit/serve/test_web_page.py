"""The routes that serve the web page: what a browser may run, keep and see without a key."""

import gzip
import re
from pathlib import Path

import httpx
import pytest

from serve.config.rights import with_loopback_defaults
from serve.config.settings import Settings
from serve.web.page import WebPage
from tests.unit.serve.test_authentication import KEY, api

ORIGIN = "http://rayocr"
_STATIC = Path(__file__).parents[3] / "serve/web/static"
_LOADED = re.compile(r'(?:src|href)="(web/[^"]+)"')


def _client(root: str = "", **http: object) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(api(web_page=True, **http), root_path=root)
    return httpx.AsyncClient(transport=transport, base_url=ORIGIN)


async def test_page_and_its_files_need_no_key_and_the_api_does(tmp_path: Path) -> None:
    (tmp_path / "alice").write_text(KEY)
    async with _client(api_keys_directory=str(tmp_path)) as client:
        page = await client.get("/")
        assert page.status_code == 200
        for path in _LOADED.findall(page.text):
            assert (await client.get(f"/{path}")).status_code == 200, path
        about = (await client.get("/v1/page")).json()
        assert (about["api_key_needed"], about["jobs"]) == (True, False)
        assert (await client.get("/v1/models")).status_code == 401
    async with _client() as client:
        assert not (await client.get("/v1/page")).json()["api_key_needed"]


async def test_browser_runs_nothing_but_the_files_and_keeps_them() -> None:
    async with _client() as client:
        page = await client.get("/")
        policy = dict(part.split(maxsplit=1) for part in page.headers["content-security-policy"].split("; "))
        assert (policy["default-src"], policy["script-src"], policy["style-src"]) == ("'none'", "'self'", "'self'")
        assert "'unsafe" not in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-cache"
        assert "<script>" not in page.text
        assert " style=" not in page.text
        for path in _LOADED.findall(page.text):
            packed = await client.get(f"/{path}", headers={"Accept-Encoding": "gzip"})
            plain = await client.get(f"/{path}", headers={"Accept-Encoding": "identity"})
            assert packed.content == plain.content == (_STATIC / path.split("/", 2)[2]).read_bytes()
            assert packed.headers["content-encoding"] == "gzip"
            assert "immutable" in plain.headers["cache-control"]
        assert (await client.get("/web/000000000000/app.js")).status_code == 404


async def test_page_works_below_a_prefix() -> None:
    async with _client(root="/ocr") as client:
        page = await client.get("/ocr/")
        assert '<base href="/ocr/">' in page.text
        for path in _LOADED.findall(page.text):
            assert (await client.get(f"/ocr/{path}")).status_code == 200, path


def test_first_load_is_small() -> None:
    files = [path.read_bytes() for path in _STATIC.rglob("*") if path.is_file()]
    assert sum(len(gzip.compress(content, 9)) for content in files) < 150_000


async def test_page_can_be_switched_off() -> None:
    for http in ({}, {"web_page": False}):
        transport = httpx.ASGITransport(api(**http))
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
            assert [(await client.get(path)).status_code for path in ("/", "/v1/page")] == [404, 404]


@pytest.mark.parametrize(
    ("http", "expected"),
    [
        ({}, True),
        ({"web_page": False}, False),
        ({"host": "0.0.0.0"}, None),
        ({"host": "0.0.0.0", "web_page": True}, True),
    ],
)
def test_page_is_there_on_loopback_unless_it_is_switched_off(http: dict[str, object], expected: bool | None) -> None:
    settings = with_loopback_defaults(Settings.model_validate({"http": http}))
    assert settings.http.web_page is expected


@pytest.mark.parametrize(
    ("host", "keep", "expected"),
    [("127.0.0.1", None, True), ("127.0.0.1", False, False), ("0.0.0.0", None, None), ("0.0.0.0", True, True)],
)
def test_uploads_are_kept_for_the_page_on_loopback(host: str, keep: bool | None, expected: bool | None) -> None:
    tree = {"http": {"host": host}, "jobs": {"keep_uploads": keep}}
    assert with_loopback_defaults(Settings.model_validate(tree)).jobs.keep_uploads is expected


def test_every_file_has_a_type() -> None:
    page = WebPage(Settings(), needs_key=False, has_jobs=True)
    files = {path.relative_to(_STATIC).as_posix() for path in _STATIC.rglob("*") if path.is_file()}
    assert files - {"index.html"} == {path.split("/", 3)[3] for path in page.paths if path.startswith("/web/")}
