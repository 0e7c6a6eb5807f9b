"""Names results: by their key if that can be a name, and else by its digest."""

from serve.bulk.digests import KEY_BYTES, key_digest
from serve.bulk.locations import STATE_FOLDER, SUMMARY_NAME

__all__ = ["digest_from_name", "name_from_key"]

_ODD_FOLDER = "_odd/"
# S3's limit is 1,024 bytes with the folder of the output.
_MOST_KEY_BYTES = 700
# The limit of the usual file systems is 255.
_MOST_PART_BYTES = 250


def name_from_key(key: str, extension: str) -> str:
    """Name the object that holds the result of a document.

    Args:
        key: Key of the document.
        extension: Extension of the format, with its dot.

    Returns:
        `<key><extension>`; `_odd/<digest><extension>` for the few keys that can't be a path in every storage, or that
        a run itself uses. Two keys never have the same name.
    """
    if _is_odd(key, extension):
        return f"{_ODD_FOLDER}{key_digest(key).hex()}{extension}"
    return key + extension


def digest_from_name(name: str, extension: str) -> bytes | None:
    """Return the digest of the key that a result is named after; None if the name is not that of a result.

    Args:
        name: Name below the output.
        extension: Extension of the format, with its dot.
    """
    if not name.endswith(extension) or name == SUMMARY_NAME or name.startswith(STATE_FOLDER):
        return None
    stem = name[: -len(extension)]
    if not name.startswith(_ODD_FOLDER):
        return key_digest(stem)
    try:
        digest = bytes.fromhex(stem.removeprefix(_ODD_FOLDER))
    except ValueError:
        return None
    return digest if len(digest) == KEY_BYTES else None


def _is_odd(key: str, extension: str) -> bool:
    if key.startswith((STATE_FOLDER, _ODD_FOLDER)) or key + extension == SUMMARY_NAME:
        return True
    try:
        encoded = key.encode()
    except UnicodeEncodeError:
        return True
    if len(encoded) > _MOST_KEY_BYTES or b"\0" in encoded:
        return True
    *folders, last = encoded.split(b"/")
    # A folder that is named like a result would be in the way of that result, in file systems and in MinIO.
    return (
        any(
            part in (b"", b".", b"..") or len(part) > _MOST_PART_BYTES or part.endswith(extension.encode())
            for part in folders
        )
        or last in (b"", b".", b"..")
        or len(last) > _MOST_PART_BYTES
    )
