"""Where a run reads and writes: folders as they are given, made absolute, and the names that a run itself uses."""

import os
import re

from deployments.storage import Storage
from deployments.storage.file import path_from_location, remove_leftovers
from models.errors import MalformedRequest

__all__ = [
    "ERRORS_NAME",
    "STATE_FOLDER",
    "STATUS_NAME",
    "SUMMARY_NAME",
    "check_locations",
    "file_of",
    "folder_of",
    "input_of",
    "is_path",
    "key_from_path",
    "read_small",
    "split_prefix",
]

STATE_FOLDER = "_state/"
"""Below the output: what a run keeps for itself. It may be deleted between two runs; the next one starts slower."""

ERRORS_NAME = "_errors.jsonl"
SUMMARY_NAME = "_summary.json"
STATUS_NAME = f"{STATE_FOLDER}status.json"

_PROBE_NAME = f"{STATE_FOLDER}probe"
# Enough that a full disk shows before hours of work, not in them.
_PROBE = bytes(256 * 1024)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://|(data):", re.IGNORECASE)
_SMALL_BYTES = 1 << 30


def is_path(location: str) -> bool:
    """Whether a location is one of the local file system, as a path or as a file:// URL."""
    return _SCHEME.match(location) is None or location[:7].lower() == "file://"


def folder_of(location: str) -> str:
    """Bring the location of a folder into the one form that all of a run uses.

    Args:
        location: `s3://bucket/folder[/]`, a path, or a file:// URL. The slash at the end may be left out: both mean the
            folder, as for the AWS command line.

    Returns:
        It with a slash at its end; of the local file system, an absolute path, since workers run in other folders.

    Raises:
        MalformedRequest: A scheme that has no folders, or an invalid path.
    """
    if is_path(location):
        return file_of(location).rstrip("/") + "/"
    scheme, _, rest = location.partition("://")
    if scheme.lower() != "s3":
        raise MalformedRequest(f"{scheme[:20]}: has no folders; a bulk run reads and writes s3:// and file://")
    return f"s3://{rest}" if rest.endswith("/") else f"s3://{rest}/"


def file_of(location: str) -> str:
    """Make the location of one file absolute, links and `..` resolved; other locations are that already.

    Raises:
        MalformedRequest: An invalid path.
    """
    return str(path_from_location(location).resolve()) if is_path(location) else location


def key_from_path(path: str) -> str:
    """Turn a relative path into a key, which is Unicode: other bytes become `%` and two digits."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return re.sub("[\udc80-\udcff]", lambda match: f"%{os.fsencode(match[0])[0]:02X}", path)
    return path


def check_locations(location: str, output: str, storage: Storage) -> None:
    """Refuse at the start what would fail, or do harm, later.

    Writes a small object below the output and removes it again, so that a missing bucket, a missing permission and a
    full disk show before anything is read. What a killed run has left half written goes first: it may be what fills the
    disk. That the input is there shows when it is listed.

    Args:
        location: The input: a folder, or the beginning of names with a '*' at its end.
        output: The output folder, from `folder_of`.
        storage: Reads and writes.

    Raises:
        MalformedRequest: The output is the input or holds it: results could not be told from documents.
        RayocrError: The output can't be written to.
    """
    base, _ = split_prefix(location)
    if base.startswith(output):
        raise MalformedRequest(
            f"the output {output} is the input or holds it; choose a folder of its own, inside or beside"
        )
    if is_path(output):
        remove_leftovers(output)
    probe = output + _PROBE_NAME
    storage.write(probe, _PROBE)
    storage.delete(probe)


def split_prefix(location: str) -> tuple[str, str]:
    """Take the input apart into the folder that keys are relative to, and what the keys begin with.

    Args:
        location: A folder, or with a '*' at its end the beginning of names.

    Returns:
        The folder, from `folder_of`, and the beginning of the keys, '' for all.
    """
    if not location.endswith("*"):
        return folder_of(location), ""
    folder, slash, beginning = location[:-1].rpartition("/")
    if not slash:  # a path of one name
        return folder_of("."), beginning
    if folder.endswith(":/"):
        raise MalformedRequest(f"{location}: the name of a bucket can't end in '*'")
    return folder_of(folder + slash), beginning


def input_of(location: str) -> str:
    """Bring the location of an input into the one form that all of a run uses: see `folder_of` and `split_prefix`."""
    folder, beginning = split_prefix(location)
    return f"{folder}{beginning}*" if beginning else folder


def read_small(storage: Storage, location: str) -> bytes:
    """Read a file that a run wrote for itself."""
    return storage.read(location, _SMALL_BYTES).data
