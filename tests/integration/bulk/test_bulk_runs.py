"""Bulk runs from a real bucket, with a real Ray."""

import json
import re
import signal
import time
from contextlib import suppress
from typing import Any

import psutil
import pytest

from models.errors import SourceNotFound
from tests.faults.stages import FAULT_COLORS
from tests.integration.bulk.runs import Bulk, names_in, page_file, put, results_in, start_bulk, without_timings
from tests.minio import MinioServer
from tests.pictures import drawn_page, encoded

pytestmark = pytest.mark.timeout(600)

WORDS = ("ALPHA", "BRAVO", "CHARLIE", "DELTA", "ECHO", "FOXTROT")


@pytest.fixture
def bucket(minio: MinioServer) -> str:
    name = minio.bucket()
    put(minio, name, **{word.lower(): page_file(f"{word} 12345") for word in WORDS})
    return name


def test_reads_each_document_once_and_what_failed_or_changed_again_when_asked(
    bulk: Bulk, minio: MinioServer, bucket: str
) -> None:
    put(minio, bucket, charlie=b"no picture")

    def run(*options: str) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """Standard output, all files, and the results by key."""
        arguments = (f"--input=s3://{bucket}/in/", f"--output=s3://{bucket}/out/", "--max-error-rate=0.5")
        code, out, err = bulk(*arguments, *options)
        assert code == 0, err
        found = results_in(minio, bucket)
        return out, found, {name[:-9]: found[name] for name in found if name.endswith(".png.json")}

    def counts_of(found: dict[str, Any]) -> tuple[int, ...]:
        counts = found["_summary.json"]["counts"]
        return tuple(counts[name] for name in ("listed", "skipped_done", "skipped_failed", "done", "failed"))

    out, found, first = run()
    *under_way, end = map(json.loads, out.splitlines())
    assert all(status["state"] == "running" for status in under_way)
    assert (end["state"], end["counts"]) == ("complete", found["_summary.json"]["counts"])
    assert counts_of(found) == (6, 0, 0, 5, 1)
    assert {key: result["text"] for key, result in first.items()} == {
        word.lower(): f"{word} 12345" for word in WORDS if word != "CHARLIE"
    }
    errors = [json.loads(line) for line in found["_errors.jsonl"].splitlines()]
    assert [(error["key"], error["code"]) for error in errors] == [("charlie.png", "unsupported_type")]

    put(minio, bucket, golf=page_file("GOLF"), bravo=page_file("BRAVO TWO"), charlie=page_file("CHARLIE"))
    _, found, second = run()
    assert counts_of(found) == (7, 5, 1, 1, 0)
    assert second == {**first, "golf": second["golf"]}  # that bravo has changed is not looked at

    _, found, third = run("--retry-failed")
    assert counts_of(found) == (7, 6, 0, 1, 0)
    assert third == {**second, "charlie": third["charlie"]}
    assert (third["charlie"]["text"], found["_errors.jsonl"]) == ("CHARLIE", b"")

    _, found, fourth = run("--refresh")
    assert counts_of(found) == (7, 6, 0, 1, 0)
    assert fourth == {**third, "bravo": fourth["bravo"]}
    assert fourth["bravo"]["text"] == "BRAVO TWO"
    assert fourth["bravo"]["etag"] != third["bravo"]["etag"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("colocated", "faults"),
    [
        ("true", {"segfault": ("replica_crashed", 3), "raise": ("internal", 1)}),
        ("false", {"raise": ("internal", 1)}),
    ],
)
def test_poisonous_pictures_cost_themselves_alone(
    bulk: Bulk, minio: MinioServer, bucket: str, colocated: str, faults: dict[str, tuple[str, int]]
) -> None:
    put(minio, bucket, **{f"bravo_{fault}": page_file("FAULT", marker=FAULT_COLORS[fault]) for fault in faults})
    of_a_page = "hang" if "segfault" in faults else "segfault"
    pages = [drawn_page("PAGE", marker=marker) for marker in (None, FAULT_COLORS[of_a_page], None)]
    minio.client.put_object(Bucket=bucket, Key="in/one_of_three.tif", Body=encoded(*pages, kind="TIFF"))
    code, out, err = bulk(
        f"s3://{bucket}/in/",
        f"s3://{bucket}/out/",
        is_faulty=True,
        RAYOCR_DETECTION__MAX_WORK_S="3",
        RAYOCR_COLOCATED=colocated,
    )
    assert code == 0, err
    # Ray tells of workers that end; nothing of it stands among the lines of progress.
    assert {json.loads(line)["state"] for line in out.splitlines()} <= {"running", "complete"}
    found = results_in(minio, bucket)
    results = without_timings(found)
    assert sorted(results) == sorted([*(f"{word.lower()}.png" for word in WORDS), "one_of_three.tif"])
    assert [page["page"] for page in results["one_of_three.tif"]["pages"]] == [1, 3]
    assert [(one["code"], one["page"]) for one in results["one_of_three.tif"]["warnings"]] == [("page_failed", 2)]
    errors = {error["key"]: error for error in map(json.loads, found["_errors.jsonl"].splitlines())}
    assert {key: (error["code"], error["attempts"]) for key, error in errors.items()} == {
        f"bravo_{fault}.png": outcome for fault, outcome in faults.items()
    }


@pytest.mark.slow
def test_stops_on_a_signal(minio: MinioServer, bucket: str) -> None:
    arguments = (f"--input=s3://{bucket}/in/", f"--output=s3://{bucket}/out/")
    with start_bulk(minio, *arguments) as process:
        try:
            workers: set[str] = set()
            while process.poll() is None and not (
                {"Coordinator", "Writer"} <= workers and "_state/status.json" in names_in(minio, bucket)
            ):
                time.sleep(0.2)
                workers = _ray_workers(process.pid)
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=200)
        finally:
            process.kill()
    assert process.returncode == 128 + signal.SIGTERM, err
    assert "the same command goes on" in err
    found = results_in(minio, bucket)
    assert (found["_summary.json"]["state"], found["_summary.json"]["complete"]) == ("stopped", False)
    assert found["_errors.jsonl"] == b""  # what was not read is no error, and is read by the same command
    assert "_state/lease.json" not in found
    # Each takes 1 % of a CPU for being there; Ray Data has three more by itself.
    assert {"Coordinator", "Writer"} <= workers <= {"Coordinator", "Writer", "IDLE", "MapWorker"}


def _ray_workers(pid: int) -> set[str]:
    """The worker processes of a run: the classes of its actors, and IDLE for those that wait for tasks."""
    found = set()
    for child in psutil.Process(pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            title = re.match(r"ray::(\w+)", "".join(child.cmdline()))
            if title is not None:
                found.add(title[1])
    return found - {"DashboardAgent", "RuntimeEnvAgent"}


def test_wrong_bucket_is_one_line_and_its_exit_code(bulk: Bulk, minio: MinioServer) -> None:
    code, out, err = bulk("--input=s3://no-such-bucket/in/", "--output=s3://no-such-bucket/out/")
    assert (code, out, len(err.splitlines())) == (SourceNotFound.exit_code, "", 1), err
    assert "no-such-bucket" in err
