"""Which routes ask for a key, and how it may be sent."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute

from deployments.pipeline.attempts import Pipeline
from deployments.pipeline.routes import ColocatedReplicas
from serve.api.application import build_api
from serve.api.routes.documentation import DOCUMENTATION_PATHS
from serve.api.service import Service
from serve.config.settings import Settings

KEY = "a1b2c3d4e5f60718"
OPEN = {"/livez", "/readyz", "/openapi.json", *DOCUMENTATION_PATHS}


def api(**http: object) -> FastAPI:
    # no route of these tests comes as far as a replica
    pipeline = Pipeline(ColocatedReplicas(None, 1000))  # type: ignore[arg-type]
    return build_api(Service(Settings.model_validate({"http": http}), pipeline))


@pytest.fixture
def guarded(tmp_path: Path) -> FastAPI:
    (tmp_path / "alice").write_text(f"{KEY}\n")
    return api(api_keys_directory=str(tmp_path))


@pytest.fixture
async def client(guarded: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(guarded)
    async with httpx.AsyncClient(transport=transport, base_url="http://rayocr") as client:
        yield client


async def test_every_route_but_probes_and_docs_asks_for_a_key(guarded: FastAPI, client: httpx.AsyncClient) -> None:
    paths = {str(getattr(route, "path", "")) for route in guarded.routes} | {
        route for route in guarded.openapi()["paths"]
    }
    assert {"/v1/ocr", "/v1/detect", "/v1/models"} <= paths
    for path in {*paths - OPEN, "/v1/nothing", "/", "//livez", "/livez/"}:
        answer = await client.post(path) if path in ("/v1/ocr", "/v1/detect") else await client.get(path)
        assert answer.status_code == 401, path
    for path in ("/livez", "/docs", "/openapi.json"):
        assert (await client.get(path)).status_code == 200, path


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {KEY}"},
        {"authorization": f"bearer  {KEY}"},
        {"X-API-Key": KEY},
        {"X-API-Key": KEY, "Authorization": "Basic of-a-proxy"},
    ],
    ids=["bearer", "any case", "own header", "beside another scheme"],
)
async def test_key_is_taken(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    assert (await client.get("/v1/models", headers=headers)).status_code == 200


@pytest.mark.parametrize(
    ("headers", "detail"),
    [
        ({}, "an API key is needed: Authorization: Bearer KEY"),
        ({"Authorization": f"Basic {KEY}"}, "an API key is needed: Authorization: Bearer KEY"),
        ({"Authorization": f"Bearer {KEY}0"}, "this API key is not known here"),
        ({"X-API-Key": f"{KEY[:-1]}"}, "this API key is not known here"),
        ({"X-API-Key": "other", "Authorization": f"Bearer {KEY}"}, "this API key is not known here"),
    ],
    ids=["none", "basic", "longer", "shorter", "own header first"],
)
async def test_refusal_is_a_problem(client: httpx.AsyncClient, headers: dict[str, str], detail: str) -> None:
    answer = await client.get("/v1/models", headers={**headers, "X-Request-ID": "order-17"})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="rayocr"'
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["code"], problem["detail"], problem["request_id"]) == ("unauthorized", detail, "order-17")


async def test_prefix_of_the_application_opens_nothing(guarded: FastAPI) -> None:
    transport = httpx.ASGITransport(guarded, root_path="/ocr")
    async with httpx.AsyncClient(transport=transport, base_url="http://rayocr") as client:
        assert (await client.get("/ocr/livez")).status_code == 200
        assert (await client.get("/ocr/v1/models")).status_code == 401
        assert (await client.get("/ocr/v1/models", headers={"X-API-Key": KEY})).status_code == 200


def test_openapi_names_the_schemes_only_where_a_key_is_asked_for(guarded: FastAPI) -> None:
    schema, without = guarded.openapi(), api().openapi()
    assert set(schema["components"]["securitySchemes"]) == {"HTTPBearer", "APIKeyHeader"}
    assert schema["paths"]["/v1/ocr"]["post"]["security"] == [{"HTTPBearer": []}, {"APIKeyHeader": []}]
    assert "401" in schema["paths"]["/v1/ocr"]["post"]["responses"]
    assert "security" not in schema["paths"]["/readyz"]["get"]
    assert "securitySchemes" not in without["components"]
    assert "401" not in without["paths"]["/v1/ocr"]["post"]["responses"]
    assert all(isinstance(route, APIRoute) for route in api().routes if getattr(route, "path", "").startswith("/v1"))
