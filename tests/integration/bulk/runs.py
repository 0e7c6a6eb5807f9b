"""Bulk runs as their users start them, and what they leave behind."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.minio import MinioServer
from tests.nets import QUICK_NETS
from tests.pictures import drawn_page, encoded
from tests.ray_node import environment_of_users

__all__ = [
    "Bulk",
    "Ended",
    "names_in",
    "page_file",
    "put",
    "results_in",
    "start_bulk",
    "without_timings",
]

_ROOT = Path(__file__).parents[3]

#: Exit code, standard output, standard error.
Ended = tuple[int, str, str]
#: Runs `rayocr bulk` with arguments and, by name, variables.
Bulk = Callable[..., Ended]


def page_file(*rows: str, marker: tuple[int, int, int] | None = None) -> bytes:
    """A small PNG file with some rows of text."""
    return encoded(drawn_page(*rows, marker=marker))


def put(minio: MinioServer, bucket: str, **objects: bytes) -> None:
    """Store objects; their names end in `.png`."""
    for name, content in objects.items():
        minio.client.put_object(Bucket=bucket, Key=f"in/{name}.png", Body=content)


def start_bulk(minio: MinioServer, *arguments: str) -> subprocess.Popen[str]:
    """Start a run in a process of its own, with a Ray of its own."""
    environment = {**environment_of_users(), **QUICK_NETS, **minio.environment()}
    return subprocess.Popen(
        [sys.executable, "-m", "serve.bulk", *arguments],
        cwd=_ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def names_in(minio: MinioServer, bucket: str, prefix: str = "out/") -> list[str]:
    """The names below a prefix of the bucket. Of a run that is going on: what is listed may be gone the next moment."""
    client: Any = minio.client  # its own types name no more than the storages use
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return [entry["Key"].removeprefix(prefix) for page in pages for entry in page.get("Contents", ())]


def results_in(minio: MinioServer, bucket: str, prefix: str = "out/") -> dict[str, Any]:
    """What lies below a prefix of the bucket by name: JSON objects parsed, other content as bytes."""
    found: dict[str, Any] = {}
    client: Any = minio.client
    for name in names_in(minio, bucket, prefix):
        content = client.get_object(Bucket=bucket, Key=f"{prefix}{name}")["Body"].read()
        found[name] = json.loads(content) if name.endswith(".json") else content
    return found


def without_timings(results: dict[str, Any]) -> dict[str, Any]:
    """Results of documents by key, without what is never the same twice."""
    return {
        result["key"]: {name: value for name, value in result.items() if name != "timings_ms"}
        for name, result in results.items()
        if name.endswith(".json") and not name.startswith("_")
    }
