"""What the access file lets single clients do, through the API and the doors."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import Request

from serve.api.application import build_api
from serve.api.keys import hash_line
from serve.doors.registry import open_doors

from .conftest import ALICE, BOB, Doors, Start
from .textract_client import signed

OF = {"alice": {"X-API-Key": ALICE}, "bob": {"X-API-Key": BOB}}


async def sent(doors: Doors, method: str, path: str, client: str = "alice", **request: Any) -> httpx.Response:
    return await doors.client.request(method, path, headers=OF[client], **request)


async def refusal(doors: Doors, method: str, path: str, **request: Any) -> tuple[int, str, str]:
    answer = await sent(doors, method, path, **request)
    return answer.status_code, answer.json()["code"], answer.json()["detail"]


JOB: dict[str, Any] = {"files": {"file": ("a.txt", b"good")}}


async def test_client_comes_in_only_by_its_doors(start: Start) -> None:
    async with start(access="  alice: {doors: [jobs, azure]}") as doors:
        begun = await sent(doors, "POST", "/v1/jobs", **JOB)
        assert begun.status_code == 202
        await doors.settle()
        assert (await sent(doors, "GET", f"/v1/jobs/{begun.json()['id']}/result")).status_code == 200
        for path in ("/v1/ocr", "/v1/detect", "/v1/page-image"):
            status, code, detail = await refusal(doors, "POST", path, content=b"good")
            assert (status, code) == (403, "access_denied")
            assert detail == (
                "the client alice may not use ocr here, only jobs, azure (keys.alice.doors in http.access_file)"
            )
        assert (await sent(doors, "POST", "/v2/models/rayocr/infer", content=b"{}")).status_code == 403
        assert (await sent(doors, "GET", "/v1/models")).status_code == 200
        assert (await sent(doors, "POST", "/v1/ocr", "bob", content=b"good")).status_code == 200


async def test_door_says_so_in_its_own_words(start: Start) -> None:
    async with start(access="  alice: {doors: [ocr]}", doors=["textract"]) as doors:
        document = {"Document": {"Bytes": "Z29vZA=="}}
        answer = await doors.client.post(**signed("DetectDocumentText", document, ALICE))
        assert answer.status_code == 400
        assert answer.json()["__type"] == "AccessDeniedException"
        assert "may not use textract here, only ocr" in answer.json()["message"]


async def test_key_that_is_kept_as_a_hash_signs_nothing(start: Start) -> None:
    async with start(keys=True, doors=["textract"]) as doors:
        folder = Path(doors.service.settings.http.api_keys_directory or "")
        (folder / "alice").write_text(hash_line(ALICE))
        opened = httpx.ASGITransport(build_api(doors.service, open_doors(doors.service.settings.http)))
        async with httpx.AsyncClient(transport=opened, base_url="http://rayocr") as client:
            answer = await client.post(**signed("DetectDocumentText", {}, ALICE))
            assert answer.json()["__type"] == "UnrecognizedClientException"
            assert "kept as a hash, which can't check a signature" in answer.json()["message"]
            assert (await client.get("/v1/models", headers=OF["alice"])).status_code == 200


async def test_models_of_a_client(start: Start) -> None:
    async with start(access="  alice: {models: [fast]}\n  bob: {models: [ppocrv6-small]}") as doors:
        message = (
            "the client alice may not use the model ppocrv6-small here, only fast: name one of them "
            "(keys.alice.models in http.access_file)"
        )
        assert await refusal(doors, "POST", "/v1/ocr", content=b"good") == (403, "access_denied", message)
        assert await refusal(doors, "POST", "/v1/jobs", **JOB) == (403, "access_denied", message)
        assert (await sent(doors, "POST", "/v1/ocr", "bob", content=b"good")).status_code == 200
        assert (await sent(doors, "POST", "/v1/jobs", "bob", **JOB)).status_code == 202


@pytest.mark.parametrize(
    ("most", "usual", "limit"), [(2, 1000, "keys.alice.max_pages in http.access_file"), (9, 2, "http.max_pages")]
)
async def test_pages_of_a_document(start: Start, most: int, usual: int, limit: str) -> None:
    async with start(access=f"  alice: {{max_pages: {most}}}", max_pages=usual) as doors:
        status, code, detail = await refusal(doors, "POST", "/v1/ocr", content=b"good good good")
        assert (status, code) == (413, "too_large")
        assert detail.endswith(f"more than the limit of 2: ask for fewer (pages=1-2), or raise {limit}")
        assert (await sent(doors, "POST", "/v1/ocr?pages=2-3", content=b"good good good")).status_code == 200
        begun = await sent(doors, "POST", "/v1/jobs", files={"file": ("a.txt", b"good good good")})
        await doors.settle()
        job = (await sent(doors, "GET", f"/v1/jobs/{begun.json()['id']}")).json()
        assert (job["state"], job["failed"]) == ("failed", 1)


async def test_requests_at_a_time(start: Start) -> None:
    async with start(access="  alice: {max_requests: 1}") as doors:
        first = Request({"type": "http", "headers": [], "state": {"client": "alice", "request_id": "1"}})
        async with doors.service.request(first) as admitted:
            admitted.begin()
            status, code, detail = await refusal(doors, "POST", "/v1/ocr", content=b"good")
            assert (status, code) == (429, "quota")
            assert "1 requests of this API key are in work" in detail
            assert (await sent(doors, "POST", "/v1/ocr", "bob", content=b"good")).status_code == 200
        assert (await sent(doors, "POST", "/v1/ocr", content=b"good")).status_code == 200


async def test_key_that_has_expired_is_refused(start: Start) -> None:
    access = "  alice: {expires: 2026-01-31}\n  bob: {expires: '2999-01-01T00:00:00+01:00'}"
    async with start(access=access) as doors:
        assert await refusal(doors, "GET", "/v1/models") == (
            401,
            "unauthorized",
            "the API key of alice expired at 2026-01-31T00:00:00+00:00 (keys.alice.expires in http.access_file)",
        )
        assert (await sent(doors, "GET", "/v1/models", "bob")).status_code == 200


async def test_hosts_of_a_client(start: Start) -> None:
    async with start(access="  alice: {https: [scans.example.com, .intern.example.com]}") as doors:
        for source in ("https://example.com/a.png", "https://xscans.example.com", "https://[::1]/", "https://x y/"):
            for path, body in (("/v1/ocr", {"source": source}), ("/v1/jobs", {"sources": [source]})):
                status, code, detail = await refusal(doors, "POST", path, json=body)
                assert (status, code) == (403, "access_denied"), (source, detail)
                assert detail.endswith("(keys.alice.https in http.access_file)")
        # Whether it is fetched is up to the stages, which this service does not have.
        body = {"source": "https://A.intern.example.com/a.png"}
        assert (await sent(doors, "POST", "/v1/ocr", json=body)).status_code != 403
