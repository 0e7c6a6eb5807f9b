"""What every peer is made of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from loadtest.data.accuracy import Unit
from loadtest.data.labels import ResultLine

__all__ = ["LoadedPeer", "PeerOptions", "PeerReader"]

PeerReader = Callable[[bytes], Sequence[ResultLine]]
"""Reads one picture file; lines are in its pixels. May raise anything; that is counted as a failure."""


@dataclass(frozen=True)
class PeerOptions:
    """How to load a peer.

    Attributes:
        threads: Cores it may use; None: as it comes, all of them.
        unit: What the set's text is made of. A peer that must be told its language derives it from this.
    """

    threads: int | None = None
    unit: Unit = Unit.WORD


@dataclass(frozen=True)
class LoadedPeer:
    """A peer that is ready to read.

    Attributes:
        subject: Its name with versions and options.
        read: Its reader.
        at_once: Pictures it reads side by side: 1 for one that uses all cores for one picture.
        has_children: It works in processes that `read` starts.
    """

    subject: str
    read: PeerReader
    at_once: int = 1
    has_children: bool = False
