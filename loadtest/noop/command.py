"""`python -m loadtest noop`."""

import json
from collections.abc import Sequence
from typing import Annotated

import typer

from loadtest.errors import LoadtestError
from loadtest.machine import this_machine
from loadtest.noop.cases import Measurement, hop_ms
from loadtest.noop.measure import NoopPlan, measure_noop
from loadtest.options import AsJson

__all__ = ["noop", "noop_table"]

_PROXIES = ("python", "haproxy")
_ROLES = ("proxy", "ingress", "preprocess", "detection", "recognition")


def noop(
    page_bytes: Annotated[str, typer.Option(help="Sizes of a page, with commas between.")] = "1000000,4000000",
    body_bytes: Annotated[int, typer.Option(min=1, help="Size of a request's body.")] = 300_000,
    by_value: Annotated[bool, typer.Option("--by-value", help="Also pass pages through the ingress.")] = False,
    proxies: Annotated[str, typer.Option(help="Of python and haproxy, with commas between.")] = "python,haproxy",
    clients: Annotated[int, typer.Option(min=1, max=64, help="Requests under way at once.")] = 4,
    requests: Annotated[int, typer.Option(min=1, help="For each case.")] = 200,
    idle: Annotated[float, typer.Option(min=1, help="Seconds to watch the idle application.")] = 10.0,
    as_json: AsJson = False,
) -> None:
    """Measure what each hop of Ray Serve costs, with an application of rayocr's shape that does nothing."""
    chosen = proxies.split(",")
    if not set(chosen) <= set(_PROXIES):
        raise LoadtestError(f"--proxies {proxies}: choose of {', '.join(_PROXIES)}")
    try:
        sizes = [int(size) for size in page_bytes.split(",")]
    except ValueError as exc:
        raise LoadtestError(f"--page-bytes {page_bytes}: numbers with commas between") from exc
    plan = NoopPlan(sizes, body_bytes, by_value, chosen, clients, requests, idle)
    measurements = measure_noop(plan, lambda text: typer.echo(text, err=True))
    if as_json:
        figures = {
            "machine": str(this_machine()),
            "body_bytes": body_bytes,
            "clients": clients,
            "cases": [{**one.as_dict(), "hop_ms": hop_ms(one, measurements)} for one in measurements],
        }
        typer.echo(json.dumps(figures))
    else:
        typer.echo(f"CPU: {this_machine()}")
        typer.echo(f"{clients} clients, {requests} requests a case, bodies of {body_bytes} bytes\n")
        typer.echo(noop_table(measurements))


def noop_table(measurements: Sequence[Measurement]) -> str:
    """CPU milliseconds a request as GitHub markdown, a line for each case; idle use is taken off."""
    columns = ["proxy", "with the hop", "page bytes", "by", "CPU ms", "the hop's", *_ROLES, "other", "loopback kB"]
    lines = [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    for one in measurements:
        has_page = one.case.depth >= 2
        other = sum(cpu_ms for role, cpu_ms in one.cpu_ms.items() if role not in _ROLES)
        cells = [
            one.proxy,
            one.case.hop,
            str(one.case.page_bytes) if has_page else "",
            one.case.passing if has_page else "",
            f"{one.total_ms:.2f}",
            f"{hop_ms(one, measurements):.2f}",
            *(f"{one.cpu_ms.get(role, 0.0):.2f}" for role in _ROLES),
            f"{other:.2f}",
            f"{one.loopback_bytes / 1e3:.0f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
