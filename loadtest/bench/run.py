"""Measuring service and peers in turns."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from loadtest.bench.comparison import ONE_CLIENT, SERVICE, Turn
from loadtest.data.pictures import PictureSet
from loadtest.errors import LoadtestError
from loadtest.measuring.client import LoadPlan
from loadtest.measuring.meter import Meter
from loadtest.measuring.service import Target, measure_service
from loadtest.peers import Peer

__all__ = ["BenchPlan", "BenchSet", "PeerCommand", "check_peers", "run_bench", "schedule"]

_START_ALLOWANCE_S = 300.0
"""Seconds a peer may take beyond its own limit: to import, load its nets and score."""


@dataclass(frozen=True)
class BenchPlan:
    """What to do: `rounds` times each set, the service first, then each peer.

    Attributes:
        load: How to drive the service.
        peers: The peers, in their order; the first is the one that counts.
        rounds: How often.
        warmup: Pictures before each clock, for all systems.
        limit: First so many pictures of each set.
        slow_peers: Those of the peers for which the next two hold.
        slow_rounds: Rounds that they take part in, the first ones.
        slow_limit: First so many pictures of each set that they read; None as the others.
        one_client_sets: Names of sets that the service also reads with one client.
    """

    load: LoadPlan
    peers: Sequence[Peer] = ()
    rounds: int = 1
    warmup: int = 4
    limit: int | None = None
    slow_peers: frozenset[Peer] = frozenset()
    slow_rounds: int = 1
    slow_limit: int | None = None
    one_client_sets: frozenset[str] = frozenset()

    def limit_of(self, peer: Peer) -> int | None:
        """First so many pictures of each set that a peer reads."""
        if peer not in self.slow_peers or self.slow_limit is None:
            return self.limit
        return self.slow_limit if self.limit is None else min(self.limit, self.slow_limit)


@dataclass(frozen=True)
class BenchSet:
    """A set's `labels.jsonl`, and its pictures in memory."""

    labels: Path
    pictures: PictureSet


@dataclass(frozen=True)
class PeerCommand:
    """How to measure a peer: in a process of its own, with the interpreter of an environment that has it.

    Attributes:
        python: That interpreter.
        threads: Cores that a peer may use; None: as it comes, all.
        max_time_s: A peer begins no picture after so long.
    """

    python: Path
    threads: int | None = None
    max_time_s: float = 3600.0

    def measure(self, peer: Peer, labels: Path, limit: int | None, warmup: int) -> dict[str, object]:
        """Run a peer over a set; returns its report.

        Raises:
            LoadtestError: It did not end in time, or printed no report.
        """
        command = [str(self.python.absolute()), "-m", "loadtest", "peer", "--json", "--allow-errors"]
        command += ["--peer", peer.value, "--labels", str(labels.resolve()), "--warmup", str(warmup)]
        command += ["--max-time", str(self.max_time_s)]
        command += ["--limit", str(limit)] if limit is not None else []
        command += ["--threads", str(self.threads)] if self.threads is not None else []
        limit_s = self.max_time_s + _START_ALLOWANCE_S
        try:
            # From the folder that holds this package, so that the other interpreter finds it.
            done = subprocess.run(
                command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=limit_s, check=False
            )
        except subprocess.TimeoutExpired as exc:
            raise LoadtestError(f"{peer} did not end within {limit_s:.0f} s; take fewer pictures by --limit") from exc
        except OSError as exc:
            raise LoadtestError(f"cannot start the peers' interpreter {self.python}: {exc}") from exc
        if done.returncode != 0:
            reason = done.stderr.strip()[-2000:].removeprefix("loadtest: ")
            raise LoadtestError(f"{peer} ended with exit code {done.returncode}: {reason}")
        report: dict[str, object] = json.loads(done.stdout)
        return report


def schedule(plan: BenchPlan, sets: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Round (from 1), index of the set, and system, of each turn in its order."""
    for number in range(1, plan.rounds + 1):
        for index, name in enumerate(sets):
            yield number, index, SERVICE
            if name in plan.one_client_sets:
                yield number, index, ONE_CLIENT
            for peer in plan.peers:
                if peer not in plan.slow_peers or number <= plan.slow_rounds:
                    yield number, index, peer.value


def check_peers(plan: BenchPlan, sets: Sequence[BenchSet], command: PeerCommand) -> None:
    """Let each peer read one picture of each set, since one that can't would else be found out after an hour.

    Raises:
        LoadtestError: One does not run, or can't read.
    """
    for peer in plan.peers:
        for dataset in sets:
            report = command.measure(peer, dataset.labels, limit=1, warmup=0)
            if report["answered"] != 1:
                raise LoadtestError(f"{peer} can't read the first picture of {dataset.labels}: {report['errors']}")


def run_bench(
    target: Target,
    plan: BenchPlan,
    sets: Sequence[BenchSet],
    command: PeerCommand | None,
    progress: Callable[[str], None],
) -> Iterator[Turn]:
    """Measure service and peers in turns; gives each turn when it is done.

    Args:
        target: The service.
        plan: What to do.
        sets: What to read.
        command: How to run the peers; None only for a plan without any.
        progress: Told what begins.
    """
    alone = replace(plan.load, clients=1)
    for number, index, system in schedule(plan, [dataset.pictures.name for dataset in sets]):
        dataset = sets[index]
        progress(f"round {number} of {plan.rounds}, {dataset.pictures.name}: {system}")
        if system in (SERVICE, ONE_CLIENT):
            load = plan.load if system == SERVICE else alone
            report = measure_service(target, load, dataset.pictures, plan.warmup).as_dict()
            yield Turn(number, system, report)
        elif command is not None:
            yield _measure_peer_beside(target, plan, command, number, Peer(system), dataset.labels)


def _measure_peer_beside(
    target: Target, plan: BenchPlan, command: PeerCommand, number: int, peer: Peer, labels: Path
) -> Turn:
    """Run a peer while the service idles, and see what that takes from it."""
    limit = plan.limit_of(peer)
    if target.processes is None:
        return Turn(number, peer.value, command.measure(peer, labels, limit, plan.warmup))
    started = time.perf_counter()
    with Meter(target.processes.alive, is_memory_sampled=False) as meter:
        report = command.measure(peer, labels, limit, plan.warmup)
    return Turn(number, peer.value, report, meter.use.cpu_s / (time.perf_counter() - started))
