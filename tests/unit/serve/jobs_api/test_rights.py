"""Uploads of others, and locations that are not allowed, through each door that takes a location."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deployments.storage.base import StoredObject
from deployments.storage.registry import Storages

from .conftest import ALICE, BOB, Start

_UPLOADS = {"uploads": "s3://bucket/uploads/"}
_THEIRS = "s3://bucket/uploads/1a/2b/1-a.jpg"


def listed(_self: Storages, location: str) -> Iterator[StoredObject]:
    """A bucket with an upload and a scan."""
    for found in (_THEIRS, "s3://bucket/scans/a.jpg", "s3://bucket/scans-b/b.jpg"):
        if found.startswith(location):
            yield StoredObject(found, 1)


@pytest.mark.parametrize(
    ("tree", "code"),
    [
        ({"jobs": _UPLOADS}, "source_not_found"),
        ({"jobs": _UPLOADS, "storage": {"allowed": ["s3://bucket"]}}, "source_not_found"),
        ({"storage": {"allowed": ["s3://bucket/scans/"]}}, "access_denied"),
        ({"storage": {"allowed": []}}, "access_denied"),
    ],
)
async def test_no_door_reads_it(
    start: Start, keys: str, monkeypatch: pytest.MonkeyPatch, tree: dict[str, dict[str, object]], code: str
) -> None:
    monkeypatch.setattr(Storages, "list", listed)
    async with start({**tree, "http": {"api_keys_directory": keys}}) as running:

        async def code_of(path: str, **request: Any) -> str:
            answer = await running.client.post(path, headers=BOB, **request)
            assert answer.status_code in (403, 404), answer.text
            return str(answer.json()["code"])

        assert await code_of("/v1/ocr", json={"source": _THEIRS}) == code
        assert await code_of("/v1/ocr?visualize=true", json={"source": _THEIRS}) == code
        assert await code_of("/v1/ocr?format=text", json={"source": _THEIRS}) == code
        assert await code_of("/v1/ocr?format=pdf", json={"source": _THEIRS}) == code
        assert await code_of("/v1/detect", json={"source": _THEIRS}) == code
        assert await code_of("/v1/jobs", json={"sources": ["s3://bucket/scans/a.jpg", _THEIRS]}) == code
        assert await code_of("/v1/jobs", files=[("source", (None, _THEIRS))]) == code
        assert await code_of("/v1/jobs", json={"prefix": "s3://bucket/uploads/"}) == code
        assert await code_of("/v1/jobs", json={"prefix": "s3://bucket/uploads"}) == code
        assert await code_of("/v1/jobs", json={"prefix": "s3://bucket/up"}) == code


@pytest.mark.parametrize(
    ("tree", "prefix", "pages"),
    [
        ({"jobs": _UPLOADS}, "s3://bucket/", ["s3://bucket/scans/a.jpg", "s3://bucket/scans-b/b.jpg"]),
        ({"storage": {"allowed": ["s3://bucket/scans"]}}, "s3://bucket/scans", ["s3://bucket/scans/a.jpg"]),
    ],
)
async def test_prefix_lists_only_what_may_be_read(
    start: Start,
    monkeypatch: pytest.MonkeyPatch,
    tree: dict[str, dict[str, object]],
    prefix: str,
    pages: list[str],
) -> None:
    monkeypatch.setattr(Storages, "list", listed)
    async with start(tree) as running:
        answer = await running.client.post("/v1/jobs", json={"prefix": prefix})
        assert answer.status_code == 202, answer.text
        assert [lease.source for lease in running.jobs.store.leases.take("tester", 10, 60.0)] == pages


@pytest.mark.parametrize("allowed", [["s3://"], ["s3://bucket/scans-b/"], []])
async def test_each_client_has_the_list_of_the_access_file(
    start: Start, keys: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, allowed: list[str]
) -> None:
    monkeypatch.setattr(Storages, "list", listed)
    access = tmp_path / "access.yaml"
    access.write_text(json.dumps({"keys": {"bob": {"read": ["s3://bucket/"]}, "alice": {"read": []}}}))
    http = {"api_keys_directory": keys, "access_file": str(access)}
    async with start({"jobs": _UPLOADS, "storage": {"allowed": allowed}, "http": http}) as running:
        for path, body in [
            ("/v1/ocr", {"source": "s3://bucket/scans/a.jpg"}),
            ("/v1/detect", {"source": "s3://bucket/scans/a.jpg"}),
            ("/v1/jobs", {"sources": ["s3://bucket/scans/a.jpg"]}),
            ("/v1/jobs", {"prefix": "s3://bucket/scans/"}),
        ]:
            answer = await running.client.post(path, headers=ALICE, json=body)
            assert answer.status_code == 403, answer.text
            assert "keys.alice.read in http.access_file" in answer.json()["detail"]
        answer = await running.client.post("/v1/ocr", headers=BOB, json={"source": _THEIRS})
        assert answer.json()["code"] == "source_not_found"
        answer = await running.client.post("/v1/jobs", headers=BOB, json={"prefix": "s3://bucket/"})
        assert answer.status_code == 202, answer.text
        found = [lease.source for lease in running.jobs.store.leases.take("tester", 10, 60.0)]
        assert found == ["s3://bucket/scans/a.jpg", "s3://bucket/scans-b/b.jpg"]
        # One object decides for requests and for pages of jobs.
        assert running.service.pipeline._rights is running.jobs.rights.reading
