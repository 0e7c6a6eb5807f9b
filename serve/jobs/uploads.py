"""Uploaded files, which wait in storage until their page is read: `jobs.uploads`, a folder or a prefix of a bucket."""

import contextlib
import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from deployments.document import Document
from deployments.storage import StorageSettings, build_storage
from deployments.storage.file import path_from_location
from models.errors import AccessDenied, ConfigurationError, RayocrError, SourceNotFound, StorageUnavailable
from serve.jobs.names import safe_name

__all__ = ["Uploads"]


class Uploads:
    """Keeps the files of jobs below one place, each job in a folder of its own.

    All methods may be called from several threads at once.

    Args:
        folder: A path, `file:///...` or `s3://bucket/prefix`. A local folder is made where it is missing.
        settings: Of the storage.

    Raises:
        ConfigurationError: The folder can't be made, or is in no storage that can be written to.
    """

    def __init__(self, folder: str, settings: StorageSettings) -> None:
        self._is_local = folder[:5].lower() != "s3://"
        if self._is_local:
            if "://" in folder and folder[:7].lower() != "file://":
                raise ConfigurationError(f"jobs.uploads is {folder}: uploads go to a folder or to s3://bucket/prefix")
            path = path_from_location(folder).absolute()
            try:
                path.mkdir(mode=0o700, parents=True, exist_ok=True)  # documents of clients: for nobody else's eyes
            except OSError as error:
                raise ConfigurationError(f"jobs.uploads: {path} can't be made: {error.strerror}") from error
            folder = str(path)
        self._folder = folder.rstrip("/")
        self._storage = build_storage(settings, frozenset({"file" if self._is_local else "s3"}))

    def put(self, job_id: str, number: int, name: str, content: bytes) -> str:
        """Store one file.

        Args:
            job_id: Of its job.
            number: Of its page.
            name: What the client called it; only a harmless part of it is kept.
            content: All of it.

        Returns:
            Its location. On S3 it is durable; in a local folder it is once `seal` was called.

        Raises:
            RayocrError: It can't be written.
        """
        location = f"{self._folder}/{job_id}/{number}-{safe_name(name)}"
        self._storage.write(location, content)
        return location

    def seal(self, job_id: str) -> None:
        """Make all that was put for a job durable: called once, after the last one.

        Args:
            job_id: Of the job.

        Raises:
            StorageUnavailable: The disk does not take it.
        """
        if not self._is_local:
            return
        # The content of each file is on the disk already; their names are where their folders are.
        for folder in (Path(self._folder, job_id), Path(self._folder)):
            try:
                _sync(folder)
            except OSError as error:
                raise StorageUnavailable(f"{folder} can't be written: {error.strerror}") from error

    def read(self, location: str, max_bytes: int, name: str | None = None) -> Document:
        """Read one file back.

        Args:
            location: As `put` returned it.
            max_bytes: The most that it may have.
            name: What the client called it.

        Raises:
            RayocrError: It is gone, too large or can't be read.
        """
        document = self._storage.read(self._own(location), max_bytes)
        return Document(document.data, name or document.name)

    def delete(self, locations: Iterable[str]) -> tuple[list[str], RayocrError | None]:
        """Remove files; those that are gone already count as removed.

        Args:
            locations: As `put` returned them.

        Returns:
            Those that are gone now, and the error that the rest stopped at, if any.
        """
        gone: list[str] = []
        folders: set[Path] = set()
        failure = None
        for location in locations:
            try:
                self._storage.delete(self._own(location))
            except RayocrError as error:
                failure = error
                break
            gone.append(location)
            folders.add(Path(location).parent)
        if self._is_local:
            for folder in folders:
                with contextlib.suppress(OSError):  # files of other pages are still in it
                    folder.rmdir()
        return gone, failure

    def abandoned(self, before: datetime) -> Iterator[tuple[str, str]]:
        """Walk over old files, to find those whose job never came to be since the service ended in mid-submission.

        Args:
            before: Only files that were written before it.

        Yields:
            The id of the job that each was put for, and its location.

        Raises:
            RayocrError: They can't be listed.
        """
        edge = before.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
        with contextlib.suppress(SourceNotFound):  # nothing was ever uploaded
            for stored in self._storage.list(f"{self._folder}/" if not self._is_local else self._folder):
                if "" < stored.modified < edge:
                    yield stored.location.removeprefix(f"{self._folder}/").partition("/")[0], stored.location

    def close(self) -> None:
        """Release connections."""
        self._storage.close()

    def _own(self, location: str) -> str:
        # Whatever else goes wrong, no job reads or removes a file that is no upload.
        if not location.startswith(f"{self._folder}/") or "/../" in location:
            raise AccessDenied("a location that is no upload of a job was to be used as one")
        return location


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
