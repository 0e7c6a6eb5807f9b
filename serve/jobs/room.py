"""Keeps room on the disk of jobs: uploads stop before it is full, and a job can be deleted even when it is."""

import contextlib
import os
import shutil
from pathlib import Path

__all__ = ["DiskRoom"]

_RESERVE = "reserve-for-deletion"
# To delete a job, SQLite first writes the pages of the database that change. Those of a job of 10,000 receipts fit.
_RESERVE_BYTES = 64 * 1024**2


class DiskRoom:
    """Watches the disks of local folders. Without a local folder, all room is somebody else's.

    Args:
        store: Folder of the store; None if it is not on a disk of this machine.
        uploads: Folder of uploads; None likewise. Both need not exist yet.
        min_free_bytes: Bytes that uploads leave free, for results.
    """

    def __init__(self, store: Path | None, uploads: Path | None, min_free_bytes: int) -> None:
        self._folders = [folder for folder in (store, uploads) if folder is not None]
        self._reserve = None if store is None else store / _RESERVE
        self._min_free_bytes = min_free_bytes

    def shortage(self, more_bytes: int = 0) -> str | None:
        """Say in one sentence, without a path, that uploads find no room; None if they do.

        Args:
            more_bytes: Bytes that are to be written.
        """
        for folder in self._folders:
            with contextlib.suppress(FileNotFoundError):  # the store makes it when it is first used
                free = shutil.disk_usage(folder).free
                if free - more_bytes < self._min_free_bytes:
                    return (
                        f"the disk of jobs has {free / 1e6:,.0f} MB left, and {self._min_free_bytes / 1e6:,.0f} MB "
                        "are kept for results (jobs.min_free_bytes): delete jobs, or make space"
                    )
        return None

    def keep_reserve(self) -> None:
        """Set a file aside beside the store, which `give_reserve` removes. A disk without space for it has none."""
        path = self._reserve
        with contextlib.suppress(OSError):
            if path is None or path.exists() or shutil.disk_usage(path.parent).free < 2 * _RESERVE_BYTES:
                return
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, _RESERVE_BYTES)
            finally:
                os.close(descriptor)

    def give_reserve(self) -> bool:
        """Remove the file that was set aside, and tell whether that made space."""
        try:
            if self._reserve is not None:
                self._reserve.unlink()
                return True
        except FileNotFoundError:
            pass
        return False
