"""Bulk runs from a real bucket, with a real Ray."""

import json
import re
import signal
import time
from contextlib import suppress

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


def test_reads_each_document_once_and_goes_on_where_it_was(bulk: Bulk, minio: MinioServer, bucket: str) -> None:
    minio.client.put_object(Bucket=bucket, Key="in/notes.txt", Body=b"no picture")
    arguments = (f"--input=s3://{bucket}/in/", f"--output=s3://{bucket}/out/", "--max-error-rate=0.5")
    code, out, err = bulk(*arguments)
    assert code == 0, err
    *under_way, end = map(json.loads, out.splitlines())
    assert all(status["state"] == "running" for status in under_way)
    first = results_in(minio, bucket)
    assert (end["state"], end["counts"]) == ("complete", first["_summary.json"]["counts"])
    texts = {result["key"]: result["text"] for result in without_timings(first).values()}
    assert texts == {f"{word.lower()}.png": f"{word} 12345" for word in WORDS}
    errors = [json.loads(line) for line in first["_errors.jsonl"].splitlines()]
    assert [(error["key"], error["code"]) for error in errors] == [("notes.txt", "unsupported_type")]

    put(minio, bucket, golf=page_file("GOLF 12345"))
    code, _, err = bulk(*arguments)
    assert code == 0, err
    second = results_in(minio, bucket)
    counts = second["_summary.json"]["counts"]
    assert (counts["listed"], counts["skipped_done"], counts["skipped_failed"], counts["done"]) == (8, 6, 1, 1)
    assert {name: second[name] for name in first if not name.startswith("_")} == {
        name: first[name] for name in first if not name.startswith("_")
    }


@pytest.mark.parametrize(
    ("colocated", "faults"),
    [
        ("true", {"segfault": ("replica_crashed", 3), "hang": ("replica_crashed", 3), "raise": ("internal", 1)}),
        ("false", {"raise": ("internal", 1)}),
    ],
)
def test_poisonous_pictures_cost_themselves_alone(
    bulk: Bulk, minio: MinioServer, bucket: str, colocated: str, faults: dict[str, tuple[str, int]]
) -> None:
    put(minio, bucket, **{f"bravo_{fault}": page_file("FAULT", marker=FAULT_COLORS[fault]) for fault in faults})
    pages = [drawn_page("PAGE", marker=marker) for marker in (None, FAULT_COLORS["segfault"], None)]
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


def test_stops_on_a_signal_and_goes_on(bulk: Bulk, minio: MinioServer, bucket: str) -> None:
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
    assert results_in(minio, bucket)["_summary.json"]["state"] == "stopped"
    # Each takes 1 % of a CPU for being there; Ray Data has three more by itself.
    assert {"Coordinator", "Writer"} <= workers <= {"Coordinator", "Writer", "IDLE", "MapWorker"}

    code, _, err = bulk(*arguments)
    assert code == 0, err
    found = results_in(minio, bucket)
    assert len(without_timings(found)) == len(WORDS)
    assert found["_summary.json"]["complete"] is True


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
