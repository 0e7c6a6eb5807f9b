"""Service and peer in turns on several sets: absolute speeds drift, ratios within one run hold."""

import json
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from loadtest.client import LoadPlan
from loadtest.errors import LoadtestError
from loadtest.machine import Machine
from loadtest.meter import Meter
from loadtest.peer import Peer
from loadtest.pictures import PictureSet
from loadtest.service import Target, measure_service

__all__ = ["BenchPlan", "PeerCommand", "Turn", "markdown", "raw_figures", "run_bench"]

_START_ALLOWANCE_S = 300.0
"""Seconds a peer may take beyond its own limit: to import, load its nets and score."""

_COLUMNS = (
    "set",
    "pictures",
    "images/s",
    "peer",
    "ratio",
    "CPU-s/image",
    "peer",
    "ratio",
    "p50 s",
    "p95 s",
    "peak MB",
    "peer",
    "F1",
    "peer",
    "failed",
    "peer",
)


@dataclass(frozen=True)
class PeerCommand:
    """How to measure the peer: in a process of its own, with the interpreter of an environment that has it."""

    python: Path
    peer: Peer
    threads: int | None = None
    is_line_classifier_on: bool = True

    def measure(self, labels: Path, plan: "BenchPlan") -> dict[str, object]:
        """Run the peer over a set; returns its report.

        Raises:
            LoadtestError: It did not end in time, or printed no report.
        """
        command = [str(self.python.absolute()), "-m", "loadtest", "peer", "--json", "--allow-errors"]
        command += ["--peer", self.peer.value, "--labels", str(labels.resolve()), "--warmup", str(plan.warmup)]
        command += ["--max-time", str(plan.load.max_time_s)]
        command += ["--limit", str(plan.limit)] if plan.limit is not None else []
        command += ["--threads", str(self.threads)] if self.threads is not None else []
        command += [] if self.is_line_classifier_on else ["--no-cls"]
        limit_s = plan.load.max_time_s + _START_ALLOWANCE_S
        try:
            # From the folder that holds this package, so that the other interpreter finds it.
            done = subprocess.run(
                command, cwd=Path(__file__).parents[1], capture_output=True, text=True, timeout=limit_s, check=False
            )
        except subprocess.TimeoutExpired as exc:
            raise LoadtestError(f"the peer did not end within {limit_s:.0f} s; take fewer pictures by --limit") from exc
        except OSError as exc:
            raise LoadtestError(f"cannot start the peer's interpreter {self.python}: {exc}") from exc
        if done.returncode != 0:
            raise LoadtestError(f"the peer ended with exit code {done.returncode}: {done.stderr.strip()[-2000:]}")
        report: dict[str, object] = json.loads(done.stdout)
        return report


@dataclass(frozen=True)
class BenchPlan:
    """What to do: `rounds` times each set, the service first, then the peer.

    Attributes:
        load: How to drive the service.
        rounds: How often.
        warmup: Requests before each clock, for both.
        limit: First so many pictures of each set.
    """

    load: LoadPlan
    rounds: int = 1
    warmup: int = 4
    limit: int | None = None


@dataclass(frozen=True)
class Turn:
    """One round of one set.

    Attributes:
        dataset: Name of the set.
        round: Its number, from 1.
        service: The service's report.
        peer: The peer's report; None without a peer.
        idle_cores: Cores that the idle service used while the peer ran, taken from the peer; None when not measured.
    """

    dataset: str
    round: int
    service: dict[str, object]
    peer: dict[str, object] | None = None
    idle_cores: float | None = None

    @property
    def has_failures(self) -> bool:
        """Whether a request of the service, or a picture of the peer, failed or was never sent."""
        return any(
            report["answered"] != report["requests"] or bool(report["warmup_failures"]) or bool(report["is_cut_short"])
            for report in (self.service, self.peer)
            if report is not None
        )


def run_bench(
    target: Target,
    plan: BenchPlan,
    sets: Sequence[tuple[Path, PictureSet]],
    peer: PeerCommand | None,
    progress: Callable[[str], None],
) -> list[Turn]:
    """Measure service and peer in turns.

    Args:
        target: The service.
        plan: What to do.
        sets: Each set's `labels.jsonl`, and its pictures in memory.
        peer: The peer, or None to measure the service alone.
        progress: Told what begins.
    """
    turns = []
    for number in range(1, plan.rounds + 1):
        for labels, dataset in sets:
            progress(f"round {number} of {plan.rounds}, {dataset.name}: rayocr")
            service = measure_service(target, plan.load, dataset, plan.warmup).as_dict()
            if peer is None:
                turns.append(Turn(dataset.name, number, service))
                continue
            progress(f"round {number} of {plan.rounds}, {dataset.name}: {peer.peer.value}")
            figures, idle_cores = _measure_peer_beside(target, peer, labels, plan)
            turns.append(Turn(dataset.name, number, service, figures, idle_cores))
    return turns


def markdown(turns: Sequence[Turn], machine: Machine) -> str:
    """Table of the medians over the rounds, with ratios (above 1: the service is better), as GitHub markdown."""
    lines = [f"CPU: {machine}", ""]
    peers = sorted({str(turn.peer["subject"]) for turn in turns if turn.peer is not None})
    lines += [f"Peer: {', '.join(peers) or 'none'}. Rounds: {max((turn.round for turn in turns), default=0)}."]
    idle = [turn.idle_cores for turn in turns if turn.idle_cores is not None]
    if idle:
        lines.append(f"The idle service used {statistics.median(idle):.2f} cores while the peer ran.")
    lines += ["", f"| {' | '.join(_COLUMNS)} |", "|" + "---|" * len(_COLUMNS)]
    for name in dict.fromkeys(turn.dataset for turn in turns):
        cells = _table_row(name, [turn for turn in turns if turn.dataset == name])
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def raw_figures(turns: Sequence[Turn], machine: Machine) -> dict[str, object]:
    """Every figure of every turn, for JSON."""
    return {"machine": asdict(machine), "turns": [asdict(turn) for turn in turns]}


def _measure_peer_beside(
    target: Target, peer: PeerCommand, labels: Path, plan: BenchPlan
) -> tuple[dict[str, object], float | None]:
    if target.processes is None:
        return peer.measure(labels, plan), None
    started = time.perf_counter()
    with Meter(target.processes.alive, is_memory_sampled=False) as meter:
        figures = peer.measure(labels, plan)
    return figures, meter.use.cpu_s / (time.perf_counter() - started)


def _table_row(name: str, turns: Sequence[Turn]) -> list[str]:
    services = [turn.service for turn in turns]
    peers = [turn.peer for turn in turns if turn.peer is not None]

    def both(path: str) -> tuple[float | None, float | None]:
        return _median(services, path), _median(peers, path)

    (speed, peer_speed), (cpu, peer_cpu) = both("images_per_s"), both("cpu_s_per_image")
    (memory, peer_memory), (f1, peer_f1) = both("peak_memory_bytes"), both("accuracy.f1")
    return [
        name,
        str(services[0]["pictures"]),
        *(_number(speed, 2), _number(peer_speed, 2), _ratio(speed, peer_speed)),
        *(_number(cpu, 3), _number(peer_cpu, 3), _ratio(peer_cpu, cpu)),
        *(_number(_median(services, "latency_s.p50"), 2), _number(_median(services, "latency_s.p95"), 2)),
        *(_number(memory, 0, 1e6), _number(peer_memory, 0, 1e6)),
        *(_number(f1, 4), _number(peer_f1, 4)),
        *(str(_failed(services)), str(_failed(peers)) if peers else "-"),
    ]


def _median(reports: Sequence[dict[str, object]], path: str) -> float | None:
    values = [value for value in (_figure(report, path) for report in reports) if value is not None]
    return statistics.median(values) if values else None


def _figure(report: dict[str, object], path: str) -> float | None:
    """Number at a dotted path of a report, None where a part of the path is null."""
    value: object = report
    for key in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value[key]
    return float(value) if isinstance(value, int | float) else None


def _failed(reports: Sequence[dict[str, object]]) -> int:
    return sum(int(_figure(report, "requests") or 0) - int(_figure(report, "answered") or 0) for report in reports)


def _number(value: float | None, digits: int, unit: float = 1.0) -> str:
    return "-" if value is None else f"{value / unit:.{digits}f}"


def _ratio(over: float | None, under: float | None) -> str:
    return "-" if over is None or not under else f"{over / under:.2f}"
