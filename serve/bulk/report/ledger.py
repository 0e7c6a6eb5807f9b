"""Keeps `_errors.jsonl`, the documents that could not be read, during a run and after it."""

import dataclasses
import json
from collections.abc import Iterator

from deployments.storage import Storage
from models.errors import MalformedRequest, SourceNotFound
from serve.bulk.documents import DocumentError
from serve.bulk.locations import ERRORS_NAME, read_small
from serve.bulk.write.done import DoneKeys

__all__ = ["ErrorLedger"]

_FIELDS = {field.name for field in dataclasses.fields(DocumentError)}


class ErrorLedger:
    """The errors by key, in the order in which they came in; about half a kilobyte each.

    Only one thread may use it. A run saves it once a minute and when it ends. Documents whose errors a killed run did
    not save are tried again.

    Args:
        output: The output folder, from `folder_of`.
        storage: Writes the file.
        errors: The errors that are in the file.
        is_written: Whether the file exists.
    """

    def __init__(
        self, output: str, storage: Storage, errors: dict[str, DocumentError] | None = None, is_written: bool = False
    ) -> None:
        self._location = output + ERRORS_NAME
        self._storage = storage
        self._errors = errors or {}
        self._is_saved = is_written

    @classmethod
    def load(cls, output: str, storage: Storage) -> "ErrorLedger":
        """Read the file of an earlier run. Without a file, there are no errors.

        Raises:
            MalformedRequest: A line was not written by a bulk run.
            RayocrError: The file can't be read.
        """
        try:
            content = read_small(storage, output + ERRORS_NAME)
        except SourceNotFound:
            return cls(output, storage)
        errors = {}
        for number, line in enumerate(content.removesuffix(b"\n").split(b"\n") if content else (), 1):
            error = _parse(line, f"line {number:,} of {output}{ERRORS_NAME}")
            errors[error.key] = error
        return cls(output, storage, errors, is_written=True)

    def __len__(self) -> int:
        return len(self._errors)

    def __iter__(self) -> Iterator[DocumentError]:
        return iter(list(self._errors.values()))

    def __contains__(self, key: str) -> bool:
        return key in self._errors

    def add(self, error: DocumentError) -> None:
        """Note an error, which replaces an earlier one of the same key."""
        self._errors[error.key] = error
        self._is_saved = False

    def discard(self, key: str) -> None:
        """Forget the error of a key that was read after all; nothing happens if it has none."""
        if self._errors.pop(key, None) is not None:
            self._is_saved = False

    def discard_done(self, done: DoneKeys) -> None:
        """Forget the errors of keys that have a result. A killed run had no time to do that."""
        for error in self:
            if done.has_key(error.key):
                self.discard(error.key)

    def save(self, storage: Storage | None = None) -> None:
        """Write the file anew, if anything changed.

        Args:
            storage: Writes the file instead of the ledger's own storage, for example with more patience.

        Raises:
            RayocrError: The file can't be written; the errors stay noted.
        """
        if not self._is_saved:
            rows = (json.dumps(dataclasses.asdict(error), separators=(",", ":")) for error in self._errors.values())
            (storage or self._storage).write(self._location, "".join(row + "\n" for row in rows).encode())
            self._is_saved = True


def _parse(line: bytes, shown: str) -> DocumentError:
    try:
        fields = json.loads(line)
        return DocumentError(**{name: fields[name] for name in _FIELDS})
    except (ValueError, KeyError, TypeError) as error:
        raise MalformedRequest(f"{shown} was not written by a bulk run; move the file away") from error
