"""What a run is to read: a listing or a manifest, as a stream of which little is held at a time."""

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
    """Name the documents of a run, in the order of the listing or of the manifest.

    Everything is a document, whatever its name ends with, but for what the patterns leave out, for all below `_state/`,
    and for the output where it lies inside the input.

    Args:
        location: A folder; or, with a '*' at its end, the beginning of names: `s3://scans/2026-0*`.
        include: Patterns in the manner of a shell, of which a key must match one; none takes all. `*` also stands for
            '/', so that `*.jpg` matches at any depth. Upper and lower case differ, as they do in keys.
        exclude: Patterns of which a key must match none.
        manifest: A file of keys, or of locations below the input, one a line, to be read instead of a listing; see
            `read_manifest`. Where a key comes twice, the first counts.
        storage: Lists and reads.
        output: The output folder.

    Yields:
        The documents. Their keys are relative to the folder; bytes of a path that are no UTF-8 stand in it as `%FF`.

    Raises:
        MalformedRequest: The location has no folders, or a line of the manifest can't be understood.
        SourceNotFound: Nothing is there.
        AccessDenied: It must not be listed.
        StorageUnavailable: The storage failed at each of the attempts.
    """
    folder, beginning = split_prefix(location)
    wanted = _matcher(include, exclude)
    if manifest is not None:
        documents = read_manifest(manifest, folder, storage)
    else:
        documents = _listed(folder, beginning, storage)
    for document in documents:
        if not document.key.startswith(beginning) or document.key.startswith(STATE_FOLDER):
            continue
        if output is not None and document.location.startswith(output):
            continue
        if wanted(document.key):
            yield document


def select_inputs(
    documents: Iterable[InputDocument], *, limit: int | None = None, sample: int | None = None, seed: int = 0
) -> Iterator[InputDocument]:
    """Take a part of a stream, the same part each time.

    Done documents must still be among them, or a resumed run would take others.

    Args:
        documents: The whole stream.
        limit: At most so many, the first ones; of a sample, the sample's first ones.
        sample: So many at random, each document being as likely as any other (reservoir sampling, Vitter 1985,
            algorithm R); only these are held in memory. In the order of the stream.
        seed: Of the sample.
    """
    if sample is not None:
        documents = _reservoir(documents, sample, random.Random(seed))
    return itertools.islice(documents, limit)


def _listed(folder: str, beginning: str, storage: Storage) -> Iterator[InputDocument]:
    # Only S3 can ask for the beginning of names; of a folder on disk all is listed, and the caller looks at the names.
    on_disk = is_path(folder)
    for stored in storage.list(folder if on_disk else folder + beginning):
        key = stored.location.removeprefix(folder)
        if key == stored.location:  # the input is one file, which lists as itself
            key = stored.location.rpartition("/")[2]
        if on_disk:
            key = key_from_path(key)
        yield InputDocument(key, stored.location, stored.etag or "", stored.size_bytes)


def _matcher(include: Sequence[str], exclude: Sequence[str]) -> Callable[[str], bool]:
    wanted = _pattern(include) if include else None
    unwanted = _pattern(exclude) if exclude else None

    def is_wanted(key: str) -> bool:
        return (wanted is None or wanted.match(key) is not None) and (unwanted is None or unwanted.match(key) is None)

    return is_wanted


def _pattern(globs: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(fnmatch.translate, globs)))


def _reservoir(documents: Iterable[InputDocument], size: int, source: random.Random) -> list[InputDocument]:
    if size < 1:
        raise MalformedRequest(f"a sample of {size} documents: ask for at least 1")
    kept: list[tuple[int, InputDocument]] = []
    for number, document in enumerate(documents):
        if number < size:
            kept.append((number, document))
        elif (place := source.randrange(number + 1)) < size:
            kept[place] = (number, document)
    return [document for _, document in sorted(kept, key=lambda pair: pair[0])]
