"""`python -m loadtest profile`."""

import json
from typing import Annotated

import typer

from loadtest.data.pictures import load_pictures
from loadtest.measuring.client import LoadPlan
from loadtest.measuring.machine import this_machine
from loadtest.measuring.report import Report
from loadtest.measuring.service import Target
from loadtest.options import AllowErrors, AsJson, Clients, Images, Limit, Repeat, ServicePid, Timeout, Url, Warmup
from loadtest.profile.measure import LEAST_IDLE_S, ProfilePlan, measure_profile
from loadtest.profile.split import BOUND, GOAL, Profile, Row

__all__ = ["profile", "profile_table"]

_GROUPS = {"work": "decode, nets, geometry", "http": "HTTP", "ray": "Ray and the rest"}


def profile(
    images: Images,
    url: Url = "http://127.0.0.1:8000",
    metrics_url: Annotated[
        str, typer.Option(help="Its Prometheus metrics: ray.metrics_port.")
    ] = "http://127.0.0.1:8001/metrics",
    clients: Clients = 8,
    repeat: Repeat = 1,
    warmup: Warmup = 8,
    limit: Limit = None,
    idle: Annotated[float, typer.Option(min=LEAST_IDLE_S, help="Seconds to watch the idle service.")] = 20.0,
    timeout: Timeout = 60.0,
    service_pid: ServicePid = None,
    allow_errors: AllowErrors = False,
    as_json: AsJson = False,
) -> None:
    """Split a request's CPU time into steps of work, HTTP and Ray. The service must have no other clients."""
    plan = ProfilePlan(LoadPlan(url, clients, repeat, timeout_s=timeout), warmup, idle, metrics_url)
    dataset = load_pictures(images, limit)
    target = Target.at(url, service_pid=service_pid)
    report, split = measure_profile(target, plan, dataset, lambda text: typer.echo(text, err=True))
    if as_json:
        figures = {"machine": str(this_machine()), "profile": split.as_dict(), "run": report.as_dict()}
        typer.echo(json.dumps(figures, ensure_ascii=False))
    else:
        typer.echo(profile_table(report, split))
    if report.has_failures and not allow_errors:
        raise typer.Exit(1)


def profile_table(report: Report, split: Profile) -> str:
    """The split as GitHub markdown, with the machine above and the share that the bound is on below."""
    lines = [
        f"CPU: {this_machine()}",
        f"{report.dataset}: {split.images} images, {report.clients} clients, {report.images_per_s:.2f} images/s",
        "",
        "| | CPU ms/image | of it idle | share |",
        "|---|---|---|---|",
    ]
    for group, title in _GROUPS.items():
        lines.append(_line(f"**{title}**", split.of(group)))
        lines += [_line(row.name, row) for row in split.rows if row.group == group]
    lines += [
        f"| **all** | {split.total_ms:.1f} | | 100.0 % |",
        "",
        f"Ray, HTTP and (de)serialization: {split.outside_share:.1%} of CPU time (bound {BOUND:.0%}, goal {GOAL:.0%}); "
        f"{split.idle_share:.1%} is what the idle service uses.",
    ]
    if split.grown:
        lines.append(f"Started during the run: {', '.join(split.grown)}. Their starts are in it; warm up longer.")
    return "\n".join(lines)


def _line(name: str, row: Row) -> str:
    idle = f"{row.idle_ms:.1f}" if row.idle_ms else ""
    return f"| {name} | {row.cpu_ms:.1f} | {idle} | {100 * row.share:.1f} % |"
