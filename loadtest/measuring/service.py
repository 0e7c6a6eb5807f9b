"""Measuring a running rayocr over HTTP."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from loadtest.data.accuracy import Unit
from loadtest.data.labels import ResultLine, lines_from_answer
from loadtest.data.pictures import PictureSet
from loadtest.errors import LoadtestError
from loadtest.measuring.client import Answer, LoadPlan, Traffic, drive
from loadtest.measuring.latency import Latency
from loadtest.measuring.meter import Meter
from loadtest.measuring.processes import ServiceProcesses, is_loopback, locate_service, port_of
from loadtest.measuring.report import Report, accuracy_of

__all__ = ["Target", "checked_url", "measure_service"]

_BAD_ANSWER = "bad_answer"


@dataclass(frozen=True)
class Target:
    """Which service to measure, and the processes it consists of; None with the reason in `note` when unknown."""

    url: str
    processes: ServiceProcesses | None
    note: str = ""

    @classmethod
    def at(
        cls, url: str, allow_remote: bool = False, service_pid: int | None = None, resources: bool = True
    ) -> "Target":
        """Check a URL and find its service's processes when it is on this machine.

        Raises:
            LoadtestError: The URL may not be measured, or the processes can't be found.
        """
        url = checked_url(url, allow_remote)
        if not resources:
            return cls(url, None, "not measured")
        if not is_loopback(url):
            if service_pid is not None:
                raise LoadtestError(f"--service-pid {service_pid} says nothing about the remote {url}; leave it out")
            return cls(url, None, "not measured (remote)")
        return cls(url, locate_service(port_of(url), service_pid))


def checked_url(url: str, allow_remote: bool) -> str:
    """Return the URL without a trailing slash.

    Raises:
        LoadtestError: Not http(s), with a path of its own, or, without `allow_remote`, not http on loopback.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise LoadtestError(f"{url} is not an address such as http://127.0.0.1:8000")
    if parts.query or parts.fragment:
        raise LoadtestError(f"{url}: leave out what follows the path; /v1/ocr is added to it")
    if not allow_remote and not (parts.scheme == "http" and is_loopback(url)):
        raise LoadtestError(f"{url} is not http on this machine's loopback; a load test of it needs --allow-remote")
    return url.rstrip("/")


def measure_service(
    target: Target, plan: LoadPlan, dataset: PictureSet, warmup: int = 0, unit: Unit | None = None
) -> Report:
    """Drive a service and report.

    Args:
        target: The service.
        plan: How to drive it; its URL is the target's.
        dataset: What to send.
        warmup: Requests before the clock starts, the first pictures of the set over and over.
        unit: What to count for accuracy; None lets the labels decide.
    """
    plan = replace(plan, url=target.url)
    warmup_failures = _warm_up(plan, dataset, warmup)
    with ExitStack() as stack:
        meter = None if target.processes is None else stack.enter_context(Meter(target.processes.alive))
        cpu_before_s = time.process_time()
        traffic = asyncio.run(drive(plan, dataset.pictures))
        generator_cpu_s = time.process_time() - cpu_before_s

    answers, results = _read_answers(traffic.answers)
    return Report(
        subject="rayocr",
        dataset=dataset.name,
        pictures=len(dataset.pictures),
        clients=plan.clients,
        requests=len(answers),
        answered=sum(answer.failure is None for answer in answers),
        wall_s=traffic.wall_s,
        latency_s=Latency.of([answer.latency_s for answer in answers if answer.failure is None]),
        refused_503=sum(answer.is_refused for answer in answers),
        retries=sum(answer.retries for answer in answers),
        errors=Counter(answer.failure for answer in answers if answer.failure is not None and not answer.is_refused),
        warmup_failures=warmup_failures,
        resources=None if meter is None else meter.use,
        resources_note=target.note,
        generator_cpu_s=generator_cpu_s,
        is_cut_short=traffic.is_cut_short,
        accuracy=accuracy_of(dataset, results, len(answers), unit),
    )


def _warm_up(plan: LoadPlan, dataset: PictureSet, warmup: int) -> int:
    """Send `warmup` requests; returns how many failed."""
    if warmup == 0:
        return 0
    pictures = [dataset.pictures[number % len(dataset.pictures)] for number in range(warmup)]
    traffic: Traffic = asyncio.run(drive(replace(plan, repeat=1, duration_s=None), pictures))
    return sum(answer.failure is not None for answer in traffic.answers)


def _read_answers(answers: Sequence[Answer]) -> tuple[list[Answer], list[tuple[int, list[ResultLine]]]]:
    """Parse bodies, after the clock stopped; one that is not as documented turns its answer into a failure."""
    read: list[Answer] = []
    results: list[tuple[int, list[ResultLine]]] = []
    for answer in answers:
        if answer.failure is None:
            try:
                results.append((answer.picture, lines_from_answer(json.loads(answer.body))))
            except ValueError:
                answer = replace(answer, failure=_BAD_ANSWER)
        read.append(answer)
    return read, results
