"""Running the cases."""

import asyncio
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import psutil

from loadtest.client import LoadPlan, Traffic, drive
from loadtest.errors import LoadtestError
from loadtest.noop.cases import Case, Measurement, cases, cpu_ms_per_request
from loadtest.pictures import Picture
from loadtest.processes import ServiceProcesses
from loadtest.profile.roles import RoleMeter
from loadtest.program import check_on_loopback, free_port, running_program

__all__ = ["NoopPlan", "measure_noop"]

_START_TIMEOUT_S = 120.0


@dataclass(frozen=True)
class NoopPlan:
    """What to measure.

    Attributes:
        page_bytes: Sizes of the pages.
        body_bytes: Size of a request's body.
        is_by_value: Whether pages also go through the ingress as values.
        proxies: Of `python` and `haproxy`.
        clients: Requests under way at once.
        requests: For each case; a tenth of that before its clock starts.
        idle_s: How long the idle application is watched, to take its use off.
    """

    page_bytes: Sequence[int]
    body_bytes: int
    is_by_value: bool
    proxies: Sequence[str]
    clients: int
    requests: int
    idle_s: float


def measure_noop(plan: NoopPlan, progress: Callable[[str], None]) -> list[Measurement]:
    """Start the application once with each proxy and measure every case.

    Raises:
        LoadtestError: It does not start, listens beyond loopback, or fails.
    """
    measurements = []
    for proxy in plan.proxies:
        progress(f"{proxy} proxy: starting")
        port = free_port()
        arguments = ("-m", "loadtest.noop.service", str(port), proxy)
        with running_program(arguments, {}, "ready", _START_TIMEOUT_S) as service:
            check_on_loopback(service)
            measurements += _measure_proxy(proxy, f"http://127.0.0.1:{port}", service, plan, progress)
    return measurements


def _measure_proxy(
    proxy: str, url: str, service: ServiceProcesses, plan: NoopPlan, progress: Callable[[str], None]
) -> list[Measurement]:
    picture = Picture("noop.jpg", os.urandom(plan.body_bytes))
    load = LoadPlan(url, plan.clients)
    _send(replace(load, url=url + Case(3, max(plan.page_bytes), "reference").path), picture, plan.clients)
    with RoleMeter(service.alive) as idle:
        time.sleep(plan.idle_s)
    measurements = []
    for case in cases(plan.page_bytes, plan.is_by_value):
        progress(f"{proxy} proxy: {case.hop}, page of {case.page_bytes} bytes by {case.passing}")
        own = replace(load, url=url + case.path)
        _send(own, picture, max(plan.clients, plan.requests // 10))
        sent_before = _loopback_bytes()
        with RoleMeter(service.alive) as meter:
            traffic = _send(own, picture, plan.requests)
        sent = _loopback_bytes() - sent_before
        cpu_ms = cpu_ms_per_request(meter.use, meter.wall_s, idle.use, idle.wall_s, plan.requests)
        speed = plan.requests / traffic.wall_s
        measurements.append(Measurement(proxy, case, plan.requests, cpu_ms, sent / plan.requests, speed))
    return measurements


def _send(plan: LoadPlan, picture: Picture, requests: int) -> Traffic:
    traffic = asyncio.run(drive(plan, [picture] * requests))
    failures = {answer.failure for answer in traffic.answers if answer.failure is not None}
    if failures:
        raise LoadtestError(f"the no-op application failed: {', '.join(sorted(failures))}")
    return traffic


def _loopback_bytes() -> int:
    return int(psutil.net_io_counters(pernic=True)["lo"].bytes_sent)
