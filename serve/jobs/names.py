"""Makes file names of the names that clients give their documents."""

import re

__all__ = ["safe_name"]

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
# File systems allow 255 bytes. A number may stand before the name, and an extension behind it.
_LONGEST_NAME = 100


def safe_name(name: str) -> str:
    """Reduce a name to its last part, in characters that every storage takes; never empty, hidden, or a folder."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return _UNSAFE.sub("_", last)[-_LONGEST_NAME:].lstrip(".") or "file"
