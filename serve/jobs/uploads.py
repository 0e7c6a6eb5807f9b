"""Keeps uploaded files until their page is read, in `jobs.uploads`: a folder, or a prefix of a bucket."""

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
    """Keeps the files of jobs below one place, each job's in a folder of its own.

    All methods may be called from several threads at once.

    Args:
        folder: A path, `file:///...` or `s3://bucket/prefix`. A local folder is made if it is missing.
        settings: Settings of the storage.

    Raises:
        ConfigurationError: The folder can't be made, or its storage can't be written to.
    """

    def __init__(self, folder: str, settings: StorageSettings) -> None:
        self._is_local = folder[:5].lower() != "s3://"
        if self._is_local:
            if "://" in folder and folder[:7].lower() != "file://":
                raise ConfigurationError(f"jobs.uploads is {folder}: uploads go to a folder or to s3://bucket/prefix")
            path = path_from_location(folder).absolute()
            try:
                path.mkdir(mode=0o700, parents=True, exist_ok=True)  # nobody else may read the clients' documents
            except OSError as error:
                raise ConfigurationError(f"jobs.uploads: {path} can't be made: {error.strerror}") from error
            folder = str(path)
        self._folder = folder.rstrip("/")
        self._storage = build_storage(settings, frozenset({"file" if self._is_local else "s3"}))

    def put(self, job_id: str, number: int, name: str, content: bytes) -> str:
        """Store one file.

        Args:
            job_id: Id of its job.
            number: Number of its page.
            name: The client's name for it, of which only a harmless part is kept.
            content: The whole file.

        Returns:
            Location of the file. On S3 it is durable; in a local folder it is durable once `seal` was called.

        Raises:
            RayocrError: The file can't be written.
        """
        location = f"{self._folder}/{job_id}/{number}-{safe_name(name)}"
        self._storage.write(location, content)
        return location

    def seal(self, job_id: str) -> None:
        """Make all files of a job durable. Call it once, after the last file.

        Args:
            job_id: Id of the job.

        Raises:
            StorageUnavailable: The disk does not take it.
        """
        if not self._is_local:
            return
        # The content of each file is on the disk already. Their names are part of their folders.
        for folder in (Path(self._folder, job_id), Path(self._folder)):
            try:
                _sync(folder)
            except OSError as error:
                raise StorageUnavailable(f"{folder} can't be written: {error.strerror}") from error

    def read(self, location: str, max_bytes: int, name: str | None = None) -> Document:
        """Read one file back.

        Args:
            location: A location of `put`.
            max_bytes: The most bytes that the file may have.
            name: The client's name for it.

        Raises:
            RayocrError: The file is gone, is too large, or can't be read.
        """
        document = self._storage.read(self._own(location), max_bytes)
        return Document(document.data, name or document.name)

    def delete(self, locations: Iterable[str]) -> tuple[list[str], RayocrError | None]:
        """Remove files. Those that are gone already count as removed.

        Args:
            locations: Locations of `put`.

        Returns:
            Locations that are gone now, and the error at which the rest stopped, if any.
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
                with contextlib.suppress(OSError):  # the folder still has files of other pages
                    folder.rmdir()
        return gone, failure

    def abandoned(self, before: datetime) -> Iterator[tuple[str, str]]:
        """Walk over old files, to find those whose job was never made because the service ended in mid-submission.

        Args:
            before: Only files that were written before this time are walked over.

        Yields:
            The id of each file's job, and its location.

        Raises:
            RayocrError: The files can't be listed.
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
        # Whatever else goes wrong, no job reads or removes a file that is not an upload.
        if not location.startswith(f"{self._folder}/") or "/../" in location:
            raise AccessDenied("a location that is not an upload of a job was to be used as one")
        return location


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
