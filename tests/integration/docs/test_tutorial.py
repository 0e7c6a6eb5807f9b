"""The commands of docs/tutorial, on a laptop and from a bucket, typed into bash against a real service and MinIO."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.minio import MinioServer
from tests.ray_node import environment_of_users
from tests.service import RunningService
from tests.tutorial import Step, tutorial_steps

# A service starts here, and a dozen commands: on a busy machine that takes minutes.
pytestmark = pytest.mark.timeout(400)

ROOT = Path(__file__).parents[3]
PAGES = ("laptop.md", "bucket.md")
# Programs that the reader keeps running: the fixtures start them once, since a second start takes half a minute.
MAKE_RUN = "make run\n"
KEYS = """\
export AWS_ENDPOINT_URL=http://127.0.0.1:9000 AWS_REGION=us-east-1
export AWS_ACCESS_KEY_ID=tutorial AWS_SECRET_ACCESS_KEY=tutorial-secret
"""
START_MINIO = (
    "MINIO_ROOT_USER=tutorial MINIO_ROOT_PASSWORD=tutorial-secret "
    '"$(scripts/minio.sh)" server minio --address 127.0.0.1:9000\n'
)
# What differs from one run to the next, on the page and here.
CHANGING = (
    (r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", "ID"),
    (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME"),
)
_END = "end of step"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder in which the commands find what they use of a checkout, and leave their files."""
    if shutil.which("curl") is None:
        pytest.fail("curl is missing: apt-get install curl", pytrace=False)
    for name in ("docs", "scripts"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


def stable(text: str) -> str:
    for pattern, name in CHANGING:
        text = re.sub(pattern, name, text)
    return text


def typed(steps: list[Step], folder: Path, service: RunningService, minio: MinioServer) -> list[str]:
    """Type all commands into one bash, and return what each step printed."""
    script = "".join(f"{step.commands}echo '{_END}'\n" for step in steps)
    for ours, theirs in (
        ("http://127.0.0.1:8000", service.url),
        ("localhost:8000", service.url.removeprefix("http://")),
        ("http://127.0.0.1:9000", minio.endpoint),
        ("AWS_ACCESS_KEY_ID=tutorial", f"AWS_ACCESS_KEY_ID={minio.access_key}"),
        ("AWS_SECRET_ACCESS_KEY=tutorial-secret", f"AWS_SECRET_ACCESS_KEY={minio.secret_key}"),
    ):
        script = script.replace(ours, theirs)
    environment = {
        **environment_of_users(),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "no_proxy": "127.0.0.1,localhost",
    }
    done = subprocess.run(
        ["bash"], input=script, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    return done.stdout.split(f"{_END}\n")[:-1]


def test_programs_that_keep_running_are_those_of_the_fixtures() -> None:
    kept = [step.commands for page in PAGES for step in tutorial_steps(page) if step.terminal]
    assert kept == [MAKE_RUN, START_MINIO, KEYS + MAKE_RUN]
    made = subprocess.run(["make", "--dry-run", "run"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert made.stdout.splitlines()[-1].endswith("bin/rayocr serve --host 127.0.0.1 --port 8000")
    assert os.access(ROOT / "scripts/minio.sh", os.X_OK)


def test_service_says_that_it_is_ready_as_shown(service: RunningService) -> None:
    shown = tutorial_steps("laptop.md")[0].shown
    announced = re.sub(r"logs: [^)]+", "logs: ...", service.announcement)
    assert announced.replace(service.url, "http://127.0.0.1:8000") == shown


def test_commands_print_what_the_pages_show(checkout: Path, service: RunningService, minio: MinioServer) -> None:
    steps = [step for page in PAGES for step in tutorial_steps(page) if not step.terminal]
    printed = typed(steps, checkout, service, minio)
    assert len(printed) == len(steps)
    for step, text in zip(steps, printed, strict=True):
        assert stable(text) == stable(step.shown or ""), step.commands
    assert (checkout / "boxes.png").read_bytes().startswith(b"\x89PNG")
    assert (checkout / "receipt.pdf").read_bytes().startswith(b"%PDF")
