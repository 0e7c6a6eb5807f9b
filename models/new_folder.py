"""Makes a folder that is there when all of it is right, or not at all."""

import errno
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from models.errors import ConfigurationError, Conflict, InsufficientStorage, RayocrError

__all__ = ["new_folder", "refuse_folder"]


@contextmanager
def new_folder(output: Path, names: Collection[str], deed: str, *, overwrite: bool) -> Iterator[Path]:
    """Fill a folder beside the target, which takes its name at the end if nothing fails.

    Args:
        output: The folder to make.
        names: All that such a folder may hold. Only one that holds nothing else is replaced.
        deed: What makes it, for messages: `export` or `import`.
        overwrite: Whether an older folder is replaced.

    Yields:
        An empty folder to fill.

    Raises:
        ConfigurationError: The folder can't be written.
        Conflict: The folder holds something already.
        InsufficientStorage: The disk is full.
    """
    target = output.resolve()
    try:
        with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as beside:
            fresh = Path(beside) / "fresh"
            fresh.mkdir()
            yield fresh
            refuse_folder(output, names, deed, overwrite=overwrite)  # it may have come while the files were made
            if target.exists():
                target.rename(Path(beside) / "old")
            try:
                fresh.rename(target)
            except OSError:
                if (Path(beside) / "old").exists():
                    (Path(beside) / "old").rename(target)
                raise
    except OSError as exc:
        raise _translated(exc, output, deed) from exc


def refuse_folder(output: Path, names: Collection[str], deed: str, *, overwrite: bool) -> None:
    """Check a target before any work is done, as `new_folder` does at the end; the arguments are the same.

    Raises:
        ConfigurationError: The folder can't be read.
        Conflict: The folder holds something already.
    """
    if output.is_symlink() or (output.exists() and not output.is_dir()):
        raise Conflict(f"{output} is a file or a link: name a folder that is empty or not there yet")
    try:
        found = sorted(entry.name for entry in output.iterdir()) if output.exists() else []
    except OSError as exc:
        raise _translated(exc, output, deed) from exc
    if found and not overwrite:
        raise Conflict(f"the folder {output} is not empty: name another one, or replace an older {deed} by --overwrite")
    if others := [name for name in found if name not in names]:
        raise Conflict(
            f"the folder {output} holds {others[0]!r}, which no {deed} writes, so it is not replaced: name another one"
        )


def _translated(error: OSError, output: Path, deed: str) -> RayocrError:
    reason = error.strerror or str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return InsufficientStorage(f"the {deed} to {output} does not fit on the disk: {reason}; make space")
    return ConfigurationError(f"the {deed} to {output} can't be written: {reason}; name a folder that can be")
