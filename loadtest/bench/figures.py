"""Medians over rounds, and medians of the ratios within each round."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from loadtest.bench.comparison import ONE_CLIENT, SERVICE, Turn, is_service

__all__ = ["OneClientFigures", "SystemFigures", "one_client_figures", "system_figures"]


@dataclass(frozen=True)
class SystemFigures:
    """One system on one set: medians over its rounds, failures summed. None: not measured.

    Attributes:
        dataset: Name of the set.
        system: As `Turn.system`.
        pictures: Pictures of the set that it read.
        rounds: How often.
        images_per_s: Answered pictures a second.
        speed_ratio: The service's images a second over this system's, within each round; None for the service itself,
            and where the two read different pictures.
        cpu_s_per_image: CPU seconds a picture.
        cpu_ratio: This system's CPU seconds over the service's, within each round; None likewise.
        p50_s: Median latency.
        p95_s: 95th percentile of latency.
        peak_memory_bytes: PSS of all its processes.
        f1: Over the set.
        failed: Pictures without an answer, over all rounds.
    """

    dataset: str
    system: str
    pictures: int
    rounds: int
    images_per_s: float | None
    speed_ratio: float | None
    cpu_s_per_image: float | None
    cpu_ratio: float | None
    p50_s: float | None
    p95_s: float | None
    peak_memory_bytes: float | None
    f1: float | None
    failed: int


@dataclass(frozen=True)
class OneClientFigures:
    """Latency of the service's single client on one set, beside a peer's own for the same pictures.

    Attributes:
        dataset: Name of the set.
        system: The peer.
        pictures: Pictures that both read.
        p50_s: Median latency of the service.
        peer_p50_s: Of the peer.
        p95_s: 95th percentile of the service.
        peer_p95_s: Of the peer.
        p95_ratio: The service's p95 over the peer's, within each round: below 1 the service is faster.
    """

    dataset: str
    system: str
    pictures: int
    p50_s: float | None
    peer_p50_s: float | None
    p95_s: float | None
    peer_p95_s: float | None
    p95_ratio: float | None


def system_figures(turns: Sequence[Turn]) -> list[SystemFigures]:
    """Figures of each set and system, in the order they were first measured, but with the service's bundles first.

    The turns of one client are left out.
    """
    turns = [turn for turn in turns if turn.system != ONE_CLIENT]
    found = []
    sets = list(dict.fromkeys(turn.dataset for turn in turns))
    measured = dict.fromkeys((turn.dataset, turn.system) for turn in turns)
    for dataset, system in sorted(measured, key=lambda key: (sets.index(key[0]), not is_service(key[1]))):
        own = [turn for turn in turns if (turn.dataset, turn.system) == (dataset, system)]
        service = [turn for turn in turns if (turn.dataset, turn.system) == (dataset, SERVICE)]
        found.append(
            SystemFigures(
                dataset,
                system,
                int(own[0].figure("pictures") or 0),
                len(own),
                _median_of(own, "images_per_s"),
                None if is_service(system) else _median_ratio(service, own, "images_per_s"),
                _median_of(own, "cpu_s_per_image"),
                None if is_service(system) else _median_ratio(own, service, "cpu_s_per_image"),
                _median_of(own, "latency_s.p50"),
                _median_of(own, "latency_s.p95"),
                _median_of(own, "peak_memory_bytes"),
                _median_of(own, "accuracy.f1"),
                sum(int(turn.figure("requests") or 0) - int(turn.figure("answered") or 0) for turn in own),
            )
        )
    return found


def one_client_figures(turns: Sequence[Turn]) -> list[OneClientFigures]:
    """Latencies of each set that was measured with one client, beside each peer that read the same pictures."""
    found = []
    for dataset in dict.fromkeys(turn.dataset for turn in turns if turn.system == ONE_CLIENT):
        of_set = [turn for turn in turns if turn.dataset == dataset]
        service = [turn for turn in of_set if turn.system == ONE_CLIENT]
        peers = (turn.system for turn in of_set if turn.system != ONE_CLIENT and not is_service(turn.system))
        for system in dict.fromkeys(peers):
            peer = [turn for turn in of_set if turn.system == system]
            ratio = _median_ratio(service, peer, "latency_s.p95")
            if ratio is None:
                continue
            p50_s, p95_s = _median_of(service, "latency_s.p50"), _median_of(service, "latency_s.p95")
            peer_p50_s, peer_p95_s = _median_of(peer, "latency_s.p50"), _median_of(peer, "latency_s.p95")
            pictures = int(peer[0].figure("pictures") or 0)
            found.append(OneClientFigures(dataset, system, pictures, p50_s, peer_p50_s, p95_s, peer_p95_s, ratio))
    return found


def _median_ratio(overs: Iterable[Turn], unders: Iterable[Turn], path: str) -> float | None:
    """Median over the rounds that both have of one's figure by the other's, the same pictures read."""
    under_of_round = {turn.round: turn for turn in unders}
    ratios = []
    for over in overs:
        under = under_of_round.get(over.round)
        if under is None or over.figure("pictures") != under.figure("pictures"):
            continue
        numerator, denominator = over.figure(path), under.figure(path)
        if numerator is not None and denominator:
            ratios.append(numerator / denominator)
    return statistics.median(ratios) if ratios else None


def _median_of(turns: Iterable[Turn], path: str) -> float | None:
    values = [value for value in (turn.figure(path) for turn in turns) if value is not None]
    return statistics.median(values) if values else None
