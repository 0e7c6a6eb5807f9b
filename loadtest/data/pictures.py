"""The pictures of a measurement, read into memory before its clock starts."""

import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from loadtest.data.accuracy import Unit, unit_of
from loadtest.data.labels import PageLabel, read_labels
from loadtest.errors import LoadtestError

__all__ = ["MAX_TOTAL_BYTES", "Picture", "PictureSet", "load_pictures"]

MAX_TOTAL_BYTES = 1 << 30
"""Most bytes of pictures held in memory at once: the generator shares its machine with the service."""

_LABELS = "labels.jsonl"
_SUFFIXES = frozenset((".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif"))


@dataclass(frozen=True)
class Picture:
    """One file to be read: its bytes as stored, and the truth about it where that is known."""

    name: str
    content: bytes
    label: PageLabel | None = None

    @property
    def content_type(self) -> str:
        """Media type by the file's name."""
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"


@dataclass(frozen=True)
class PictureSet:
    """Pictures with the name of their set, which is the name of their folder."""

    name: str
    pictures: Sequence[Picture]

    @property
    def unit(self) -> Unit:
        """What its labelled text is made of; words where nothing is labelled."""
        return unit_of(picture.label for picture in self.pictures if picture.label is not None)


def load_pictures(source: Path, limit: int | None = None, max_total_bytes: int = MAX_TOTAL_BYTES) -> PictureSet:
    """Read the pictures of a folder or of a `labels.jsonl`.

    Args:
        source: A `.jsonl` of labels; or a folder, by its own `labels.jsonl` where it has one, else all pictures in it
            and below it in the order of their paths.
        limit: Take only the first so many.
        max_total_bytes: Most bytes to hold.

    Raises:
        LoadtestError: Nothing to read, a file can't be read, or they are larger than `max_total_bytes` together.
    """
    folder = source if source.is_dir() else source.parent
    if source.is_dir() and (source / _LABELS).is_file():
        source = source / _LABELS
    if source.is_dir():
        files = sorted(path for path in source.rglob("*") if path.suffix.lower() in _SUFFIXES and path.is_file())
        entries: list[tuple[Path, PageLabel | None]] = [(path, None) for path in files]
    elif source.suffix == ".jsonl":
        entries = [(row.image, row.page) for row in read_labels(source)]
    else:
        raise LoadtestError(f"{source} is neither a folder nor a .jsonl of labels")
    if not entries:
        raise LoadtestError(f"{source} holds no pictures ({', '.join(sorted(_SUFFIXES))})")

    pictures: list[Picture] = []
    total_bytes = 0
    for path, label in entries[:limit]:
        try:
            content = path.read_bytes()
        except OSError as exc:
            raise LoadtestError(f"cannot read the picture {path}: {exc}") from exc
        total_bytes += len(content)
        if total_bytes > max_total_bytes:
            raise LoadtestError(
                f"the pictures of {source} are larger than {max_total_bytes} bytes together at number "
                f"{len(pictures) + 1} of {len(entries)}; take fewer with --limit"
            )
        pictures.append(Picture(str(path.relative_to(folder)), content, label))
    return PictureSet(folder.resolve().name, pictures)
