"""The locations that a run reads and writes: folders, made absolute, and the files of the run itself."""

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
"""Folder below the output for files that only a run needs. If it is deleted, the next run starts more slowly."""

ERRORS_NAME = "_errors.jsonl"
SUMMARY_NAME = "_summary.json"
STATUS_NAME = f"{STATE_FOLDER}status.json"

_PROBE_NAME = f"{STATE_FOLDER}probe"
# Large enough to show a full disk before hours of work begin.
_PROBE = bytes(256 * 1024)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://|(data):", re.IGNORECASE)
_SMALL_BYTES = 1 << 30


def is_path(location: str) -> bool:
    """Whether a location is in the local file system, as a path or as a file:// URL."""
    return _SCHEME.match(location) is None or location[:7].lower() == "file://"


def folder_of(location: str) -> str:
    """Bring the location of a folder into the one form that the whole run uses.

    Args:
        location: `s3://bucket/folder[/]`, a path, or a file:// URL. The slash at the end may be left out: both mean the
            folder, as for the AWS command line.

    Returns:
        The location with a slash at its end. A local one is an absolute path, since workers run in other folders.

    Raises:
        MalformedRequest: The scheme has no folders, or the path is invalid.
    """
    if is_path(location):
        return file_of(location).rstrip("/") + "/"
    scheme, _, rest = location.partition("://")
    if scheme.lower() != "s3":
        raise MalformedRequest(f"{scheme[:20]}: has no folders; a bulk run reads and writes s3:// and file://")
    return f"s3://{rest}" if rest.endswith("/") else f"s3://{rest}/"


def file_of(location: str) -> str:
    """Make the path of a file absolute, with links and `..` resolved. Other locations stay as they are.

    Raises:
        MalformedRequest: The path is invalid.
    """
    return str(path_from_location(location).resolve()) if is_path(location) else location


def key_from_path(path: str) -> str:
    """Turn a relative path into a key, which is Unicode. Bytes that are not UTF-8 become `%` and two digits."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return re.sub("[\udc80-\udcff]", lambda match: f"%{os.fsencode(match[0])[0]:02X}", path)
    return path


def check_locations(location: str, output: str, storage: Storage) -> None:
    """Refuse locations at the start that would fail, or do harm, later.

    A small object is written below the output and removed again, so that a missing bucket, a missing permission and a
    full disk show before anything is read. Before that, half-written files of a killed run are removed, since they may
    be what fills the disk. A missing input shows when it is listed.

    Args:
        location: The input: a folder, or the beginning of names with a '*' at its end.
        output: The output folder, from `folder_of`.
        storage: Reads and writes.

    Raises:
        MalformedRequest: The output is the input or holds it, so that results could not be told from documents.
        RayocrError: The output can't be written to.
    """
    base, _ = split_prefix(location)
    if base.startswith(output):
        raise MalformedRequest(
            f"the output {output} is the input or holds it; choose another folder, inside the input or beside it"
        )
    if is_path(output):
        remove_leftovers(output)
    probe = output + _PROBE_NAME
    storage.write(probe, _PROBE)
    storage.delete(probe)


def split_prefix(location: str) -> tuple[str, str]:
    """Split the input into the folder that keys are relative to, and the beginning of the keys.

    Args:
        location: A folder, or with a '*' at its end the beginning of names.

    Returns:
        The folder, from `folder_of`, and the beginning of the keys, '' for all.

    Raises:
        MalformedRequest: The scheme has no folders, the path is invalid, or the '*' is in the name of a bucket.
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
    """Bring the location of an input, a folder or the beginning of names, into the form that the whole run uses."""
    folder, beginning = split_prefix(location)
    return f"{folder}{beginning}*" if beginning else folder


def read_small(storage: Storage, location: str) -> bytes:
    """Read a file that a run wrote for itself."""
    return storage.read(location, _SMALL_BYTES).data
