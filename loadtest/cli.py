"""Command line: `python -m loadtest COMMAND`; without a command it is `run`.

Exit codes: 0 all requests answered; 1 some failed (unless `--allow-errors`); 2 nothing could be measured as asked.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from loadtest.accuracy import Unit
from loadtest.bench import BenchPlan, PeerCommand, markdown, raw_figures, run_bench
from loadtest.client import LoadPlan
from loadtest.errors import LoadtestError
from loadtest.machine import this_machine
from loadtest.peer import Peer, load_peer, measure_peer
from loadtest.pictures import load_pictures
from loadtest.render import print_report
from loadtest.report import Report
from loadtest.service import Target, measure_service

__all__ = ["app", "main", "with_default_command"]

_COMMANDS = ("run", "score", "peer", "bench")
_BENCH_SETS = "sroie,funsd,icdar2015_test,zh_docs_pdf"


app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)

Url = Annotated[str, typer.Option(help="Address of the service, without /v1/ocr.")]
Images = Annotated[Path, typer.Option(help="Folder of pictures, or a labels.jsonl.")]
Labels = Annotated[Path, typer.Option(help="A labels.jsonl, its images relative to it.")]
Clients = Annotated[int, typer.Option(min=1, max=1024, help="Requests under way at once.")]
Repeat = Annotated[int, typer.Option(min=1, help="How often each picture is sent.")]
Duration = Annotated[float | None, typer.Option(min=0.1, help="Send round and round for so many seconds instead.")]
Warmup = Annotated[int, typer.Option(min=0, help="Requests before the clock starts.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Take the first so many pictures.")]
Timeout = Annotated[float, typer.Option(min=0.1, help="Longest wait for an answer, in seconds.")]
MaxTime = Annotated[float, typer.Option(min=1, help="Begin nothing after so many seconds, whatever else is asked.")]
Retry503 = Annotated[bool, typer.Option("--retry-503", help="Send refused requests again after their Retry-After.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
ServicePid = Annotated[int | None, typer.Option(help="Process that started the service; default: by its port.")]
Resources = Annotated[bool, typer.Option(help="Measure CPU and memory of a service on this machine.")]
AllowRemote = Annotated[bool, typer.Option("--allow-remote", help="Allow a service that is not on loopback.")]
AllowErrors = Annotated[bool, typer.Option("--allow-errors", help="Exit with 0 although requests failed.")]
UnitOption = Annotated[Unit | None, typer.Option(help="Count words or characters; default: by the labels' script.")]
Threads = Annotated[int | None, typer.Option(min=1, help="Threads of the peer; default: as it comes, all cores.")]
Classifier = Annotated[bool, typer.Option("--cls/--no-cls", help="The peer's classifier of lines upside down.")]


@app.command()
def run(
    images: Images,
    url: Url = "http://127.0.0.1:8000",
    clients: Clients = 8,
    repeat: Repeat = 1,
    duration: Duration = None,
    warmup: Warmup = 0,
    limit: Limit = None,
    timeout: Timeout = 60.0,
    max_time: MaxTime = 3600.0,
    retry_503: Retry503 = False,
    unit: UnitOption = None,
    service_pid: ServicePid = None,
    resources: Resources = True,
    allow_remote: AllowRemote = False,
    allow_errors: AllowErrors = False,
    as_json: AsJson = False,
) -> None:
    """Drive a service with N clients and report speed, failures, CPU, memory and, with labels, accuracy."""
    plan = LoadPlan(url, clients, repeat, duration, timeout, max_time, retry_503)
    dataset = load_pictures(images, limit)
    target = Target.at(url, allow_remote, service_pid, resources)
    _finish(measure_service(target, plan, dataset, warmup, unit), as_json, allow_errors)


@app.command()
def score(
    labels: Labels,
    url: Url = "http://127.0.0.1:8000",
    clients: Clients = 8,
    warmup: Warmup = 0,
    limit: Limit = None,
    timeout: Timeout = 60.0,
    max_time: MaxTime = 3600.0,
    retry_503: Retry503 = False,
    unit: UnitOption = None,
    service_pid: ServicePid = None,
    resources: Resources = True,
    allow_remote: AllowRemote = False,
    allow_errors: AllowErrors = False,
    as_json: AsJson = False,
) -> None:
    """Send a labelled set once and report, accuracy included."""
    run(
        images=labels,
        url=url,
        clients=clients,
        warmup=warmup,
        limit=limit,
        timeout=timeout,
        max_time=max_time,
        retry_503=retry_503,
        unit=unit,
        service_pid=service_pid,
        resources=resources,
        allow_remote=allow_remote,
        allow_errors=allow_errors,
        as_json=as_json,
    )


@app.command()
def peer(
    labels: Labels,
    peer: Annotated[Peer, typer.Option(help="Which peer.")] = Peer.RAPIDOCR_OPENVINO,
    repeat: Repeat = 1,
    warmup: Warmup = 0,
    limit: Limit = None,
    max_time: MaxTime = 3600.0,
    threads: Threads = None,
    cls: Classifier = True,
    unit: UnitOption = None,
    allow_errors: AllowErrors = False,
    as_json: AsJson = False,
) -> None:
    """Measure a peer in this process, by the same rules."""
    dataset = load_pictures(labels, limit)
    name, read = load_peer(peer, threads, cls)
    report = measure_peer(name, read, dataset, repeat=repeat, warmup=warmup, max_time_s=max_time, unit=unit)
    _finish(report, as_json, allow_errors)


@app.command()
def bench(
    data: Annotated[Path, typer.Option(help="Folder of the sets, each with its labels.jsonl.")],
    url: Url = "http://127.0.0.1:8000",
    sets: Annotated[str, typer.Option(help="Names of sets, with commas between.")] = _BENCH_SETS,
    peer: Annotated[Peer, typer.Option(help="Which peer.")] = Peer.RAPIDOCR_OPENVINO,
    peer_python: Annotated[Path | None, typer.Option(help="Interpreter that has the peer; default: no peer.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often; the table shows medians.")] = 1,
    clients: Clients = 8,
    warmup: Warmup = 4,
    limit: Limit = None,
    timeout: Timeout = 60.0,
    max_time: MaxTime = 3600.0,
    retry_503: Retry503 = False,
    threads: Threads = None,
    cls: Classifier = True,
    service_pid: ServicePid = None,
    allow_remote: AllowRemote = False,
    allow_errors: AllowErrors = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Keep all raw figures in this file.")] = None,
) -> None:
    """Measure service and peer in turns on several sets; prints a markdown table of medians and ratios."""
    labels = [data / name / "labels.jsonl" for name in sets.split(",")]
    plan = BenchPlan(LoadPlan(url, clients, 1, None, timeout, max_time, retry_503), rounds, warmup, limit)
    command = None if peer_python is None else PeerCommand(peer_python, peer, threads, cls)
    target = Target.at(url, allow_remote, service_pid)
    pictures = [(path, load_pictures(path, limit)) for path in labels]

    turns = run_bench(target, plan, pictures, command, lambda text: typer.echo(text, err=True))
    machine = this_machine()
    typer.echo(markdown(turns, machine))
    if json_file is not None:
        json_file.write_text(json.dumps(raw_figures(turns, machine), indent=1, ensure_ascii=False), encoding="utf-8")
    if any(turn.has_failures for turn in turns) and not allow_errors:
        raise typer.Exit(1)


def with_default_command(arguments: Sequence[str]) -> list[str]:
    """Put `run` before arguments that name no command."""
    if not arguments or arguments[0] in _COMMANDS or arguments[0] == "--help":
        return list(arguments)
    return ["run", *arguments]


def main() -> None:
    """Run the command line; a measurement that can't be made ends with one line on stderr."""
    try:
        app(args=with_default_command(sys.argv[1:]), prog_name="python -m loadtest")
    except LoadtestError as exc:
        sys.stderr.write(f"loadtest: {exc}\n")
        sys.exit(exc.exit_code)


def _finish(report: Report, as_json: bool, allow_errors: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"machine": str(this_machine()), **report.as_dict()}, ensure_ascii=False))
    else:
        print_report(report)
    if report.has_failures and not allow_errors:
        raise typer.Exit(1)
