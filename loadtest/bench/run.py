"""Measuring service and peers in turns."""

import json
import subprocess
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from loadtest.bench.comparison import ONE_CLIENT, SERVICE, Turn, is_service, service_system
from loadtest.data.pictures import PictureSet
from loadtest.errors import LoadtestError
from loadtest.measuring.client import LoadPlan
from loadtest.measuring.meter import Meter
from loadtest.measuring.program import Service
from loadtest.measuring.service import Target, measure_service
from loadtest.peers import Peer
from loadtest.profile.measure import LEAST_IDLE_S, ProfilePlan, measure_profile

__all__ = ["BenchPlan", "BenchSet", "PeerCommand", "check_peers", "run_bench", "schedule"]

_START_ALLOWANCE_S = 300.0
"""Seconds a peer may take beyond its own limit: to import, load its nets and score."""


@dataclass(frozen=True)
class BenchPlan:
    """What to do: `rounds` times each set, the service first, then each peer; then the sets with further bundles.

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
        bundles: Names or manifests of the bundles that the service reads with, each started by itself; the peers take
            turns with the first. None: the service reads with its own.
        metrics_url: The service's Prometheus endpoint, to split its CPU time in the first round; None: don't.
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
    bundles: Sequence[str] = ()
    metrics_url: str | None = None

    @property
    def services(self) -> Mapping[str, str | None]:
        """The bundle of each system that is the service; None: its own."""
        further = {service_system(bundle): bundle for bundle in self.bundles[1:]}
        return {SERVICE: self.bundles[0] if self.bundles else None, **further}

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
        pythons: That interpreter, by the name of the environment (`Peer.environment`); under "" the one of all others.
        threads: Cores that a peer may use; None: as it comes, all.
        max_time_s: A peer begins no picture after so long.
    """

    pythons: Mapping[str, Path]
    threads: int | None = None
    max_time_s: float = 3600.0

    def measure(self, peer: Peer, labels: Path, limit: int | None, warmup: int) -> dict[str, object]:
        """Run a peer over a set; returns its report.

        Raises:
            LoadtestError: It did not end in time, or printed no report; or no interpreter was given for it.
        """
        python = self.pythons.get(peer.environment, self.pythons.get(""))
        if python is None:
            raise LoadtestError(f"{peer} needs an interpreter: --peer-python {peer.environment}=PATH")
        command = [str(python.absolute()), "-m", "loadtest", "peer", "--json", "--allow-errors"]
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
            raise LoadtestError(f"cannot start the peers' interpreter {python}: {exc}") from exc
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
        for system in list(plan.services)[1:]:
            for index, _ in enumerate(sets):
                yield number, index, system


def check_peers(
    plan: BenchPlan, sets: Sequence[BenchSet], command: PeerCommand, progress: Callable[[str], None]
) -> None:
    """Let each peer read one picture of each set, since one that can't would else be found out after an hour.

    Raises:
        LoadtestError: One does not run, or can't read.
    """
    for peer in plan.peers:
        progress(f"trying {peer}")
        for dataset in sets:
            report = command.measure(peer, dataset.labels, limit=1, warmup=0)
            if report["answered"] != 1:
                raise LoadtestError(f"{peer} can't read the first picture of {dataset.labels}: {report['errors']}")


def run_bench(
    service: Service,
    plan: BenchPlan,
    sets: Sequence[BenchSet],
    command: PeerCommand | None,
    progress: Callable[[str], None],
) -> Generator[Turn]:
    """Measure service and peers in turns; gives each turn when it is done.

    Args:
        service: Gives the service with a bundle. Closing the generator lets it go.
        plan: What to do.
        sets: What to read.
        command: How to run the peers; None only for a plan without any.
        progress: Told what begins.
    """
    with ExitStack() as stack:
        running, target = "", None
        for number, index, system in schedule(plan, [dataset.pictures.name for dataset in sets]):
            if target is None or (is_service(system) and system != running):
                stack.close()
                running, target = system, stack.enter_context(service(plan.services[system]))
            dataset = sets[index]
            progress(f"round {number} of {plan.rounds}, {dataset.pictures.name}: {system}")
            if is_service(system) or system == ONE_CLIENT:
                yield _measure_service(target, plan, number, system, dataset.pictures, progress)
            elif command is not None:
                yield _measure_peer_beside(target, plan, command, number, Peer(system), dataset.labels)


def _measure_service(
    target: Target, plan: BenchPlan, number: int, system: str, pictures: PictureSet, progress: Callable[[str], None]
) -> Turn:
    """Drive the service; in the first round split its CPU time too, if that is asked for."""
    load = replace(plan.load, clients=1) if system == ONE_CLIENT else plan.load
    report = measure_service(target, load, pictures, plan.warmup).as_dict()
    if bundle := plan.services.get(system):
        report["subject"] = f"rayocr, bundle {Path(bundle).stem}"
    if plan.metrics_url is None or number > 1 or system == ONE_CLIENT:
        return Turn(number, system, report)
    _, split = measure_profile(target, ProfilePlan(load, 0, LEAST_IDLE_S, plan.metrics_url), pictures, progress)
    return Turn(number, system, report, profile=split.as_dict())


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
