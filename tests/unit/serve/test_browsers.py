"""What pages of other origins may do through a browser: nothing, unless the settings name them."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from deployments.pipeline.attempts import Pipeline
from serve.api.application import build_api
from serve.api.service import Service
from serve.config.rights import with_loopback_defaults
from serve.config.settings import Settings
from serve.jobs.runtime import JobsRuntime
from tests.unit.serve.documents.scripted_document import ScriptedDocument

_FRIEND = "https://scans.example.com"


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    tree = {"jobs": {"directory": str(tmp_path)}, "http": {"cors_origins": [_FRIEND]}}
    settings = with_loopback_defaults(Settings.model_validate(tree))
    jobs = JobsRuntime(settings)
    transport = httpx.ASGITransport(build_api(Service(settings, Pipeline(ScriptedDocument()), jobs)))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        yield client
    jobs.close()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8000", 200),
        ("localhost:8000", 200),
        ("LOCALHOST", 200),
        ("[::1]:8000", 200),
        ("attacker.example", 403),
        ("127.0.0.1.nip.io:8000", 403),
        ("localhost.attacker.example", 403),
        ("attacker.example@127.0.0.1", 200),
        ("[::1", 403),
    ],
)
async def test_only_names_of_this_machine_are_answered(client: httpx.AsyncClient, host: str, status: int) -> None:
    for path in ("/v1/models", "/livez", "/docs"):
        assert (await client.get(path, headers={"Host": host})).status_code == status


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 200),
        ("http://127.0.0.1:8000", 200),
        (_FRIEND, 200),
        ("https://attacker.example", 403),
        ("http://127.0.0.1:9000", 403),
        ("http://localhost:8000", 403),
        ("null", 403),
    ],
)
async def test_pages_of_other_origins_are_refused(client: httpx.AsyncClient, origin: str | None, status: int) -> None:
    headers = {} if origin is None else {"Origin": origin}
    answer = await client.post("/v1/ocr", files={"file": b"good"}, headers=headers)
    assert answer.status_code == status, answer.text
    allowed = answer.headers.get("Access-Control-Allow-Origin")
    assert (allowed == _FRIEND) == (origin == _FRIEND)


async def test_preflight_is_answered_to_known_origins_alone(client: httpx.AsyncClient) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-api-key"}
    answer = await client.options("/v1/ocr", headers={"Origin": _FRIEND, **asked})
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, _FRIEND)
    assert (await client.options("/v1/ocr", headers={"Origin": "https://attacker.example", **asked})).status_code == 403


@pytest.mark.parametrize("kind", ["text/plain", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded", ""])
@pytest.mark.parametrize(
    ("path", "body"), [("/v1/ocr", b'{"source":"s3://a/b"}'), ("/v1/jobs", b'{"sources":["s3://a/b"]}')]
)
async def test_json_of_another_type_is_taken_from_tools_and_not_from_browsers(
    client: httpx.AsyncClient, path: str, body: bytes, kind: str
) -> None:
    headers = {"Content-Type": kind} if kind else {}
    tool = await client.post(path, content=body, headers=headers)
    assert tool.status_code in {200, 202}, tool.text
    for sent in ({"Origin": "http://127.0.0.1:8000"}, {"Sec-Fetch-Mode": "no-cors"}):
        answer = await client.post(path, content=body, headers={**headers, **sent})
        if kind or path == "/v1/jobs":  # elsewhere a body of no type is a document
            assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_type")
        json = await client.post(path, content=body, headers={"Content-Type": "application/json", **sent})
        assert json.status_code in {200, 202}, json.text


def test_hosts_are_left_alone_elsewhere() -> None:
    for http in ({"host": "0.0.0.0"}, {"allowed_hosts": ["ocr.example.com"]}):
        settings = Settings.model_validate({"http": http})
        assert with_loopback_defaults(settings).http.allowed_hosts == settings.http.allowed_hosts
    with pytest.raises(ValueError, match="cors_origins"):
        Settings.model_validate({"http": {"cors_origins": ["*"]}})
