"""File names out of what clients call their documents."""

import re

__all__ = ["safe_name"]

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
# File systems end at 255 bytes; a number may stand before it, and an extension behind.
_LONGEST_NAME = 100


def safe_name(name: str) -> str:
    """The last part of a name, in characters that every storage takes; never empty, hidden, or a folder."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return _UNSAFE.sub("_", last)[-_LONGEST_NAME:].lstrip(".") or "file"
