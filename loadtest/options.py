"""Options that several commands share, so that they are named, explained and read alike."""

from pathlib import Path
from typing import Annotated

import typer

from loadtest.data.accuracy import Unit

__all__ = [
    "BENCH_SETS",
    "AllowErrors",
    "AllowRemote",
    "AsJson",
    "Clients",
    "Data",
    "Duration",
    "Images",
    "Labels",
    "Limit",
    "MaxTime",
    "Repeat",
    "Resources",
    "Retry503",
    "Serve",
    "ServicePid",
    "Sets",
    "Threads",
    "Timeout",
    "UnitOption",
    "Url",
    "Warmup",
    "comma_separated",
]

BENCH_SETS = "sroie,funsd,icdar2015_test,zh_docs_pdf"
"""Sets measured unless others are named."""

Url = Annotated[str, typer.Option(help="Address of the service, without /v1/ocr.")]
Images = Annotated[Path, typer.Option(help="Folder of pictures, or a labels.jsonl.")]
Labels = Annotated[Path, typer.Option(help="A labels.jsonl, its images relative to it.")]
Data = Annotated[Path, typer.Option(help="Folder of the sets, each with its labels.jsonl.")]
Sets = Annotated[str, typer.Option(help="Names of sets, with commas between.")]
Clients = Annotated[int, typer.Option(min=1, max=1024, help="Requests under way at once.")]
Repeat = Annotated[int, typer.Option(min=1, help="How often each picture is sent.")]
Duration = Annotated[float | None, typer.Option(min=0.1, help="Send round and round for so many seconds instead.")]
Warmup = Annotated[int, typer.Option(min=0, help="Requests before the clock starts.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Take the first so many pictures.")]
Timeout = Annotated[float, typer.Option(min=0.1, help="Longest wait for an answer, in seconds.")]
MaxTime = Annotated[float, typer.Option(min=1, help="Begin nothing after so many seconds, whatever else is asked.")]
Retry503 = Annotated[bool, typer.Option("--retry-503", help="Send refused requests again after their Retry-After.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Serve = Annotated[Path | None, typer.Option(help="Start this program, rayocr, at --url and stop it at the end.")]
ServicePid = Annotated[int | None, typer.Option(help="Process that started the service; default: by its port.")]
Resources = Annotated[bool, typer.Option(help="Measure CPU and memory of a service on this machine.")]
AllowRemote = Annotated[bool, typer.Option("--allow-remote", help="Allow a service that is not on loopback.")]
AllowErrors = Annotated[bool, typer.Option("--allow-errors", help="Exit with 0 although requests failed.")]
UnitOption = Annotated[Unit | None, typer.Option(help="Count words or characters; default: by the labels' script.")]
Threads = Annotated[int | None, typer.Option(min=1, help="Threads of the peer; default: as it comes, all cores.")]


def comma_separated(text: str) -> list[str]:
    """The names in the text of an option, such as `Sets`.

    >>> comma_separated("sroie,funsd,")
    ['sroie', 'funsd']
    """
    return [name for name in text.split(",") if name]
