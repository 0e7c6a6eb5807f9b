"""Killing parts of a bulk run at random moments, and looking at what is left when it is through."""

import io
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pyarrow.parquet as pq

from tests.e2e.bulk_kill.nodes import RayNodes
from tests.minio import MinioServer
from tests.pictures import drawn_page, encoded

__all__ = ["KINDS", "KillBench", "Killed", "Results"]

KINDS = ("driver", "worker", "minio", "node")
"""What can be killed; with `node`, runs are those of a cluster of two nodes, else each starts a Ray of its own."""

Results = dict[str, list[Any]]
"""Results of a run by key: lists, since a key must not come twice."""

_ROOT = Path(__file__).parents[3]
_MOST_S = 300.0
_FIRST_S = 1.0
_AGAIN_S = 0.5
_WORKERS = ("ray::MapWorker", "ray::Writer", "ray::Coordinator", "ray::Read")
# Small shards, so that some are written before the end.
_SHARD_DOCUMENTS = 8


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


class KillBench:
    """A bucket of pictures, and runs over it.

    Args:
        minio: Holds the bucket.
        output_format: Of the results.
        documents: Drawn pictures, each with a text of its own; one more is none.
        kinds: What is killed, of `KINDS`.
    """

    def __init__(self, minio: MinioServer, output_format: str, documents: int, kinds: Sequence[str]) -> None:
        self._minio = minio
        self._format = output_format
        self._kinds = kinds
        self._nodes = RayNodes(minio.environment(), cpus=2) if "node" in kinds else None
        self._undisturbed_s = 0.0
        self._bucket = minio.bucket()
        for number in range(documents):
            picture = encoded(drawn_page(f"INVOICE {number:05}", f"TOTAL {number * 7}.50"))
            minio.client.put_object(Bucket=self._bucket, Key=f"in/{number:05}.png", Body=picture)
        minio.client.put_object(Bucket=self._bucket, Key="in/notes.txt", Body=b"no picture")

    def undisturbed(self) -> Results:
        """Read the bucket once, with nothing in the way."""
        if self._nodes is not None:
            self._nodes.start()
        started = time.monotonic()
        process = self._start("reference/")
        _, err = process.communicate(timeout=_MOST_S)
        assert process.returncode == 0, err.decode()
        self._undisturbed_s = time.monotonic() - started
        return self.results("reference/")

    def killed(self, output: str, source: random.Random) -> Killed:
        """Read the bucket while things are killed, giving the command again until it ends well.

        Args:
            output: Prefix of the results.
            source: Chooses moments and parts. The moments are those in which an undisturbed run would be at work.
        """
        if self._nodes is not None:
            self._nodes.start()  # what the run before has lost
        killed = Killed()
        started = time.monotonic()
        moments = sorted(source.uniform(_FIRST_S, self._undisturbed_s) for _ in range(source.randint(1, 3)))
        process = self._start(output)
        killed.starts = 1
        try:
            while time.monotonic() - started < _MOST_S:
                now = time.monotonic() - started
                if moments and now >= moments[0]:
                    moments.pop(0)
                    kind = source.choice(self._kinds)
                    if self._kill(kind, process, source):
                        killed.events.append((kind, round(now, 1)))
                    elif kind == "worker":  # none has started yet
                        moments.insert(0, now + _AGAIN_S)
                code = process.poll()
                if code == 0:
                    killed.duration_s = round(time.monotonic() - started, 1)
                    return killed
                if code is not None:
                    _, err = process.communicate()
                    assert code in (-signal.SIGKILL, 74), f"{code} after {killed.events}: {err.decode()[-2000:]}"
                    process = self._start(output)
                    killed.starts += 1
                time.sleep(0.05)
            raise AssertionError(f"not through after {_MOST_S:g} s: {killed}")
        finally:
            process.kill()
            process.communicate()

    def results(self, output: str) -> Results:
        """All results of a run, without what is never the same twice."""
        found: Results = {}
        client: Any = self._minio.client  # its own types name no more than the storages use
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=output)
        for entry in (entry for page in pages for entry in page.get("Contents", ())):
            name = entry["Key"].removeprefix(output)
            if name.startswith("_"):
                continue
            content = client.get_object(Bucket=self._bucket, Key=entry["Key"])["Body"].read()
            for row in _rows(content, self._format):
                row.pop("timings_ms", None)
                found.setdefault(row["key"], []).append(row)
        return found

    def stop(self) -> None:
        """End the nodes, if there are any."""
        if self._nodes is not None:
            self._nodes.stop()

    def _start(self, output: str) -> "subprocess.Popen[bytes]":
        environment = {**os.environ, **self._minio.environment()}
        environment.pop("RAY_ADDRESS", None)
        if self._nodes is not None:
            environment.update(self._nodes.environment())
        command = [
            *(sys.executable, "-m", "serve.bulk", "--format", self._format, "--max-error-rate", "0.5"),
            *("--input", f"s3://{self._bucket}/in/", "--output", f"s3://{self._bucket}/{output}"),
            *("--shard-documents", str(_SHARD_DOCUMENTS)),
        ]
        return subprocess.Popen(command, cwd=_ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def _kill(self, kind: str, process: "subprocess.Popen[bytes]", source: random.Random) -> bool:
        """Kill a part; whether it was there."""
        if kind == "driver":
            # A Ray of its own ends with it, as with a machine that loses power.
            process.kill()
        elif kind == "minio":
            self._minio.kill()
            time.sleep(source.uniform(0.0, 3.0))
            self._minio.start()
        elif kind == "node":
            assert self._nodes is not None
            return self._nodes.kill_other()
        else:
            workers = self._workers(process)
            if not workers:
                return False
            source.choice(workers).kill()
        return True

    def _workers(self, driver: "subprocess.Popen[bytes]") -> list[psutil.Process]:
        try:
            processes = (
                psutil.Process(driver.pid).children(recursive=True) if self._nodes is None else self._nodes.processes()
            )
            workers = [process for process in processes if "".join(process.cmdline()).startswith(_WORKERS)]
        except psutil.Error:  # one has just ended
            return []
        return sorted(workers, key=lambda worker: worker.pid)


def _rows(content: bytes, output_format: str) -> list[dict[str, Any]]:
    if output_format == "parquet":
        rows: list[dict[str, Any]] = pq.read_table(io.BytesIO(content)).to_pylist()
        return rows
    return [json.loads(line) for line in content.splitlines()]
