"""`python -m loadtest soak`, and what it prints."""

from pathlib import Path
from typing import Annotated

import typer

from loadtest.data.pictures import load_pictures
from loadtest.measuring.client import LoadPlan
from loadtest.measuring.program import service_at
from loadtest.options import (
    BENCH_SETS,
    AllowErrors,
    Clients,
    Data,
    Limit,
    Retry503,
    Serve,
    ServicePid,
    Sets,
    Timeout,
    Url,
    comma_separated,
)
from loadtest.soak.growth import Growth, Windows, growth_by_role, total_growth
from loadtest.soak.record import SoakRecord
from loadtest.soak.run import SoakPlan, run_soak

__all__ = ["soak", "soak_table"]

Count = Annotated[int, typer.Option("--images", min=1, help="Pictures to send.")]
Seconds = Annotated[float | None, typer.Option(min=1, help="Begin none after so many seconds.")]
Seed = Annotated[int, typer.Option(help="Decides the order and the sizes.")]
SampleEvery = Annotated[int, typer.Option(min=1, help="Images between two samples of memory.")]
SettledAfter = Annotated[int, typer.Option(min=1, help="Image from which on memory may grow no more.")]
Window = Annotated[int, typer.Option(min=1, help="Images over which the median of memory is taken.")]
MaxGrowth = Annotated[float, typer.Option(help="Most that the whole service may grow, in percent.")]
JsonFile = Annotated[Path | None, typer.Option("--json", help="Keep all samples here; plot draws them.")]


def soak(
    data: Data,
    url: Url = "http://127.0.0.1:8000",
    sets: Sets = BENCH_SETS,
    images: Count = 5000,
    seconds: Seconds = None,
    clients: Clients = 8,
    seed: Seed = 0,
    sample_every: SampleEvery = 10,
    settled_after: SettledAfter = 500,
    window: Window = 100,
    max_growth: MaxGrowth = 3.0,
    limit: Limit = None,
    timeout: Timeout = 120.0,
    retry_503: Retry503 = False,
    serve: Serve = None,
    service_pid: ServicePid = None,
    allow_errors: AllowErrors = False,
    json_file: JsonFile = None,
) -> None:
    """Send pictures of mixed sizes for long; fails when the service's memory grows."""
    load = LoadPlan(url, clients, timeout_s=timeout, retry_503=retry_503)
    windows = Windows(settled_after, window)
    plan = SoakPlan(load, images, seconds, sample_every, seed, windows)
    pictures = [picture for name in comma_separated(sets) for picture in load_pictures(data / name, limit).pictures]

    with service_at(url, serve, service_pid=service_pid)(None) as target:
        record = run_soak(target, plan, pictures, lambda text: typer.echo(text, err=True))
    if json_file is not None:
        record.write(json_file)
    grown = total_growth(record.samples, windows).percent
    typer.echo(soak_table(record))
    if grown is None or grown > max_growth:
        typer.echo(f"memory grew by {grown or 0:.1f} %, more than --max-growth {max_growth:g}", err=True)
        raise typer.Exit(1)
    if record.errors and not allow_errors:
        raise typer.Exit(1)


def soak_table(record: SoakRecord) -> str:
    """Memory of each role in both windows, as GitHub markdown."""
    windows, last = record.windows, max(sample.images for sample in record.samples)
    failed = ", ".join(f"{code} {count}" for code, count in sorted(record.errors.items())) or "none"
    lines = [
        f"CPU: {record.machine}",
        f"{record.requests} images of mixed sizes, {record.clients} clients, {record.wall_s:.0f} s; failed: {failed}",
        f"Medians of {windows.width} images around {windows.settled_after}, and of the last {windows.width}.",
        "",
        f"| role | MB at {windows.settled_after} | MB at {last} | growth | processes |",
        "|---|---|---|---|---|",
    ]
    lines += [_row(growth) for growth in growth_by_role(record.samples, windows)]
    lines.append(_row(total_growth(record.samples, windows)))
    return "\n".join(lines)


def _row(growth: Growth) -> str:
    percent = "-" if growth.percent is None else f"{growth.percent:+.1f} %"
    counts = dict.fromkeys(f"{count:g}" for count in (growth.early_processes, growth.late_processes))
    sizes = f"{growth.early_bytes / 1e6:,.0f} | {growth.late_bytes / 1e6:,.0f}"
    return f"| {growth.role} | {sizes} | {percent} | {' -> '.join(counts)} |"
