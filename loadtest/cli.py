"""Command line: `python -m loadtest COMMAND`; without a command it is `run`.

Exit codes: 0 all requests answered; 1 some failed (unless `--allow-errors`); 2 nothing could be measured as asked.
"""

import json
import signal
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from loadtest.bench.commands import bench, table
from loadtest.data.pictures import load_pictures
from loadtest.errors import LoadtestError
from loadtest.jobs.commands import job_beside, job_overhead
from loadtest.measuring.client import LoadPlan
from loadtest.measuring.machine import this_machine
from loadtest.measuring.render import print_report
from loadtest.measuring.report import Report
from loadtest.measuring.service import Target, measure_service
from loadtest.options import (
    AllowErrors,
    AllowRemote,
    AsJson,
    Clients,
    Duration,
    Images,
    Labels,
    Limit,
    MaxTime,
    Repeat,
    Resources,
    Retry503,
    ServicePid,
    Threads,
    Timeout,
    UnitOption,
    Url,
    Warmup,
)
from loadtest.peers import Peer, PeerOptions, load_peer, measure_peer
from loadtest.plotting.canvas import plot
from loadtest.profile import profile
from loadtest.soak.commands import soak

__all__ = ["app", "main", "with_default_command"]


app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
app.command()(bench)
app.command()(table)
app.command()(soak)
app.command()(plot)
app.command()(profile)
app.command("job-overhead")(job_overhead)
app.command("job-beside")(job_beside)


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
    unit: UnitOption = None,
    allow_errors: AllowErrors = False,
    as_json: AsJson = False,
) -> None:
    """Measure a peer on this machine, without HTTP, by the same rules."""
    dataset = load_pictures(labels, limit)
    loaded = load_peer(peer, PeerOptions(threads, dataset.unit if unit is None else unit))
    report = measure_peer(loaded, dataset, repeat=repeat, warmup=warmup, max_time_s=max_time, unit=unit)
    _finish(report, as_json, allow_errors)


def with_default_command(arguments: Sequence[str]) -> list[str]:
    """Put `run` before arguments that name no command."""
    commands = {command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands}
    if not arguments or arguments[0] in commands or arguments[0] == "--help":
        return list(arguments)
    return ["run", *arguments]


def main() -> None:
    """Run the command line; a measurement that can't be made ends with one line on stderr."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that what was started is stopped
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
