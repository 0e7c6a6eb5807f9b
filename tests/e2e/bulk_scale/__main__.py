"""`python -m tests.e2e.bulk_scale [--objects 100000] [--left 1000] [--format json]`: a run, and its resume."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from serve.bulk.write.outputs import RESULT_FORMATS
from tests.minio import MinioServer, minio_program
from tests.pictures import drawn_page, encoded

_ROOT = Path(__file__).parents[3]
_SAMPLE_EVERY_S = 5.0
_UPLOADS = 8
# So many different pictures; the rest are copies of them.
_PICTURES = 16


@dataclass(slots=True)
class Run:
    """What was seen of one run.

    Args:
        duration_s: From the command to its end.
        first_s: Until the first result.
        listed_s: Until the listing was complete.
        driver_mb: Memory (PSS) of the driver, sampled.
        all_mb: Of all processes, sampled.
        summary: The run's own.
    """

    duration_s: float = 0.0
    first_s: float | None = None
    listed_s: float | None = None
    driver_mb: list[float] = field(default_factory=list)
    all_mb: list[float] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)


def main() -> int:
    """Run, and return the exit code: 1 when a result is missing."""
    parser = argparse.ArgumentParser(prog="python -m tests.e2e.bulk_scale")
    parser.add_argument("--objects", type=int, default=100_000)
    parser.add_argument("--left", type=int, default=1000, help="results that are removed before the run goes on")
    parser.add_argument("--format", default="json", choices=RESULT_FORMATS)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        minio = MinioServer(minio_program(), Path(folder))
        minio.start()
        try:
            return _measure(minio, chosen)
        finally:
            minio.stop()


def _measure(minio: MinioServer, chosen: argparse.Namespace) -> int:
    bucket = minio.bucket()
    started = time.monotonic()
    _upload(minio, bucket, chosen.objects)
    print(f"{chosen.objects} objects were uploaded in {time.monotonic() - started:.0f} s", flush=True)
    _tell("run", _run(minio, bucket, chosen.format))
    complete = _result_keys(minio, bucket)
    if chosen.format != "json":
        return 0  # shards hold many documents each
    step = len(complete) // chosen.left
    for key in complete[::step][: chosen.left]:
        minio.client.delete_object(Bucket=bucket, Key=key)
    _tell(f"resume with {len(complete) - chosen.left} done", _run(minio, bucket, chosen.format))
    missing = chosen.objects - len(_result_keys(minio, bucket))
    print(f"{missing} results are missing")
    return 1 if missing or len(complete) != chosen.objects else 0


def _upload(minio: MinioServer, bucket: str, objects: int) -> None:
    pictures = [encoded(drawn_page(f"{number:02}")) for number in range(_PICTURES)]
    client = minio.client

    def upload(number: int) -> None:
        body = pictures[number % _PICTURES]
        client.put_object(Bucket=bucket, Key=f"in/{number // 1000:04}/{number:07}.png", Body=body)

    with ThreadPoolExecutor(_UPLOADS) as threads:
        for _ in threads.map(upload, range(objects)):
            pass


def _run(minio: MinioServer, bucket: str, output_format: str) -> Run:
    run = Run()
    environment = {**os.environ, **minio.environment(), "RAYOCR_RAY__METRICS_PORT": "0"}
    environment.pop("RAY_ADDRESS", None)
    started = time.monotonic()
    command = [sys.executable, "-m", "tests.e2e.bulk_scale.run", f"s3://{bucket}/in/", f"s3://{bucket}/out/"]
    process = subprocess.Popen([*command, output_format], cwd=_ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    reading = threading.Thread(target=_follow, args=(process, run, started))
    reading.start()
    while process.poll() is None:
        time.sleep(_SAMPLE_EVERY_S)
        memory = list(_memory_mb(process.pid))
        if memory:
            run.driver_mb.append(memory[0])
            run.all_mb.append(sum(memory))
    reading.join()
    run.duration_s = time.monotonic() - started
    if process.returncode:
        raise RuntimeError(f"the run ended with {process.returncode}")
    body = minio.client.get_object(Bucket=bucket, Key="out/_summary.json")["Body"]
    run.summary = json.loads(b"".join(body.iter_chunks(1 << 16)))
    return run


def _follow(process: "subprocess.Popen[str]", run: Run, started: float) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        status = json.loads(line)
        now = round(time.monotonic() - started, 1)
        if run.first_s is None and status["counts"]["done"]:
            run.first_s = now
        if run.listed_s is None and status["listing_ended"]:
            run.listed_s = now


def _memory_mb(driver: int) -> Iterator[float]:
    """Of the driver, then of each of its processes."""
    try:
        process = psutil.Process(driver)
        processes = [process, *process.children(recursive=True)]
    except psutil.Error:
        return
    for one in processes:
        try:
            yield one.memory_full_info().pss / 1e6
        except psutil.Error:  # it has just ended
            yield 0.0


def _result_keys(minio: MinioServer, bucket: str) -> list[str]:
    keys: list[str] = []
    more: dict[str, str] = {}
    while True:
        page = minio.client.list_objects_v2(Bucket=bucket, Prefix="out/", **more)
        keys += [entry["Key"] for entry in page.get("Contents", []) if "/_" not in entry["Key"]]
        if "NextContinuationToken" not in page:
            return keys
        more = {"ContinuationToken": page["NextContinuationToken"]}


def _tell(name: str, run: Run) -> None:
    def tenths(samples: list[float]) -> list[int]:
        return [round(samples[len(samples) * part // 10]) for part in range(10)] if samples else []

    print(f"{name}: {run.duration_s:.0f} s, first results within {run.first_s} s, all listed within {run.listed_s} s")
    print(f"  {run.summary['counts']}, {run.summary['images_per_s']} images/s, {run.summary['cpu_s_per_image']} CPU-s")
    print(f"  driver, MB by tenths of the run: {tenths(run.driver_mb)}, at most {max(run.driver_mb, default=0):.0f}")
    print(f"  all processes, MB: {tenths(run.all_mb)}, at most {max(run.all_mb, default=0):.0f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
