"""`python -m loadtest scale`."""

import json
from collections.abc import Sequence
from typing import Annotated

import psutil
import typer

from loadtest.errors import LoadtestError
from loadtest.machine import this_machine
from loadtest.options import AllowErrors, AsJson, Images, Limit
from loadtest.pictures import load_pictures
from loadtest.scale.measure import ScalePlan, measure_scale
from loadtest.scale.point import Point, Simulation, saturated

__all__ = ["scale", "scale_table"]

_SIMULATED_REPLICAS = "1,2,4,8,16,32"
_ROLES = ("proxy", "ingress", "preprocess", "detection", "recognition", "controller", "raylet")


def scale(
    images: Images,
    real: Annotated[bool, typer.Option("--real", help="Real nets everywhere, as far as the cores go.")] = False,
    replicas: Annotated[
        str | None, typer.Option(help=f"Default: {_SIMULATED_REPLICAS}; with --real 1 to the number of cores.")
    ] = None,
    recognition_ms: Annotated[float, typer.Option(min=1, help="Wait of a simulated recognition, a page.")] = 300.0,
    detection_ms: Annotated[
        float | None, typer.Option(min=1, help="Simulate detection too, with replicas enough; default: its real net.")
    ] = None,
    clients_per_replica: Annotated[int, typer.Option(min=1, help="Clients for each recognition replica.")] = 3,
    duration: Annotated[float, typer.Option(min=1, help="Seconds for each number of replicas.")] = 20.0,
    limit: Limit = None,
    allow_errors: AllowErrors = False,
    as_json: AsJson = False,
) -> None:
    """Start the service with more and more recognition replicas, and show what saturates first.

    Recognition only waits, unless --real is given: nets would take all cores of a small machine at once. A waiting
    replica takes some 150 MB of memory.
    """
    simulation = Simulation(None) if real else Simulation(recognition_ms, detection_ms)
    numbers = _numbers(replicas, real)
    dataset = load_pictures(images, limit)
    plan = ScalePlan(numbers, simulation, clients_per_replica, duration)
    points = measure_scale(plan, dataset, lambda text: typer.echo(text, err=True))
    if as_json:
        figures = {
            "machine": str(this_machine()),
            "set": dataset.name,
            "simulation": str(simulation),
            "points": [point.as_dict(simulation) for point in points],
        }
        typer.echo(json.dumps(figures))
    else:
        typer.echo(f"CPU: {this_machine()}\n{dataset.name}, {simulation}.\n")
        typer.echo(scale_table(points, simulation))
    if any(point.failed for point in points) and not allow_errors:
        raise typer.Exit(1)


def scale_table(points: Sequence[Point], simulation: Simulation) -> str:
    """Speed and cores by role as GitHub markdown, a line for each number of replicas."""
    columns = ["recognition replicas", "detection replicas", "clients", "images/s", "p50 s", "failed"]
    columns += [f"{role}, cores" for role in _ROLES] + ["machine, cores", "holds the speed"]
    lines = [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    for point in points:
        cells = [
            str(point.replicas),
            str(point.detection_replicas),
            str(point.clients),
            f"{point.images_per_s:.2f}",
            "-" if point.p50_s is None else f"{point.p50_s:.2f}",
            str(point.failed),
            *(f"{point.cores_of(role):.2f}" for role in _ROLES),
            f"{point.busy_cores:.2f} of {point.cores}",
            saturated(point, simulation),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _numbers(replicas: str | None, real: bool) -> list[int]:
    if replicas is None and real:
        return list(range(1, (psutil.cpu_count() or 1) + 1))
    try:
        numbers = [int(number) for number in (replicas or _SIMULATED_REPLICAS).split(",")]
    except ValueError:
        numbers = [0]
    if min(numbers) < 1:
        raise LoadtestError(f"--replicas {replicas}: numbers of at least 1 with commas between")
    return numbers
