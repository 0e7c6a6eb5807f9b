"""`rayocr jobs` against the real API on a socket; the pages are settled by the tests."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn

from deployments.pipeline.attempts import Pipeline
from deployments.pipeline.routes import ColocatedReplicas
from serve.api.application import build_api
from serve.api.service import Service
from serve.cli.application import run
from serve.cli.console import Invocation
from serve.config.settings import Settings
from serve.jobs.runtime import JobsRuntime
from tests.waiting import until_true

KEY = "a1b2c3d4e5f60718"


class Here:
    """A service with jobs."""

    def __init__(self, jobs: JobsRuntime, url: str, key_file: Path) -> None:
        self.jobs = jobs
        self._options = ["--url", url, "--api-key-file", str(key_file)]

    def run(self, *arguments: object) -> int:
        return run(["jobs", *map(str, arguments), *self._options], Invocation())

    def settle(self, most: int = 1000, failed: tuple[int, ...] = ()) -> int:
        """Settle the pages that wait, and return how many these were."""
        leases = self.jobs.store.leases.take("tester", most, 60.0)
        for lease in leases:
            if lease.number in failed:
                self.jobs.store.leases.fail(lease, "unsupported_type", "it is a text")
            else:
                self.jobs.store.leases.complete(lease, b'{"text":"TOTAL \xc3\xa9"}')
        return len(leases)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    keys = tmp_path / "keys"
    keys.mkdir()
    (keys / "alice").write_text(KEY)
    settings = Settings.model_validate(
        {"http": {"api_keys_directory": str(keys)}, "jobs": {"directory": str(tmp_path / "jobs"), "max_pages": 300}}
    )
    jobs = JobsRuntime(settings)
    service = Service(settings, Pipeline(ColocatedReplicas(None, 1000)), jobs)  # type: ignore[arg-type]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(build_api(service), log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        yield Here(jobs, f"http://127.0.0.1:{listener.getsockname()[1]}", keys / "alice")
        server.should_exit = True
        thread.join()
    jobs.close()


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.png").write_bytes(b"first")
    (folder / "deep/b.png").write_bytes(b"second")
    (folder / "notes.txt").write_text("no picture")
    return folder


Said = Callable[[], tuple[str, str]]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    return lambda: tuple(capsys.readouterr())  # type: ignore[return-value]


def test_files_folders_and_places_become_one_job(here: Here, scans: Path, said: Said) -> None:
    assert here.run("submit", scans, scans / "notes.txt", "s3://scans/c.jpg") == 0
    job_id, complaints = said()
    assert "skipped 1 file in folders" in complaints
    leases = here.jobs.store.leases.take("tester", 10, 60.0)
    assert [(lease.job_id, lease.name) for lease in leases] == [
        (job_id.strip(), name)
        for name in ("s3://scans/c.jpg", f"{scans}/a.png", f"{scans}/deep/b.png", f"{scans}/notes.txt")
    ]
    contents = [here.jobs.uploads.read(lease.source, 100).data for lease in leases[1:]]
    assert contents == [b"first", b"second", b"no picture"]


def test_watch_tells_of_failures_and_ends_with_their_code(here: Here, scans: Path, said: Said) -> None:
    here.run("submit", scans)
    job_id = said()[0].strip()
    settling = threading.Timer(0.5, here.settle, kwargs={"failed": (2,)})
    settling.start()
    assert here.run("watch", job_id) == 65
    settling.join()
    out, complaints = said()
    assert f"{job_id} partial\n  2 pages: 1 read, 1 failed, 100%\n" in out
    assert complaints == f"rayocr: {scans}/deep/b.png: unsupported_type\n"


def test_submit_and_wait(here: Here, scans: Path, said: Said) -> None:
    settling = threading.Thread(target=until_true, args=(here.settle,))
    settling.start()
    assert here.run("submit", "--wait", "--idempotency-key", "march", scans / "a.png") == 0
    settling.join()
    out, _ = said()
    assert "succeeded\n  1 page: 1 read, 0 failed, 100%" in out
    assert here.run("submit", "--idempotency-key", "march", scans / "a.png") == 0
    assert said()[0].strip() == out.split()[0]  # the same job
    assert here.run("submit", "--idempotency-key", "march", scans / "deep/b.png") == 65
    assert "Idempotency-Key" in said()[1]


def test_result_is_lines_or_files(here: Here, scans: Path, tmp_path: Path, said: Said) -> None:
    here.run("submit", scans)
    (job,) = here.jobs.store.views.jobs("alice")[0]
    assert here.run("result", job.id) == 65  # 409: it waits
    here.settle(failed=(2,))
    assert here.run("result", job.id, "--output", tmp_path / "out") == 65
    files = sorted((tmp_path / "out").iterdir())
    assert [file.name for file in files] == ["00001-a.png.json", "00002-b.png.json"]
    page = json.loads(files[0].read_text(encoding="utf-8"))
    assert (page["name"], page["result"]) == (f"{scans}/a.png", {"text": "TOTAL é"})


def test_results_of_many_pages_come_whole(here: Here, capfd: pytest.CaptureFixture[str]) -> None:
    assert here.run("submit", *(f"s3://scans/{number}" for number in range(300))) == 0
    job_id = capfd.readouterr().out.strip()
    here.settle()
    assert here.run("result", job_id) == 0
    assert [json.loads(line)["page"] for line in capfd.readouterr().out.splitlines()] == list(range(1, 301))


def test_cancel_and_list(here: Here, said: Said) -> None:
    here.run("submit", "s3://scans/a")
    here.run("submit", "s3://scans/b")
    first, second = said()[0].split()
    assert here.run("cancel", first) == 0
    assert said()[0] == f"{first} cancelled\n"
    assert here.run("list") == 0
    rows = [line.split() for line in said()[0].splitlines()]
    assert [(row[0], row[2], row[3]) for row in rows] == [(second, "queued", "0/1"), (first, "cancelled", "0/1")]
    assert here.run("list", "--state", "cancelled", "--json") == 0
    assert json.loads(said()[0])["id"] == first
    assert here.run("watch", first) == 65
    assert here.run("cancel", first) == 0
    assert said()[0].endswith(f"{first} deleted\n")
    assert here.run("status", first) == 66
    assert here.run("status", second) == 0
    assert f"{second} queued, number 1 in the queue" in said()[0]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("submit", "missing.png"), 66, "missing.png"),
        (("submit", "s3://a-b-c/x/", "s3://a-b-c/y/"), 64, "one s3:// folder"),
        (("submit", "https://example.com/a.png"), 77, "https:// sources are off"),
        (("submit", "s3://scans/a", "--webhook", "https://example.com/"), 64, "webhook_secret"),
        (("submit", *["s3://scans/a"] * 301), 65, "jobs.max_pages"),
        (("status", "0" * 32), 66, "0" * 32),
        (("status", "../ocr"), 64, "not the id of a job"),
        (("list", "--state", "done"), 64, "state"),
    ],
)
def test_exit_code_is_that_of_the_error(
    here: Here, said: Said, arguments: tuple[str, ...], code: int, message: str
) -> None:
    assert here.run(*arguments) == code
    assert message in said()[1]


def test_service_that_does_not_answer_ends_with_75(said: Said, scans: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rayocr.client.time.sleep", lambda _: None)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    for arguments in (["submit", str(scans / "a.png")], ["list"], ["watch", "0" * 32]):
        assert run(["jobs", *arguments, "--url", url], Invocation()) == 75
        assert "does not answer" in said()[1]
