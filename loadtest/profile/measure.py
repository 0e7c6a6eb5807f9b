"""Running the load whose CPU time is split."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from loadtest.data.pictures import PictureSet
from loadtest.errors import LoadtestError
from loadtest.measuring.client import LoadPlan
from loadtest.measuring.report import Report
from loadtest.measuring.roles import RoleMeter
from loadtest.measuring.service import Target, measure_service
from loadtest.profile.counters import PAGES, WORK, Snapshot, counted_between, read_snapshot
from loadtest.profile.split import Profile, split_cpu

__all__ = ["LEAST_IDLE_S", "ProfilePlan", "measure_profile"]

LEAST_IDLE_S = 12.0
"""Ray sends its counters on every 10 s: after so long without a request those of the warm-up have all arrived."""

_STAGES = ("preprocess", "detection", "recognition")
_ARRIVAL_TIMEOUT_S = 30.0
_POLL_S = 0.5


@dataclass(frozen=True)
class ProfilePlan:
    """What to do: warm up, watch the idle service, run the load.

    Attributes:
        load: The load.
        warmup: Requests before anything is measured.
        idle_s: How long the idle service is watched.
        metrics_url: Prometheus endpoint of the service.
    """

    load: LoadPlan
    warmup: int
    idle_s: float
    metrics_url: str


def measure_profile(
    target: Target, plan: ProfilePlan, dataset: PictureSet, progress: Callable[[str], None]
) -> tuple[Report, Profile]:
    """Drive a service that has no other clients and split its CPU time.

    Raises:
        LoadtestError: The service is not on this machine, answered nothing, or does not count its work.
    """
    if target.processes is None:
        raise LoadtestError(f"{target.url}: the processes of the service must be on this machine to be profiled")
    bare = Target(target.url, None)
    read_snapshot(plan.metrics_url)  # a wrong address shall show before the run
    if plan.warmup:
        progress(f"warming up with {plan.warmup} requests")
        pictures = [dataset.pictures[number % len(dataset.pictures)] for number in range(plan.warmup)]
        measure_service(bare, replace(plan.load, repeat=1, duration_s=None), PictureSet(dataset.name, pictures))
    progress(f"watching the idle service for {plan.idle_s:g} s")
    with RoleMeter(target.processes.alive) as idle:
        time.sleep(plan.idle_s)
    before = read_snapshot(plan.metrics_url)
    progress(f"{plan.load.clients} clients")
    with RoleMeter(target.processes.alive) as meter:
        report = measure_service(bare, plan.load, dataset)
    if not report.answered:
        raise LoadtestError(f"no request was answered: {dict(report.errors)}")
    progress("waiting for the counters")
    after = _arrived(plan.metrics_url, before, report.answered)
    work_s = counted_between(before, after, WORK)
    return report, split_cpu(work_s, meter.use, idle.use, idle.wall_s, meter.wall_s, report.answered)


def _arrived(url: str, before: Snapshot, answered: int) -> Snapshot:
    """Wait until each stage has reported every page of the run."""
    give_up = time.monotonic() + _ARRIVAL_TIMEOUT_S
    while True:
        after = read_snapshot(url)
        pages = counted_between(before, after, PAGES)
        if all(pages[stage, ""] >= answered for stage in _STAGES):
            return after
        if time.monotonic() > give_up:
            counts = ", ".join(f"{stage} {pages[stage, '']:g}" for stage in _STAGES)
            raise LoadtestError(
                f"the stages have not counted the {answered} pages that were answered ({counts}): is {url} of this "
                "service, and did no replica end?"
            )
        time.sleep(_POLL_S)
