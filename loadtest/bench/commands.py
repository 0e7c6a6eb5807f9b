"""`python -m loadtest bench` and `table`."""

import datetime
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path, PurePath
from typing import Annotated

import typer

from loadtest.bench.comparison import Comparison, read_comparison
from loadtest.bench.run import BenchPlan, BenchSet, PeerCommand, check_peers, run_bench
from loadtest.bench.table import markdown, pictures_of, write_results
from loadtest.data.pictures import load_pictures
from loadtest.errors import LoadtestError
from loadtest.measuring.client import LoadPlan
from loadtest.measuring.machine import this_machine
from loadtest.measuring.program import service_at
from loadtest.options import (
    BENCH_SETS,
    AllowErrors,
    AllowRemote,
    Clients,
    Data,
    Limit,
    MaxTime,
    Retry503,
    Serve,
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

_SLOW_PEERS = ",".join((Peer.RAPIDOCR_ONNXRUNTIME, Peer.RAPIDOCR5_SMALL, Peer.FASTER_PADDLE_SMALL, Peer.TESSERACT))

Peers = Annotated[str, typer.Option(help=f"Names with commas between, the one that counts first: {', '.join(Peer)}.")]
PeerPythons = Annotated[
    list[str] | None,
    typer.Option(
        "--peer-python",
        help="Interpreter that has the peers; ENVIRONMENT=PATH for those of one environment. Default: no peers.",
    ),
]
Bundles = Annotated[
    str, typer.Option(help="Bundles, with commas between, that a service of --serve reads with, the main one first.")
]
MetricsUrl = Annotated[
    str | None, typer.Option(help="The service's Prometheus metrics, to split its CPU time in the first round.")
]
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
    peer_python: PeerPythons = None,
    bundles: Bundles = "",
    rounds: Rounds = 1,
    slow_peers: SlowPeers = _SLOW_PEERS,
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
    serve: Serve = None,
    service_pid: ServicePid = None,
    allow_remote: AllowRemote = False,
    allow_errors: AllowErrors = False,
    metrics_url: MetricsUrl = None,
    settings: Settings = None,
    json_file: JsonFile = None,
) -> None:
    """Measure service and peers in turns on several sets; prints a markdown table of medians and ratios."""
    plan = BenchPlan(
        load=LoadPlan(url, clients, 1, None, timeout, max_time, retry_503),
        peers=_peers(peers) if peer_python else [],
        rounds=rounds,
        warmup=warmup,
        limit=limit,
        slow_peers=frozenset(_peers(slow_peers)),
        slow_rounds=slow_rounds,
        slow_limit=slow_limit,
        one_client_sets=frozenset(comma_separated(one_client_sets)),
        bundles=comma_separated(bundles),
        metrics_url=metrics_url,
    )
    if serve is None and plan.bundles:
        raise LoadtestError("--bundles needs --serve: a service is started with each")
    if len(plan.services) != max(1, len(plan.bundles)):
        raise LoadtestError(f"--bundles {bundles}: two have the same name")
    service = service_at(url, serve, allow_remote, service_pid)
    labels = [data / name / "labels.jsonl" for name in comma_separated(sets)]
    read = [BenchSet(path, load_pictures(path, limit)) for path in labels]
    comparison = Comparison(this_machine(), f"{datetime.date.today():%Y-%m-%d}", _text(settings), [])
    progress = partial(typer.echo, err=True)
    command = PeerCommand(_interpreters(peer_python), threads, max_time) if peer_python else None
    if command is not None:
        check_peers(plan, read, command, progress)

    with closing(run_bench(service, plan, read, command, progress)) as turns:
        for turn in turns:
            comparison = comparison.with_turn(turn)
            if json_file is not None:
                comparison.write(json_file)
    typer.echo(markdown(comparison))
    if any(turn.has_failures for turn in comparison.turns) and not allow_errors:
        raise typer.Exit(1)


def table(
    file: Annotated[Path, typer.Argument(help="Figures that bench --json kept.")],
    page: Annotated[Path | None, typer.Option(help="Write it into this page, between its markers.")] = None,
    picture: Annotated[
        str | None, typer.Option(help="Show this picture below, and those that plot drew beside it.")
    ] = None,
) -> None:
    """Print the table of a bench again, or write it into a page."""
    comparison = read_comparison(file)
    text = markdown(comparison)
    if picture is not None:
        name = PurePath(picture)
        for suffix, shown in pictures_of(comparison).items():
            text += f"\n\n![{shown}]({name.with_stem(name.stem + suffix)})"
    if page is None:
        typer.echo(text)
    else:
        write_results(page, text)


def _peers(text: str) -> list[Peer]:
    try:
        return [Peer(name) for name in comma_separated(text)]
    except ValueError as exc:
        raise LoadtestError(f"{exc}; the peers are {', '.join(Peer)}") from exc


def _interpreters(texts: Sequence[str]) -> Mapping[str, Path]:
    """Interpreters by environment, under "" the one of all others, from the texts of `--peer-python`."""
    pairs = (text.partition("=") for text in texts)
    return {before if equals else "": Path(after if equals else before) for before, equals, after in pairs}


def _text(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as exc:
        raise LoadtestError(f"cannot read the settings {path}: {exc}") from exc
