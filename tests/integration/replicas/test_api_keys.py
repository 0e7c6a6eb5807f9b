"""A service that asks for keys, with two replicas of its ingress, and `rayocr check` against it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import httpx
import psutil
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.minio import MinioServer
from tests.nets import QUICK_NETS
from tests.service import RunningService, running_service

pytestmark = pytest.mark.timeout(400)

ALICE, BOB = "alice-0123456789abcdef", "bob-fedcba9876543210"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of keys."""
    folder = tmp_path_factory.mktemp("keys")
    (folder / "alice").write_text(f"{ALICE}\n")
    return folder


@pytest.fixture(scope="module")
def guarded(minio: MinioServer, keys: Path) -> Iterator[RunningService]:
    """A service that asks for them, and is ready where a bucket can be reached."""
    variables = {
        "RAYOCR_HTTP__API_KEYS_DIRECTORY": str(keys),
        "RAYOCR_HTTP__DOORS": '["textract"]',
        "RAYOCR_HTTP__REPLICAS": "2",
        "RAYOCR_STORAGE__READY_BUCKETS": json.dumps([minio.bucket()]),
    }
    with running_service({**QUICK_NETS, **minio.environment(), **variables}) as running:
        yield running


@pytest.fixture
def client(guarded: RunningService) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=guarded.url, timeout=60, trust_env=False) as client:
        yield client


def _models(client: httpx.Client, key: str, **headers: str) -> int:
    return client.get("/v1/models", headers={"Authorization": f"Bearer {key}", **headers}).status_code


def test_without_a_key_only_probes_answer(client: httpx.Client) -> None:
    assert [client.get(path).status_code for path in ("/livez", "/readyz", "/docs", "/openapi.json")] == [200] * 4
    answer = client.post("/v1/ocr", content=bytes(3_000_000), headers={"Content-Type": "image/png"})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="rayocr"'
    assert answer.headers["X-Request-ID"] == answer.json()["request_id"]
    assert (_models(client, BOB), _models(client, ALICE)) == (401, 200)


def test_ingress_has_two_replicas(guarded: RunningService) -> None:
    family = psutil.Process(guarded.pid).children(recursive=True)
    assert sum("ServeReplica:rayocr:Ingress" in " ".join(process.cmdline()) for process in family) == 2


def test_key_signs_requests_of_textract(guarded: RunningService) -> None:
    for key, path in ((ALICE, ""), (ALICE, "/textract"), (BOB, "")):
        textract = boto3.client(
            "textract",
            endpoint_url=f"{guarded.url}{path}",
            region_name="eu-central-1",
            aws_access_key_id="alice",
            aws_secret_access_key=key,
            config=Config(retries={"total_max_attempts": 1}, proxies={}),
        )
        refusal = "InvalidJobIdException" if key == ALICE else "InvalidSignatureException"
        with pytest.raises(ClientError, match=refusal):
            textract.get_document_text_detection(JobId="nothing")


def test_client_is_in_the_log_and_its_key_is_not(guarded: RunningService, client: httpx.Client) -> None:
    assert _models(client, ALICE, **{"X-Request-ID": "who-was-it"}) == 200
    give_up = time.monotonic() + 60
    mine: list[dict[str, object]] = []
    while not mine and time.monotonic() < give_up:
        time.sleep(0.2)
        text = "".join(file.read_text() for file in guarded.log_directory.glob("*.log"))
        rows = [json.loads(row) for row in text.splitlines() if '"who-was-it"' in row]
        mine = [row for row in rows if row.get("client") == "alice"]
    assert len(mine) == 1
    assert ALICE not in text


def test_new_key_is_taken_over_by_both_replicas_without_a_restart(keys: Path, client: httpx.Client) -> None:
    (keys / "bob").write_text(BOB)
    give_up = time.monotonic() + 60
    while [_models(client, BOB) for _ in range(8)] != [200] * 8 and time.monotonic() < give_up:
        time.sleep(0.5)
    assert [_models(client, BOB) for _ in range(8)] == [200] * 8


def _check(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "serve.cli", "check", *arguments]
    environment = {**os.environ, "NO_PROXY": "127.0.0.1"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200, check=False)


def test_check_reads_with_the_key(guarded: RunningService, keys: Path) -> None:
    done = _check(guarded.url, "--api-key-file", str(keys / "alice"))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("ok: read 'rayocr 2719' in ")


def test_check_without_the_key_says_that_it_needs_one(guarded: RunningService) -> None:
    done = _check(guarded.url)
    assert (done.returncode, done.stdout) == (77, "")
    assert done.stderr == "rayocr: an API key is needed: Authorization: Bearer KEY\n"
