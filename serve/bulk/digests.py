"""Keys by their digests: what a run of millions can hold in memory, 24 bytes a document."""

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
"""One done document: digest of its key, digest of its source's mark."""

UNKNOWN_ETAG = 0

Digests = npt.NDArray[np.bytes_]
"""Shape (N,), S16."""


def key_digest(key: str) -> bytes:
    """BLAKE2b of a key, 16 bytes."""
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=KEY_BYTES).digest()


def key_digests(keys: Iterable[str]) -> Digests:
    """The digests of many keys, (N,) S16."""
    # NumPy drops zeros at the end of bytes, but pads them again: whole digests are compared.
    return np.frombuffer(b"".join(map(key_digest, keys)), f"S{KEY_BYTES}")


def etag_digest(etag: str) -> int:
    """BLAKE2b of a source's mark, 64 bits; `UNKNOWN_ETAG` for ''."""
    if not etag:
        return UNKNOWN_ETAG
    return int.from_bytes(blake2b(etag.encode("utf-8", "surrogatepass"), digest_size=_ETAG_BYTES).digest(), "little")


def pack_record(key: bytes, etag: int) -> bytes:
    """One `RECORD` from the digest of a key and that of an etag."""
    return key + etag.to_bytes(_ETAG_BYTES, "little")


class DigestSet:
    """A set of digests that grows by blocks; 16 bytes each.

    Sorted arrays, each at most half as long as the one before it: adding moves each digest log2(N) times, asking
    searches in log2(N) arrays.
    """

    def __init__(self) -> None:
        self._runs: list[Digests] = []

    def __len__(self) -> int:
        return sum(map(len, self._runs))

    def add_new(self, digests: Digests) -> npt.NDArray[np.bool_]:
        """Add a block.

        Args:
            digests: (N,) S16.

        Returns:
            (N,) bool: which were not there before; of those that come twice in the block, the first.
        """
        new = np.zeros(len(digests), np.bool_)
        _, first = np.unique(digests, return_index=True)
        new[first] = True
        for run in self._runs:
            new &= ~contained(run, digests)
        if new.any():
            added = np.sort(digests[new])
            while self._runs and len(self._runs[-1]) <= 2 * len(added):
                added = np.sort(np.concatenate((self._runs.pop(), added)), kind="stable")  # merges what is sorted
            self._runs.append(added)
        return new


def contained(ordered: Digests, digests: Digests) -> npt.NDArray[np.bool_]:
    """Which digests are in a sorted array, (N,) bool."""
    if not len(ordered):
        return np.zeros(len(digests), np.bool_)
    places = np.minimum(np.searchsorted(ordered, digests), len(ordered) - 1)
    found: npt.NDArray[np.bool_] = ordered[places] == digests
    return found
