"""`python -m loadtest bench` and `table`."""

import datetime
from pathlib import Path
from typing import Annotated

import typer

from loadtest.bench.comparison import Comparison, read_comparison
from loadtest.bench.run import BenchPlan, BenchSet, PeerCommand, check_peers, run_bench
from loadtest.bench.table import markdown, write_results
from loadtest.data.pictures import load_pictures
from loadtest.errors import LoadtestError
from loadtest.measuring.client import LoadPlan
from loadtest.measuring.machine import this_machine
from loadtest.measuring.service import Target
from loadtest.options import (
    BENCH_SETS,
    AllowErrors,
    AllowRemote,
    Clients,
    Data,
    Limit,
    MaxTime,
    Retry503,
    ServicePid,
    Sets,
    Threads,
    Timeout,
    Url,
    Warmup,
    comma_separated,
)
from loadtest.peers import Peer

__all__ = ["bench", "table"]

Peers = Annotated[str, typer.Option(help=f"Names with commas between, the one that counts first: {', '.join(Peer)}.")]
PeerPython = Annotated[Path | None, typer.Option(help="Interpreter that has the peers; default: no peers.")]
Rounds = Annotated[int, typer.Option(min=1, help="How often; the table shows medians.")]
SlowPeers = Annotated[str, typer.Option(help="Peers, by name, that the next two options hold for.")]
SlowRounds = Annotated[int, typer.Option("--slow-peer-rounds", min=1, help="Rounds that slow peers take part in.")]
SlowLimit = Annotated[
    int | None, typer.Option("--slow-peer-limit", min=1, help="Slow peers read the first so many pictures of a set.")
]
OneClientSets = Annotated[str, typer.Option(help="Sets that the service also reads with one client, for its latency.")]
Settings = Annotated[Path | None, typer.Option(help="Text file with the service's settings, shown with the table.")]
JsonFile = Annotated[Path | None, typer.Option("--json", help="Keep all raw figures here, from turn to turn.")]


def bench(
    data: Data,
    url: Url = "http://127.0.0.1:8000",
    sets: Sets = BENCH_SETS,
    peers: Peers = Peer.RAPIDOCR_OPENVINO.value,
    peer_python: PeerPython = None,
    rounds: Rounds = 1,
    slow_peers: SlowPeers = f"{Peer.RAPIDOCR_ONNXRUNTIME.value},{Peer.TESSERACT.value}",
    slow_rounds: SlowRounds = 1,
    slow_limit: SlowLimit = None,
    one_client_sets: OneClientSets = "sroie",
    clients: Clients = 8,
    warmup: Warmup = 4,
    limit: Limit = None,
    timeout: Timeout = 60.0,
    max_time: MaxTime = 3600.0,
    retry_503: Retry503 = False,
    threads: Threads = None,
    service_pid: ServicePid = None,
    allow_remote: AllowRemote = False,
    allow_errors: AllowErrors = False,
    settings: Settings = None,
    json_file: JsonFile = None,
) -> None:
    """Measure service and peers in turns on several sets; prints a markdown table of medians and ratios."""
    plan = BenchPlan(
        load=LoadPlan(url, clients, 1, None, timeout, max_time, retry_503),
        peers=_peers(peers) if peer_python is not None else [],
        rounds=rounds,
        warmup=warmup,
        limit=limit,
        slow_peers=frozenset(_peers(slow_peers)),
        slow_rounds=slow_rounds,
        slow_limit=slow_limit,
        one_client_sets=frozenset(comma_separated(one_client_sets)),
    )
    target = Target.at(url, allow_remote, service_pid)
    labels = [data / name / "labels.jsonl" for name in comma_separated(sets)]
    read = [BenchSet(path, load_pictures(path, limit)) for path in labels]
    comparison = Comparison(this_machine(), f"{datetime.date.today():%Y-%m-%d}", _text(settings), [])
    command = None if peer_python is None else PeerCommand(peer_python, threads, max_time)
    if command is not None:
        check_peers(plan, read, command)

    for turn in run_bench(target, plan, read, command, lambda text: typer.echo(text, err=True)):
        comparison = comparison.with_turn(turn)
        if json_file is not None:
            comparison.write(json_file)
    typer.echo(markdown(comparison))
    if any(turn.has_failures for turn in comparison.turns) and not allow_errors:
        raise typer.Exit(1)


def table(
    file: Annotated[Path, typer.Argument(help="Figures that bench --json kept.")],
    page: Annotated[Path | None, typer.Option(help="Write it into this page, between its markers.")] = None,
    picture: Annotated[str | None, typer.Option(help="Show this picture below, as plot drew it.")] = None,
) -> None:
    """Print the table of a bench again, or write it into a page."""
    text = markdown(read_comparison(file))
    if picture is not None:
        text += f"\n\n![Images a second, CPU seconds per image, F1 and memory of each system]({picture})"
    if page is None:
        typer.echo(text)
    else:
        write_results(page, text)


def _peers(text: str) -> list[Peer]:
    try:
        return [Peer(name) for name in comma_separated(text)]
    except ValueError as exc:
        raise LoadtestError(f"{exc}; the peers are {', '.join(Peer)}") from exc


def _text(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as exc:
        raise LoadtestError(f"cannot read the settings {path}: {exc}") from exc
