"""Starting the service with one number of replicas after the other, and driving it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psutil

from loadtest.client import LoadPlan
from loadtest.pictures import PictureSet
from loadtest.profile.roles import RoleMeter
from loadtest.program import check_on_loopback, free_port, running_program
from loadtest.scale.point import DETECTION_VARIABLE, RECOGNITION_VARIABLE, Point, Simulation
from loadtest.service import Target, measure_service

__all__ = ["ScalePlan", "measure_scale"]

_READY = "rayocr is ready"
_START_TIMEOUT_S = 120.0
_START_OF_A_REPLICA_S = 15.0
_REQUEST_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class ScalePlan:
    """What to measure.

    Attributes:
        replicas: Numbers of recognition replicas, one service each.
        simulation: What waits in place of a net.
        clients_per_replica: Requests under way for each recognition replica.
        duration_s: Length of each run.
    """

    replicas: Sequence[int]
    simulation: Simulation
    clients_per_replica: int
    duration_s: float


def measure_scale(plan: ScalePlan, dataset: PictureSet, progress: Callable[[str], None]) -> list[Point]:
    """Measure every number of replicas.

    Raises:
        LoadtestError: A service does not start, or listens beyond loopback.
    """
    points = []
    for replicas in plan.replicas:
        progress(f"{replicas} recognition replicas: starting")
        points.append(_measure_point(replicas, plan, dataset, progress))
    return points


def _measure_point(replicas: int, plan: ScalePlan, dataset: PictureSet, progress: Callable[[str], None]) -> Point:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    clients = plan.clients_per_replica * replicas
    detectors = plan.simulation.detection_replicas(replicas)
    is_real = plan.simulation.recognition_ms is None
    arguments = ("-m", "serve.cli", "serve") if is_real else ("-m", "loadtest.scale.service")
    environment = _environment(port, replicas, detectors, clients, plan.simulation)
    start_timeout_s = _START_TIMEOUT_S + _START_OF_A_REPLICA_S * (replicas + detectors)
    with running_program(arguments, environment, _READY, start_timeout_s) as service:
        check_on_loopback(service)
        load = LoadPlan(url, clients, timeout_s=_REQUEST_TIMEOUT_S)
        bare = Target(url, None)
        progress(f"{replicas} recognition replicas: {clients} clients for {plan.duration_s:g} s")
        warm = [dataset.pictures[number % len(dataset.pictures)] for number in range(clients)]
        measure_service(bare, load, PictureSet(dataset.name, warm))
        busy_before = _busy_s()
        with RoleMeter(service.alive) as meter:
            timed = LoadPlan(url, clients, duration_s=plan.duration_s, timeout_s=_REQUEST_TIMEOUT_S)
            report = measure_service(bare, timed, dataset)
        busy_s = _busy_s() - busy_before
    return Point(
        replicas=replicas,
        detection_replicas=detectors,
        clients=clients,
        answered=report.answered,
        failed=report.requests - report.answered,
        images_per_s=report.images_per_s,
        p50_s=None if report.latency_s is None else report.latency_s.p50,
        wall_s=meter.wall_s,
        used=meter.use,
        busy_cores=busy_s / meter.wall_s,
        cores=psutil.cpu_count() or 1,
    )


def _environment(port: int, replicas: int, detectors: int, clients: int, simulation: Simulation) -> dict[str, str]:
    environment = {
        "RAYOCR_HTTP__PORT": str(port),
        "RAYOCR_HTTP__MAX_CONCURRENT_REQUESTS": str(clients + 8),
        "RAYOCR_RAY__METRICS_PORT": "0",
        "RAYOCR_RECOGNITION__SCALING__MIN_REPLICAS": str(replicas),
        "RAYOCR_RECOGNITION__SCALING__MAX_REPLICAS": str(replicas),
        "RAYOCR_DETECTION__SCALING__MIN_REPLICAS": str(detectors),
        "RAYOCR_DETECTION__SCALING__MAX_REPLICAS": str(detectors),
    }
    if simulation.recognition_ms is not None:
        environment[RECOGNITION_VARIABLE] = f"{simulation.recognition_ms:g}"
    if simulation.detection_ms is not None:
        environment[DETECTION_VARIABLE] = f"{simulation.detection_ms:g}"
    return environment


def _busy_s() -> float:
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system)
