"""The load generator against a real HTTP server: what it counts, times and meters."""

import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from loadtest.data.accuracy import Counts
from loadtest.data.labels import LabelLine, PageLabel
from loadtest.data.pictures import Picture, PictureSet
from loadtest.errors import LoadtestError
from loadtest.measuring.client import LoadPlan
from loadtest.measuring.meter import Meter
from loadtest.measuring.processes import locate_service
from loadtest.measuring.report import Report
from loadtest.measuring.service import Target, measure_service
from tests.integration.loadtest.commands import run_command
from tests.integration.loadtest.conftest import FakeService


def pictures(*contents: bytes, label: str | None = None) -> PictureSet:
    page = None if label is None else PageLabel([LabelLine(label)])
    return PictureSet("drawn", [Picture(f"{number}.png", content, page) for number, content in enumerate(contents)])


def measure(service: FakeService, dataset: PictureSet, *, warmup: int = 0, **plan: float) -> Report:
    load = LoadPlan(service.url, **plan)  # type: ignore[arg-type]
    return measure_service(Target.at(service.url, resources=False), load, dataset, warmup)


def seen(service: FakeService) -> dict[str, int]:
    with urllib.request.urlopen(f"{service.url}/seen") as answer:
        counts: dict[str, int] = json.load(answer)
    return counts


def test_every_picture_is_sent_as_often_as_asked(service: FakeService) -> None:
    report = measure(service, pictures(b"a", b"b", b"c"), clients=2, repeat=3)
    assert (report.requests, report.answered, dict(report.errors)) == (9, 9, {})
    assert report.images_per_s == pytest.approx(9 / report.wall_s)
    assert report.latency_s is not None
    assert 0.02 <= report.latency_s.p50 <= report.latency_s.p95 <= report.latency_s.max <= report.wall_s


def test_clients_are_busy_at_once_and_no_more(service: FakeService) -> None:
    measure(service, pictures(*[b"a"] * 30), clients=5)
    assert seen(service)["most_under_way"] == 5


def test_large_picture_arrives_whole_with_its_name_and_type(service: FakeService) -> None:
    content = bytes(range(256)) * 12_000  # over several chunks, and over 1 MB
    text = f"{len(content)} bytes of 0.png image/png"
    report = measure(service, pictures(content, label=text))
    assert report.accuracy is not None
    assert report.accuracy.counts == Counts(7, 7, 7)


def test_failures_are_counted_by_code(service: FakeService) -> None:
    contents = (b"a", b"unsupported", b"unsupported", b"plain error", b"not an answer", b"redirect", b"slow")
    report = measure(service, pictures(*contents, label="a"), timeout_s=1.5)
    assert dict(report.errors) == {
        "unsupported_type": 2,
        "http_500": 1,
        "bad_answer": 1,
        "http_307": 1,
        "timeout": 1,
    }
    assert (report.requests, report.answered) == (7, 1)
    assert report.accuracy is not None
    assert (report.accuracy.scored, report.accuracy.labelled_requests) == (1, 7)


def test_failed_requests_do_not_enter_latencies(service: FakeService) -> None:
    report = measure(service, pictures(b"a", b"slow"), timeout_s=1.5)
    assert report.latency_s is not None
    assert report.latency_s.max < 1.5 <= report.wall_s


def test_nobody_there_is_a_connection_error() -> None:
    target = Target("http://127.0.0.1:9", None)
    report = measure_service(target, LoadPlan(target.url), pictures(b"a", b"b"))
    assert dict(report.errors) == {"connection": 2}
    assert report.latency_s is None


def test_refusal_is_counted_apart_and_not_retried(service: FakeService) -> None:
    report = measure(service, pictures(b"full", b"a"))
    assert (report.answered, report.refused_503, report.retries, dict(report.errors)) == (1, 1, 0, {})
    assert report.has_failures


def test_refused_request_is_sent_again_when_asked(service: FakeService) -> None:
    report = measure(service, pictures(b"full twice"), retry_503=True)
    assert (report.answered, report.refused_503, report.retries) == (1, 0, 2)
    assert report.latency_s is not None
    assert report.latency_s.p50 >= 0.1  # two waits of 0.05 s are part of it


def test_retries_end_at_the_timeout(service: FakeService) -> None:
    report = measure(service, pictures(b"full"), retry_503=True, timeout_s=1.5)
    assert dict(report.errors) == {"timeout": 1}
    assert report.retries == 1


def test_duration_ends_by_itself(service: FakeService) -> None:
    report = measure(service, pictures(b"a", b"b"), clients=2, duration_s=0.5)
    assert report.answered == report.requests > 2
    assert 0.5 <= report.wall_s < 30
    assert not report.is_cut_short


def test_limit_on_time_is_said(service: FakeService) -> None:
    report = measure(service, pictures(*[b"a"] * 500), clients=1, max_time_s=0.3)
    assert report.requests < 500
    assert report.is_cut_short


def test_warmup_is_not_counted(service: FakeService) -> None:
    report = measure(service, pictures(b"full twice", b"a"), clients=1, warmup=3)
    assert report.warmup_failures == 2  # the first picture, twice; then it is answered
    assert (report.requests, report.answered) == (2, 2)


def test_port_leads_to_the_service(service: FakeService) -> None:
    port = int(service.url.rsplit(":", 1)[1])
    assert [process.pid for process in locate_service(port).alive()] == [service.pid]


def test_port_without_service_is_refused() -> None:
    with pytest.raises(LoadtestError, match="no visible process listens on port 9"):
        locate_service(9)


def test_cpu_of_ended_processes_is_kept(service: FakeService) -> None:
    report = measure_service(
        Target.at(service.url, service_pid=service.pid), LoadPlan(service.url, clients=1), pictures(b"a", b"burn", b"a")
    )
    assert report.resources is not None
    assert report.resources.processes == 2
    assert 0.8 <= report.resources.cpu_s < 4  # the child's 0.8 s, and what the server itself used


def test_memory_of_the_service_is_seen(service: FakeService) -> None:
    with Meter(locate_service(0, service.pid).alive) as meter:
        measure(service, pictures(b"a"))
    assert meter.use.peak_memory_bytes is not None
    assert 10e6 < meter.use.peak_memory_bytes < 500e6


def test_memory_freed_before_the_end_is_in_the_peak() -> None:
    hog = "held = bytearray(120_000_000); import sys, time; print(flush=True); sys.stdin.readline()"
    with subprocess.Popen(
        [sys.executable, "-c", hog], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with Meter(locate_service(0, process.pid).alive) as meter:
            process.communicate("\n", timeout=10)
        assert process.wait() == 0
    assert meter.use.peak_memory_bytes is not None
    assert meter.use.peak_memory_bytes > 120e6


def test_command_prints_one_json_object(service: FakeService, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"burn")
    row = {"image": "a.png", "lines": [{"text": "burn burn burn", "points": None}]}
    (tmp_path / "labels.jsonl").write_text(json.dumps(row), encoding="utf-8")
    done = run_command("--url", service.url, "--images", str(tmp_path), "--json", "--clients", "1")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["accuracy"]["f1"] == 0.5
    assert figures["cpu_s_per_image"] > 0
    assert figures["peak_memory_bytes"] > 10e6


def test_failed_request_decides_the_exit_code(service: FakeService, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"unsupported")
    arguments = ("run", "--url", service.url, "--images", str(tmp_path))
    failed = run_command(*arguments)
    assert failed.returncode == 1
    assert "errors             unsupported_type 1\n" in failed.stdout
    assert run_command(*arguments, "--allow-errors").returncode == 0


def test_remote_service_needs_a_word(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"a")
    started = time.monotonic()
    done = run_command("run", "--url", "http://192.0.2.1:8000", "--images", str(tmp_path))
    assert done.returncode == 2
    assert done.stderr == (
        "loadtest: http://192.0.2.1:8000 is not http on this machine's loopback; a load test of it needs "
        "--allow-remote\n"
    )
    assert time.monotonic() - started < 30
