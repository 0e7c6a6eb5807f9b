"""The snippets of pages for programs, run against a real service: commands in bash, and programs in Python."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.minio import MinioServer
from tests.pictures import drawn_page, encoded
from tests.ray_node import environment_of_users
from tests.service import RunningService

_ROOT = Path(__file__).parents[3]
_PAGES = ("docs/reference/doors.md", "docs/how-to/python-client.md", "clients/python/README.md")
_FENCED = re.compile(r"^```(\w+)\n(.*?)^```$(?:\n\n^```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)
_SHOWN_AS = "http://127.0.0.1:8000"
_BUCKET = re.compile(r"(?<=s3://)scans\b|(?<=\")scans(?=\")")


def _snippets() -> Iterator[tuple[str, str, str]]:
    """The language, the program, and the output that the pages show; '' for none."""
    texts = "\n".join((_ROOT / page).read_text(encoding="utf-8") for page in _PAGES)
    for kind, body, shown in _FENCED.findall(texts):
        if kind == "console":
            lines = body.splitlines(keepends=True)
            yield (
                "bash",
                "".join(line[2:] for line in lines if line.startswith("$ ")),
                "".join(line for line in lines if not line.startswith("$ ")),
            )
        elif kind in {"bash", "python"}:
            yield kind, body, shown
        elif kind not in {"json", "text", "yaml"}:
            raise ValueError(f"a block of the kind {kind} that no test runs: {body[:80]}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the pages name."""
    for program in ("curl", "jq"):
        if shutil.which(program) is None:
            pytest.fail(f"{program} is missing: apt-get install {program}", pytrace=False)
    folder = tmp_path_factory.mktemp("doors")
    for name in ("receipt.png", "receipt.jpg"):
        (folder / name).write_bytes(encoded(drawn_page("INVOICE 2041", "TOTAL 13.50")))
    (folder / "notes.txt").write_text("not a picture")
    return folder


@pytest.fixture(scope="module")
def bucket(minio: MinioServer, folder: Path) -> str:
    """The bucket that the pages call `scans`, with the same files."""
    bucket = minio.bucket()
    for file in folder.iterdir():
        minio.client.put_object(Bucket=bucket, Key=file.name, Body=file.read_bytes())
    return bucket


@pytest.mark.parametrize(("kind", "program", "shown"), [*_snippets()], ids=lambda text: text.strip()[:40])
def test_snippet_prints_what_the_page_shows(
    folder: Path, bucket: str, service: RunningService, kind: str, program: str, shown: str
) -> None:
    command = {"bash": ["bash", "-euo", "pipefail"], "python": [sys.executable, "-"]}[kind]
    environment = {**environment_of_users(), "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        command,
        input=_BUCKET.sub(bucket, program.replace(_SHOWN_AS, service.url)),
        cwd=folder,
        env={**environment, "no_proxy": "127.0.0.1,localhost"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert not shown or done.stdout.replace(service.url, _SHOWN_AS) == shown
