"""Digests of keys, so that a run can hold millions of documents in memory, with 24 bytes each."""

from collections.abc import Iterable
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

__all__ = [
    "KEY_BYTES",
    "RECORD",
    "UNKNOWN_ETAG",
    "DigestSet",
    "Digests",
    "contained",
    "etag_digest",
    "key_digest",
    "key_digests",
    "pack_record",
]

KEY_BYTES = 16
"""128 bits: among 10 million keys two have the same digest once in 10^24 runs."""

_ETAG_BYTES = 8  # compared for one key only, so that 64 bits are plenty

RECORD = np.dtype([("key", f"S{KEY_BYTES}"), ("etag", "<u8")])
"""The record of a done document: the digests of its key and of its source's ETag."""

UNKNOWN_ETAG = 0

Digests = npt.NDArray[np.bytes_]
"""Shape (N,), S16."""


def key_digest(key: str) -> bytes:
    """Return the BLAKE2b digest of a key, 16 bytes."""
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=KEY_BYTES).digest()


def key_digests(keys: Iterable[str]) -> Digests:
    """Return the digests of many keys, (N,) S16."""
    # NumPy drops zeros at the end of bytes and pads them again, so that whole digests are compared.
    return np.frombuffer(b"".join(map(key_digest, keys)), f"S{KEY_BYTES}")


def etag_digest(etag: str) -> int:
    """Return the BLAKE2b digest of a source's ETag, 64 bits; `UNKNOWN_ETAG` for ''."""
    if not etag:
        return UNKNOWN_ETAG
    return int.from_bytes(blake2b(etag.encode("utf-8", "surrogatepass"), digest_size=_ETAG_BYTES).digest(), "little")


def pack_record(key: bytes, etag: int) -> bytes:
    """Make one `RECORD` from the digests of a key and of an ETag."""
    return key + etag.to_bytes(_ETAG_BYTES, "little")


class DigestSet:
    """A set of digests that grows by blocks; 16 bytes each.

    It consists of sorted arrays, each at most half as long as the one before it. So adding moves each digest log2(N)
    times, and looking one up searches log2(N) arrays.
    """

    def __init__(self) -> None:
        self._arrays: list[Digests] = []

    def __len__(self) -> int:
        return sum(map(len, self._arrays))

    def add_new(self, digests: Digests) -> npt.NDArray[np.bool_]:
        """Add a block.

        Args:
            digests: (N,) S16.

        Returns:
            (N,) bool: true for each digest that was not in the set; of equal ones in the block, only for the first.
        """
        new = np.zeros(len(digests), np.bool_)
        _, first = np.unique(digests, return_index=True)
        new[first] = True
        for array in self._arrays:
            new &= ~contained(array, digests)
        if new.any():
            added = np.sort(digests[new])
            while self._arrays and len(self._arrays[-1]) <= 2 * len(added):
                added = np.sort(np.concatenate((self._arrays.pop(), added)), kind="stable")  # merges sorted arrays
            self._arrays.append(added)
        return new


def contained(ordered: Digests, digests: Digests) -> npt.NDArray[np.bool_]:
    """Tell which digests are in a sorted array, (N,) bool."""
    if not len(ordered):
        return np.zeros(len(digests), np.bool_)
    positions = np.minimum(np.searchsorted(ordered, digests), len(ordered) - 1)
    found: npt.NDArray[np.bool_] = ordered[positions] == digests
    return found
