"""`python -m loadtest job-overhead` and `job-beside`."""

from typing import Annotated

import typer

from loadtest.data.pictures import load_pictures
from loadtest.jobs.beside import measure_beside
from loadtest.jobs.overhead import measure_overhead
from loadtest.measuring.client import LoadPlan
from loadtest.measuring.latency import Latency
from loadtest.measuring.service import Target
from loadtest.options import Clients, Images, Limit, ServicePid, Timeout, Url

__all__ = ["job_beside", "job_overhead"]

Rounds = Annotated[int, typer.Option(min=1, help="How often the pictures are read each way.")]
Queued = Annotated[int, typer.Option(min=1, help="Pages of jobs to queue.")]
Seconds = Annotated[float, typer.Option("--duration", min=1, help="Send single pages for so many seconds, twice.")]


def job_overhead(
    images: Images,
    url: Url = "http://127.0.0.1:8000",
    clients: Clients = 4,
    rounds: Rounds = 3,
    limit: Limit = None,
    timeout: Timeout = 120.0,
    service_pid: ServicePid = None,
) -> None:
    """Compare the CPU time of pages in a job with that of the same pages as requests, on a service on this machine."""
    pictures = load_pictures(images, limit).pictures
    found = measure_overhead(
        Target.at(url, service_pid=service_pid), LoadPlan(url, clients, timeout_s=timeout), pictures, rounds
    )
    for name, seconds in (("requests", found.requests), ("jobs", found.jobs)):
        typer.echo(f"{name}: {', '.join(f'{one * 1e3:.1f}' for one in seconds)} ms of CPU a page")
    typer.echo(f"a page in a job takes {found.ratio:.3f} of the CPU time of a request")


def job_beside(
    images: Images,
    url: Url = "http://127.0.0.1:8000",
    clients: Clients = 1,
    queued: Queued = 10_000,
    duration: Seconds = 60.0,
    limit: Limit = None,
    timeout: Timeout = 120.0,
) -> None:
    """Compare the latency of single pages beside very many queued pages of jobs with that on the idle service."""
    pictures = load_pictures(images, limit).pictures
    plan = LoadPlan(url, clients, duration_s=duration, timeout_s=timeout)
    target = Target.at(url, resources=False)
    found = measure_beside(target, plan, pictures, queued, lambda text: typer.echo(text, err=True))
    for name, latency, count in zip(("idle", "queued"), (found.idle, found.queued), found.requests, strict=True):
        typer.echo(f"{name}: {count} requests, {_shown(latency)}")
    typer.echo(f"p95 beside {found.left:,} queued pages is {found.queued.p95 / found.idle.p95:.2f} of the idle one")
    typer.echo(f"{found.read} pages of jobs were read meanwhile")


def _shown(latency: Latency) -> str:
    return f"p50 {latency.p50 * 1e3:.0f} ms, p95 {latency.p95 * 1e3:.0f} ms, max {latency.max * 1e3:.0f} ms"
