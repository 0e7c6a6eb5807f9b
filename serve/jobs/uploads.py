"""Keeps uploaded files until their page is read, in `jobs.uploads`: a folder, or a prefix of a bucket."""

import contextlib
import logging
import os
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from deployments.document import Document
from deployments.storage import StorageSettings, build_storage
from deployments.storage.file import path_from_location
from models.errors import AccessDenied, ConfigurationError, RayocrError, SourceNotFound, StorageUnavailable
from serve.jobs.names import safe_name
from serve.jobs.store.marks import Marks

__all__ = ["Uploads"]

logger = logging.getLogger("ray.serve")

_MARK = "mark-of-the-store"
_LONGEST_MARK = 64
# The form of all names below a store's folder but the mark's: id of a job, number of its page, safe name.
_NAME = re.compile(r"([0-9a-f]{32})/[0-9]+-[A-Za-z0-9._-]+")


class Uploads:
    """Keeps the files of jobs below one place, in a folder of the store, each job's in a folder of its own.

    All methods may be called from several threads at once.

    Args:
        folder: A path, `file:///...` or `s3://bucket/prefix`. A local folder is made if it is missing.
        settings: Settings of the storage.
        marks: Marks of the store of jobs.

    Raises:
        ConfigurationError: The folder can't be made, or its storage can't be written to.
    """

    def __init__(self, folder: str, settings: StorageSettings, marks: Marks) -> None:
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
        self._marks = marks
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
        location = f"{self._store_folder}/{job_id}/{number}-{safe_name(name)}"
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
        for folder in (Path(self._store_folder, job_id), Path(self._store_folder), Path(self._folder)):
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
        try:
            document = self._storage.read(self._own(location), max_bytes)
        except RayocrError as error:
            logger.warning("an upload can't be read: %s", error)  # only the log may show paths of this machine
            raise type(error)("the uploaded file can't be read; the log of the service says why") from error
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

        Only files of this store are walked over. If the mark beside them is not one that the store knows, a newer state
        of the store has uploaded them, or another copy of it, and none is.

        Args:
            before: Only files that were written before this time are walked over.

        Yields:
            The id of each file's job, and its location.

        Raises:
            RayocrError: The files can't be listed.
        """
        if not self._renew_mark():
            return
        edge = before.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
        folder = f"{self._store_folder}/"
        for stored in self._storage.list(self._store_folder if self._is_local else folder):
            name = _NAME.fullmatch(stored.location.removeprefix(folder))
            if name is not None and "" < stored.modified < edge:
                yield name[1], stored.location

    def close(self) -> None:
        """Release connections."""
        self._storage.close()

    @cached_property
    def _store_folder(self) -> str:
        """The folder of this store. Its first use sets a mark there, if there is none."""
        folder = f"{self._folder}/{self._marks.store_id()}"
        try:
            self._storage.stat(f"{folder}/{_MARK}")
        except SourceNotFound:
            self._storage.write(f"{folder}/{_MARK}", self._marks.add().encode())
        except AccessDenied:
            pass  # S3's answer for a missing object if nothing may be listed. The sweep says so, and removes nothing.
        return folder

    def _renew_mark(self) -> bool:
        """Replace the mark by a new one. If the store does not know it, say so and answer False."""
        location = f"{self._store_folder}/{_MARK}"
        try:
            found = self._storage.read(location, _LONGEST_MARK).data.decode(errors="replace")
            is_known = self._marks.knows(found)
        except SourceNotFound:
            # The operator has removed the mark: all files here may be taken for this store's, from the next time on.
            found, is_known = "", False
        if found and not is_known:
            logger.warning(
                "no abandoned upload is removed: %s is not of this store of jobs, or of a newer state of it. If "
                "jobs.store was restored from a copy, and no other service uses this place, remove that object; "
                "otherwise set another jobs.uploads",
                location,
            )
            return False
        self._storage.write(location, self._marks.add().encode())
        return is_known

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
