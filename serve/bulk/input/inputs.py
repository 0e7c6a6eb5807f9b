"""Lists the documents of a run, from storage or a manifest, as a stream of which little is held at a time."""

import fnmatch
import itertools
import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from deployments.storage import Storage
from models.errors import MalformedRequest
from serve.bulk.documents import InputDocument
from serve.bulk.input.manifest import read_manifest
from serve.bulk.locations import STATE_FOLDER, is_path, key_from_path, split_prefix

__all__ = ["list_inputs", "select_inputs"]


def list_inputs(
    location: str,
    include: Sequence[str],
    exclude: Sequence[str],
    manifest: str | None,
    storage: Storage,
    *,
    output: str | None = None,
) -> Iterator[InputDocument]:
    """Yield the documents of a run, in the order of the listing or of the manifest.

    Everything is a document, whatever its name ends with. Only three things are left out: keys that the patterns leave
    out, everything below `_state/`, and the output if it lies inside the input.

    Args:
        location: A folder; or, with a '*' at its end, the beginning of names: `s3://scans/2026-0*`.
        include: Patterns as in a shell, of which a key must match at least one. Without patterns, all keys are taken.
            `*` also stands for '/', so that `*.jpg` matches at any depth. Upper and lower case differ, as in keys.
        exclude: Patterns of which a key must match none.
        manifest: A file of keys, or of locations below the input, one a line, which is read instead of a listing
            (`read_manifest`). If a key comes twice, the first counts.
        storage: Lists and reads.
        output: The output folder.

    Yields:
        The documents. Their keys are relative to the folder; bytes of a path that are not UTF-8 stand there as `%FF`.

    Raises:
        MalformedRequest: The location has no folders, or a line of the manifest can't be understood.
        SourceNotFound: The input or the manifest does not exist.
        AccessDenied: The input must not be listed, or the manifest must not be read.
        StorageUnavailable: The storage failed at each of the attempts.
    """
    folder, beginning = split_prefix(location)
    is_selected = _selector(include, exclude)
    if manifest is not None:
        documents = read_manifest(manifest, folder, storage)
    else:
        documents = _listed(folder, beginning, storage)
    for document in documents:
        if not document.key.startswith(beginning) or document.key.startswith(STATE_FOLDER):
            continue
        if output is not None and document.location.startswith(output):
            continue
        if is_selected(document.key):
            yield document


def select_inputs(
    documents: Iterable[InputDocument], *, limit: int | None = None, sample: int | None = None, seed: int = 0
) -> Iterator[InputDocument]:
    """Take a part of a stream, the same part each time.

    The stream must still include documents that are done. Otherwise a resumed run would take others.

    Args:
        documents: The whole stream.
        limit: Number of documents to take from the beginning, of the sample if there is one; None for all.
        sample: Number of documents to take at random, each as likely as any other (reservoir sampling, Vitter 1985,
            algorithm R); None for all. Only these are held in memory. They keep the order of the stream.
        seed: Seed of the sample.
    """
    if sample is not None:
        documents = _reservoir(documents, sample, random.Random(seed))
    return itertools.islice(documents, limit)


def _listed(folder: str, beginning: str, storage: Storage) -> Iterator[InputDocument]:
    # Only S3 can list by the beginning of names. A folder on disk is listed as a whole, and the caller compares names.
    on_disk = is_path(folder)
    for stored in storage.list(folder if on_disk else folder + beginning):
        key = stored.location.removeprefix(folder)
        if key == stored.location:  # the input is one file, which lists as itself
            key = stored.location.rpartition("/")[2]
        if on_disk:
            key = key_from_path(key)
        yield InputDocument(key, stored.location, stored.etag or "", stored.size_bytes)


def _selector(include: Sequence[str], exclude: Sequence[str]) -> Callable[[str], bool]:
    included = _pattern(include) if include else None
    excluded = _pattern(exclude) if exclude else None

    def is_selected(key: str) -> bool:
        return (included is None or included.match(key) is not None) and (
            excluded is None or excluded.match(key) is None
        )

    return is_selected


def _pattern(globs: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(fnmatch.translate, globs)))


def _reservoir(documents: Iterable[InputDocument], size: int, source: random.Random) -> list[InputDocument]:
    if size < 1:
        raise MalformedRequest(f"a sample of {size} documents: ask for at least 1")
    kept: list[tuple[int, InputDocument]] = []
    for number, document in enumerate(documents):
        if number < size:
            kept.append((number, document))
        elif (slot := source.randrange(number + 1)) < size:
            kept[slot] = (number, document)
    return [document for _, document in sorted(kept, key=lambda pair: pair[0])]
