"""Killing parts of a bulk run at random moments, and looking at what is left when it is through."""

import io
import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pyarrow.parquet as pq

from tests.minio import MinioServer
from tests.pictures import drawn_page, encoded

__all__ = ["EVENTS", "Killed", "fill_bucket", "killed_run", "read_results", "undisturbed_run"]

_ROOT = Path(__file__).parents[3]
EVENTS = ("driver", "worker", "minio")
_MOST_S = 300.0
_WORKERS = ("ray::MapWorker", "ray::Writer", "ray::Coordinator", "ray::Read")


@dataclass(slots=True)
class Killed:
    """What was done to a run.

    Args:
        events: In their order: the part, and after how many seconds.
        starts: How often the command was given.
        duration_s: Until it was through.
    """

    events: list[tuple[str, float]] = field(default_factory=list)
    starts: int = 0
    duration_s: float = 0.0


def fill_bucket(minio: MinioServer, documents: int) -> str:
    """Make a bucket with that many drawn pictures, each with a text of its own, and one that is none."""
    bucket = minio.bucket()
    for number in range(documents):
        picture = encoded(drawn_page(f"INVOICE {number:05}", f"TOTAL {number * 7}.50"))
        minio.client.put_object(Bucket=bucket, Key=f"in/{number:05}.png", Body=picture)
    minio.client.put_object(Bucket=bucket, Key="in/notes.txt", Body=b"no picture")
    return bucket


def undisturbed_run(minio: MinioServer, bucket: str, output_format: str) -> dict[str, list[Any]]:
    """Read the bucket once, with nothing in the way; the results by key."""
    process = _start(minio, bucket, "reference/", output_format)
    _, err = process.communicate(timeout=_MOST_S)
    assert process.returncode == 0, err.decode()
    return read_results(minio, bucket, "reference/", output_format)


def killed_run(minio: MinioServer, bucket: str, output: str, output_format: str, source: random.Random) -> Killed:
    """Read the bucket while things are killed, giving the command again until it ends well.

    Args:
        minio: Is killed too, and started again.
        bucket: From `fill_bucket`.
        output: Prefix of the results.
        output_format: Of the results.
        source: Chooses moments and parts.
    """
    killed = Killed()
    started = time.monotonic()
    moments = sorted(source.uniform(1.0, 22.0) for _ in range(source.randint(1, 3)))
    process = _start(minio, bucket, output, output_format)
    killed.starts = 1
    try:
        while time.monotonic() - started < _MOST_S:
            now = time.monotonic() - started
            if moments and now >= moments[0]:
                moments.pop(0)
                event = source.choice(EVENTS)
                killed.events.append((event, round(now, 1)))
                _kill(event, process, minio, source)
            code = process.poll()
            if code == 0:
                killed.duration_s = round(time.monotonic() - started, 1)
                return killed
            if code is not None:
                process.communicate()
                assert code in (-signal.SIGKILL, 74), f"ended with {code} after {killed.events}"
                process = _start(minio, bucket, output, output_format)
                killed.starts += 1
            time.sleep(0.05)
        raise AssertionError(f"not through after {_MOST_S:g} s: {killed}")
    finally:
        process.kill()
        process.communicate()


def read_results(minio: MinioServer, bucket: str, output: str, output_format: str) -> dict[str, list[Any]]:
    """All results of a run by key, without what is never the same twice: a list, since a key must not come twice."""
    found: dict[str, list[Any]] = {}
    client: Any = minio.client  # its own types name no more than the storages use
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=output)
    for entry in (entry for page in pages for entry in page.get("Contents", ())):
        name = entry["Key"].removeprefix(output)
        if name.startswith("_"):
            continue
        content = client.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
        for row in _rows(content, output_format):
            row.pop("timings_ms", None)
            found.setdefault(row["key"], []).append(row)
    return found


def _rows(content: bytes, output_format: str) -> list[dict[str, Any]]:
    if output_format == "parquet":
        rows: list[dict[str, Any]] = pq.read_table(io.BytesIO(content)).to_pylist()
        return rows
    return [json.loads(line) for line in content.splitlines()]


def _start(minio: MinioServer, bucket: str, output: str, output_format: str) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, **minio.environment()}
    environment.pop("RAY_ADDRESS", None)
    command = [
        *(sys.executable, "-m", "serve.bulk", "--format", output_format, "--max-error-rate", "0.5"),
        *("--input", f"s3://{bucket}/in/", "--output", f"s3://{bucket}/{output}", "--shard-documents", "8"),
    ]
    return subprocess.Popen(command, cwd=_ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def _kill(event: str, process: "subprocess.Popen[bytes]", minio: MinioServer, source: random.Random) -> None:
    if event == "driver":
        # Its Ray ends with it, as with a machine that loses power.
        process.kill()
    elif event == "minio":
        minio.kill()
        time.sleep(source.uniform(0.0, 3.0))
        minio.start()
    elif workers := _workers(process.pid):
        source.choice(workers).kill()


def _workers(driver: int) -> list[psutil.Process]:
    workers = []
    try:
        for child in psutil.Process(driver).children(recursive=True):
            command = child.cmdline()
            if command and command[0].startswith(_WORKERS):
                workers.append(child)
    except psutil.Error:
        pass  # the driver has just ended
    return sorted(workers, key=lambda worker: worker.pid)
