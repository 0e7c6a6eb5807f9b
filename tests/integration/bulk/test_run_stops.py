"""What stops a bulk run: one line, its exit code, and a second run that goes on from there."""

import json
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from models.errors import AccessDenied, InsufficientStorage, StorageUnavailable, TooManyErrors
from tests.integration.bulk.runs import Bulk, page_file, put, results_in, without_timings
from tests.minio import MinioServer

pytestmark = [pytest.mark.timeout(600), pytest.mark.slow]

_READ_ONLY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": ["arn:aws:s3:::*"]}],
}


def one_complaint(err: str) -> str:
    """The one line of rayocr's. Ray may add its own, about actors and about tasks that end with the run."""
    (line,) = (line for line in err.splitlines() if line.startswith("rayocr: "))
    return line


def any_result(minio: MinioServer, bucket: str) -> bool:
    page = minio.client.list_objects_v2(Bucket=bucket, Prefix="out/")
    return any(entry["Key"].endswith(".png.json") for entry in page.get("Contents", ()))


def fill(folder: Path, documents: int) -> Path:
    folder.mkdir(parents=True)
    for number in range(documents):
        (folder / f"{number:03}.png").write_bytes(page_file(f"NUMBER {number:03}"))
    return folder


def results_below(folder: Path) -> dict[str, bytes]:
    """The results of a run into a folder, by key."""
    return {
        path.name.removesuffix(".json"): path.read_bytes()
        for path in folder.rglob("*.json")
        if not str(path.relative_to(folder)).startswith("_")
    }


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with room for few files."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=16m,nr_inodes=13", "tmpfs", str(folder)]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    # Mounting is a right that most containers do not have, and only a file system of its own can be filled safely.
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here, and so none filled: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_full_disk_stops_the_run_and_nothing_is_lost(
    bulk: Bulk, minio: MinioServer, tmp_path: Path, small_disk: Path
) -> None:
    source = fill(tmp_path / "in", 16)
    arguments = (f"--input={source}", f"--output={small_disk}")

    code, _, err = bulk(*arguments)

    assert code == InsufficientStorage.exit_code, err
    assert os.strerror(28) in one_complaint(err)
    first = results_below(small_disk)
    assert 0 < len(first) < 16

    subprocess.run(["mount", "-o", "remount,nr_inodes=1000", str(small_disk)], check=True)
    code, _, err = bulk(*arguments)

    assert (code, err) == (0, "")
    second = results_below(small_disk)
    assert sorted(second) == [f"{number:03}.png" for number in range(16)]
    assert {key: json.loads(content)["text"] for key, content in second.items()} == {
        key: f"NUMBER {key[:3]}" for key in second
    }
    assert {key: second[key] for key in first} == first  # none was read again
    assert (small_disk / "_errors.jsonl").read_bytes() == b""
    assert list(small_disk.rglob(".rayocr-*")) == []


def test_disk_that_is_full_before_shows_at_once(
    bulk: Bulk, minio: MinioServer, tmp_path: Path, small_disk: Path
) -> None:
    source = fill(tmp_path / "in", 1)
    (small_disk / "ballast").write_bytes(bytes(16 * 2**20))
    code, out, err = bulk(f"--input={source}", f"--output={small_disk}/out")
    assert (code, out) == (InsufficientStorage.exit_code, "")
    assert "make space" in one_complaint(err)


def test_storage_that_stays_away_stops_the_run_and_no_document_is_to_blame(bulk: Bulk, minio: MinioServer) -> None:
    bucket = minio.bucket()
    put(minio, bucket, **{f"{number:03}": page_file(f"NUMBER {number:03}") for number in range(48)})
    arguments = (f"--input=s3://{bucket}/in/", f"--output=s3://{bucket}/out/", "--storage-patience=8")
    away = ended = 0.0
    has_ended = threading.Event()

    def take_away() -> None:
        nonlocal away
        while not has_ended.is_set() and not any_result(minio, bucket):
            time.sleep(0.05)
        away = time.monotonic()  # the end of a server takes a while too
        minio.kill()

    thief = threading.Thread(target=take_away)
    thief.start()
    try:
        code, _, err = bulk(*arguments)
        ended = time.monotonic()
    finally:
        has_ended.set()
        thief.join()
        minio.start()

    assert code == StorageUnavailable.exit_code, err
    assert "can't be reached" in one_complaint(err)
    # It gives up when the next pause, of up to 5 s, would last longer than its patience of 8 s. Who has waited in vain
    # is not made to wait again for the reports; Ray's end takes some seconds.
    assert 2 < ended - away < 100
    first = results_in(minio, bucket)
    assert 0 < len(without_timings(first)) < 48
    assert first.get("_errors.jsonl", b"") == b""

    code, _, err = bulk(*arguments)

    assert (code, err) == (0, "")
    second = results_in(minio, bucket)
    texts = {key: result["text"] for key, result in without_timings(second).items()}
    assert texts == {f"{number:03}.png": f"NUMBER {number:03}" for number in range(48)}
    assert second["_errors.jsonl"] == b""


def test_missing_permission_to_write_shows_at_once(bulk: Bulk, minio: MinioServer) -> None:
    bucket = minio.bucket()
    put(minio, bucket, alpha=page_file("ALPHA"))
    code, out, err = bulk(
        f"--input=s3://{bucket}/in/", f"--output=s3://{bucket}/out/", **_credentials(minio, _READ_ONLY)
    )
    assert (code, out) == (AccessDenied.exit_code, "")
    assert f"no permission to write s3://{bucket}/out/" in one_complaint(err)
    assert "s3:PutObject" in err
    assert results_in(minio, bucket) == {}


def test_too_many_errors_stop_the_run(bulk: Bulk, minio: MinioServer, tmp_path: Path) -> None:
    source, output = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    for number in range(3000):
        (source / f"{number:04}.png").write_bytes(b"no picture")

    code, _, err = bulk(f"--input={source}", f"--output={output}")

    assert code == TooManyErrors.exit_code, err
    assert "more than --max-error-rate 0.1 allows" in one_complaint(err)
    summary = json.loads((output / "_summary.json").read_bytes())
    assert (summary["state"], summary["complete"]) == ("failed", False)
    failed = summary["counts"]["failed"]
    assert 100 <= failed < 3000
    assert len((output / "_errors.jsonl").read_bytes().splitlines()) == failed


def _credentials(minio: MinioServer, policy: dict[str, Any]) -> dict[str, str]:
    """Variables of a temporary user who may do no more than a policy says."""
    session = boto3.session.Session(
        aws_access_key_id=minio.access_key, aws_secret_access_key=minio.secret_key, region_name="us-east-1"
    )
    answer = session.client("sts", endpoint_url=minio.endpoint).assume_role(
        RoleArn="arn:aws:iam::0:role/any", RoleSessionName="tests", Policy=json.dumps(policy)
    )
    given = answer["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }
