"""Jobs on a service of which parts are killed at random moments, and what is left of them."""

import contextlib
import json
import random
import tempfile
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.job_kill.restarted_service import RestartedService
from tests.pictures import drawn_page, encoded
from tests.postgres import PostgresServer

__all__ = ["KINDS", "JobBench", "Run"]

#: What can be killed: a replica of the ingress, one that reads, the whole of Ray with the service, the database.
KINDS = ("ingress", "reader", "ray", "store")

_MOST_S = 600.0
_FIRST_S = 0.5
# The first run of all, which sets the time, is slower than those after it: of the later moments some would be too late.
_LAST_SHARE = 0.7
_WIDTH_PX = 360
_FILES_OF_A_FORM = 500


@dataclass(slots=True)
class Run:
    """One job, and what was done to the service meanwhile.

    Args:
        lines: The lines of its result.
        state: In which it ended.
        duration_s: From its submission to its end.
        events: What was killed, and after how many seconds.
    """

    lines: list[dict[str, Any]] = field(default_factory=list)
    state: str = ""
    duration_s: float = 0.0
    events: list[tuple[str, float]] = field(default_factory=list)

    @property
    def results(self) -> dict[int, Any]:
        """Text, lines and warnings of each page, or its error, without what is never the same twice."""
        return {line["page"]: _comparable(line) for line in self.lines}

    @property
    def doubles(self) -> int:
        """Lines too many."""
        return len(self.lines) - len(self.results)


class JobBench:
    """A service with two ingress replicas over a PostgreSQL, and pictures for it to read.

    Args:
        postgres: Running.
        pages: Of each job; each page has a text of its own.
        kinds: What is killed, of `KINDS`.
    """

    def __init__(self, postgres: PostgresServer, pages: int, kinds: Sequence[str]) -> None:
        self._postgres = postgres
        self._kinds = kinds
        self._folder = tempfile.TemporaryDirectory(prefix="rayocr-kill-", ignore_cleanup_errors=True)
        settings = {
            "RAYOCR_JOBS__STORE": postgres.database(),
            "RAYOCR_JOBS__DIRECTORY": self._folder.name,
            "RAYOCR_HTTP__REPLICAS": "2",
        }
        self._service = RestartedService(settings, Path(self._folder.name, "service.log"))
        self._pictures = [encoded(drawn_page(f"NO {number:05}", width=_WIDTH_PX)) for number in range(1, pages + 1)]
        self._undisturbed_s = 0.0

    def start(self) -> None:
        """Start the service."""
        self._service.start()

    def stop(self) -> None:
        """Stop it, and remove what it stored."""
        self._service.stop()
        self._folder.cleanup()

    def undisturbed(self) -> Run:
        """A job with nothing in the way."""
        run = self._run([], random.Random(0))
        self._undisturbed_s = run.duration_s
        return run

    def killed(self, source: random.Random) -> Run:
        """A job while things are killed.

        Args:
            source: Chooses moments and parts. The moments are those in which an undisturbed run would be at work.
        """
        last_s = _LAST_SHARE * self._undisturbed_s
        moments = sorted(source.uniform(_FIRST_S, last_s) for _ in range(source.randint(1, 3)))
        return self._run(moments, source)

    def _run(self, moments: list[float], source: random.Random) -> Run:
        run = Run()
        with httpx.Client(base_url=self._service.url, timeout=60, trust_env=False) as client:
            job_id = self._submit(client)
            started = time.monotonic()
            while (now := time.monotonic() - started) < _MOST_S:
                if moments and now >= moments[0]:
                    moments.pop(0)
                    kind = source.choice(self._kinds)
                    run.events.append((kind if self._kill(kind, source) else f"no {kind}", round(now, 1)))
                job = _asked(client, f"/v1/jobs/{job_id}")
                if job is not None and job["ended"] is not None:
                    run.duration_s, run.state = round(time.monotonic() - started, 1), job["state"]
                    break
                time.sleep(0.1)
            else:
                raise AssertionError(f"stuck: not through after {_MOST_S:g} s: {job}, {run.events}")
            run.lines = self._lines(client, job_id)
        return run

    def _submit(self, client: httpx.Client) -> str:
        """Hand the job in, again and again with one key until it is taken."""
        files = [("file", (f"{number:05}.png", picture)) for number, picture in enumerate(self._pictures, 1)]
        assert len(files) <= _FILES_OF_A_FORM
        key = uuid.uuid4().hex
        give_up = time.monotonic() + _MOST_S
        while time.monotonic() < give_up:
            with contextlib.suppress(httpx.TransportError):
                answer = client.post("/v1/jobs", files=files, headers={"Idempotency-Key": key})
                if answer.status_code == httpx.codes.ACCEPTED:
                    job_id: str = answer.json()["id"]
                    return job_id
                assert answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR, answer.text
            time.sleep(0.5)
        raise AssertionError(f"no job was taken within {_MOST_S:g} s")

    def _lines(self, client: httpx.Client, job_id: str) -> list[dict[str, Any]]:
        give_up = time.monotonic() + _MOST_S
        while time.monotonic() < give_up:
            with contextlib.suppress(httpx.TransportError):
                answer = client.get(f"/v1/jobs/{job_id}/result")
                if answer.is_success:
                    return [json.loads(line) for line in answer.text.splitlines()]
            time.sleep(0.5)
        raise AssertionError(f"no results within {_MOST_S:g} s")

    def _kill(self, kind: str, source: random.Random) -> bool:
        """Kill a part; whether it was there."""
        if kind == "ray":
            self._service.kill()
            self._service.start()
        elif kind == "store":
            self._postgres.kill()
            time.sleep(source.uniform(0.0, 3.0))
            self._postgres.start()
        else:
            return self._service.kill_replica(kind.capitalize(), source)
        return True


def _asked(client: httpx.Client, path: str) -> dict[str, Any] | None:
    """What a GET answers; None where the service is just not there."""
    try:
        answer = client.get(path)
    except httpx.TransportError:
        return None
    if not answer.is_success:
        assert answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR, answer.text
        return None
    found: dict[str, Any] = answer.json()
    return found


def _comparable(line: dict[str, Any]) -> dict[str, Any]:
    result = line["result"] and {name: line["result"][name] for name in ("model", "pages", "text", "warnings")}
    return {**line, "result": result}
