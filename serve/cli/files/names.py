"""Names files of results after their documents, with one more extension, below the folder for all of them."""

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from deployments.storage.file import path_from_location
from deployments.storage.https.url import without_query
from models.errors import MalformedRequest
from serve.cli.files.sources import STDIN, Source, is_folder

__all__ = ["check_output_names", "output_name"]


def output_name(source: Source, *, is_one_of_many: bool) -> str:
    """Name the result of a document, without the extension of its format.

    Args:
        source: A document. `scans/a.png` gives `a.png`; a document found in a folder gives its path below the folder.
        is_one_of_many: Whether the user named more than one location. Documents in a folder then keep its name.

    Raises:
        MalformedRequest: The document is a key in a bucket that can't be a path.
    """
    if source.folder is None:
        return _last_part(source.location)
    below = _below(source.location, source.folder)
    if any(part in ("", ".", "..") for part in below.split("/")) or "\0" in below:
        raise MalformedRequest(f"{source.name}: this key can't be the name of a file: read it alone, without --output")
    return f"{_last_part(source.folder)}/{below}" if is_one_of_many else below


def check_output_names(folder: Path, locations: Sequence[str]) -> None:
    """Find out, before anything is read, whether two results would have one name.

    Args:
        folder: The folder for all results.
        locations: All locations that the user named.

    Raises:
        MalformedRequest: Two results would have one name, or the results would be among the documents that are read.
    """
    seen: dict[str, str] = {}
    for location in locations:
        name = _last_part(location)
        if name in seen:
            both = f"{without_query(seen[name])} and {without_query(location)}"
            raise MalformedRequest(
                f"{both} would both be written to {folder / name}: read them in two runs, with an --output each"
            )
        seen[name] = location
        if _is_local(location) and is_folder(location):
            read = path_from_location(location).resolve()
            if folder.resolve().is_relative_to(read):
                raise MalformedRequest(f"--output {folder} lies in {location}, which is read: choose another folder")


def _last_part(location: str) -> str:
    if location == STDIN:
        return "standard-input"
    scheme = location.partition(":")[0].lower()
    if scheme == "data":
        return "data"
    if scheme == "https":
        url = urlsplit(location)
        name = PurePosixPath(unquote(url.path)).name
    elif scheme == "s3":
        name = PurePosixPath(location.partition("://")[2].rstrip("/")).name
    else:
        path = path_from_location(location)
        name = path.name or path.resolve().name
    if name in ("", ".", "..") or "\0" in name:
        raise MalformedRequest(f"{without_query(location)}: no file can be named after it: read it without --output")
    return name


def _below(location: str, folder: str) -> str:
    if _is_local(folder):
        return os.path.relpath(location, path_from_location(folder))
    return location.removeprefix(folder)


def _is_local(location: str) -> bool:
    return location != STDIN and location.partition(":")[0].lower() not in ("s3", "https", "data")
