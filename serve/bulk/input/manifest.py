"""Reads manifests, the files that name the documents of a run, in pieces: they may have millions of lines."""

import itertools
import json
from collections.abc import Iterable, Iterator

from deployments.storage import Storage
from models.errors import MalformedRequest
from serve.bulk.digests import DigestSet, key_digests
from serve.bulk.documents import InputDocument
from serve.bulk.locations import file_of, is_path, key_from_path

__all__ = ["read_manifest"]

_PIECE_BYTES = 4 << 20
_LONGEST_LINE_BYTES = 64 << 10  # a location has at most 8,192 characters
_BLOCK = 4096


def read_manifest(manifest: str, folder: str, storage: Storage) -> Iterator[InputDocument]:
    """Read the documents that a manifest names, each once.

    Args:
        manifest: Location of the file. Each line is one key or location, without quotes or escapes; empty lines are
            skipped. If the name ends with `.jsonl` or `.ndjson`, each line is an object with `key` or `location`, and
            with `etag` and `size_bytes` if these are known.
        folder: The input folder. Keys are relative to it, and locations lie in it.
        storage: Reads the file.

    Yields:
        The documents in their order. Whether they exist shows when they are read.

    Raises:
        MalformedRequest: A line can't be understood or names something outside the folder, or the file changed while
            it was read.
        SourceNotFound: The file does not exist.
        AccessDenied: The file must not be read.
        StorageUnavailable: The storage failed at each of the attempts.
    """
    manifest = file_of(manifest)
    as_json = manifest.lower().endswith((".jsonl", ".ndjson"))
    seen = DigestSet()
    lines = enumerate(_lines(manifest, storage), 1)
    while block := list(itertools.islice(lines, _BLOCK)):
        documents = [
            _document(text, folder, as_json, f"line {number:,} of {manifest}") for number, text in block if text.strip()
        ]
        new = seen.add_new(key_digests(document.key for document in documents))
        yield from itertools.compress(documents, new)


def _lines(manifest: str, storage: Storage) -> Iterator[str]:
    before = storage.stat(manifest)
    for line in _split(_pieces(manifest, storage), manifest):
        # Paths may hold bytes that are not UTF-8. On S3, reading such a document fails.
        yield line.decode("utf-8", "surrogateescape").removesuffix("\r")
    if storage.stat(manifest) != before:
        raise MalformedRequest(f"{manifest} changed while it was read; run the same command again")


def _pieces(manifest: str, storage: Storage) -> Iterator[bytes]:
    start = 0
    while piece := storage.read_range(manifest, start, _PIECE_BYTES):
        start += len(piece)
        yield piece


def _split(pieces: Iterable[bytes], manifest: str) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        if len(rest) > _LONGEST_LINE_BYTES:
            raise MalformedRequest(f"{manifest} has a line of over {_LONGEST_LINE_BYTES:,} bytes: is it a manifest?")
        yield from lines
    if rest:
        yield rest


def _document(text: str, folder: str, as_json: bool, shown: str) -> InputDocument:
    if not as_json:
        return _input_document(text, folder, "", 0, shown)
    try:
        row = json.loads(text)
        name = row.get("key") or row["location"]
        etag, size_bytes = row.get("etag") or "", row.get("size_bytes") or 0
    except (ValueError, KeyError, AttributeError) as error:
        raise MalformedRequest(f"{shown} is not a JSON object with key or location: {text[:100]}") from error
    if not isinstance(name, str) or not isinstance(etag, str) or not isinstance(size_bytes, int):
        raise MalformedRequest(f"{shown} needs strings for key and etag, an integer for size_bytes: {text[:100]}")
    return _input_document(name, folder, etag.strip('"'), size_bytes, shown)


def _input_document(name: str, folder: str, etag: str, size_bytes: int, shown: str) -> InputDocument:
    on_disk = is_path(folder)
    if "://" in name or (on_disk and name.startswith("/")):
        if is_path(name) and on_disk:
            name = file_of(name)
        if not name.startswith(folder):
            raise MalformedRequest(f"{shown} names {name[:200]}, which does not lie in {folder}")
        name = name.removeprefix(folder)
    if not name or name.endswith("/") or (on_disk and ".." in name.split("/")):
        raise MalformedRequest(f"{shown} does not name a document in {folder}: {name[:200]!r}")
    return InputDocument(key_from_path(name) if on_disk else name, folder + name, etag, size_bytes)
