"""The audit log: who had which document read, and what became of it. What a document says is never in it."""

import json
import logging
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any

from deployments.operation.metrics import error_code
from deployments.storage.https.url import without_query
from models.errors import ConfigurationError

__all__ = ["AuditLog", "note_page", "note_place"]

_STANDARD_OUTPUT = "-"

#: What is being read in this task, and in those that it has begun. Pages come from tasks of their own.
_reading: ContextVar[dict[str, Any] | None] = ContextVar("reading", default=None)


def note_place(location: str | None) -> None:
    """Note the document that this task works on.

    Args:
        location: Its location; None for an upload.
    """
    if location is not None and (entry := _reading.get()) is not None:
        entry["place"] = "data:" if location[:5].lower() == "data:" else without_query(location)


def note_page() -> None:
    """Note that a page was read for what this task works on."""
    if (entry := _reading.get()) is not None:
        entry["pages"] += 1


class AuditLog:
    """Writes one JSON object a line for each request, and for each document of a job.

    Args:
        target: A folder, in which each process has a file of its own, or `-` for standard output; None for no log.

    Raises:
        ConfigurationError: Nothing can be written there.
    """

    def __init__(self, target: str | None) -> None:
        self._handler: logging.Handler | None = None
        if target == _STANDARD_OUTPUT:
            self._handler = logging.StreamHandler(sys.stdout)
        elif target is not None:
            file = Path(target) / f"audit-{uuid.uuid4().hex[:12]}.jsonl"
            try:
                # It is opened anew when it was moved away, as logrotate does.
                self._handler = WatchedFileHandler(file, encoding="utf-8")
            except OSError as exc:
                raise ConfigurationError(f"logging.audit: {file} can't be written: {exc.strerror}") from exc

    def close(self) -> None:
        """Close its file. Nothing may be written afterwards."""
        if self._handler is not None:
            self._handler.close()

    @contextmanager
    def entry(self, kind: str, **known: Any) -> Iterator[dict[str, Any]]:
        """Write an entry when the `with` block ends.

        Args:
            kind: `request`, or `document` for one of a job.
            known: What is known of it from the beginning.

        Yields:
            The entry, to which the block may add.
        """
        entry: dict[str, Any] = {"time": "", "kind": kind, **known, "place": None, "pages": 0}
        if self._handler is None:
            yield entry
            return
        started = time.monotonic()
        token = _reading.set(entry)
        try:
            yield entry
        except BaseException as error:
            entry["code"] = error_code(error)
            raise
        finally:
            _reading.reset(token)
            entry |= {"time": datetime.now(UTC).isoformat(), "seconds": round(time.monotonic() - started, 3)}
            line = json.dumps(entry, ensure_ascii=False)
            self._handler.handle(logging.LogRecord("rayocr.audit", logging.INFO, "", 0, line, None, None))
