"""Other OCR engines, measured by the same rules as the service.

A peer runs as its users run it at its best, on all cores, and without HTTP. What it needs is imported only when it is
asked for, and lives in an environment of its own (requirements/peers*.lock) or on PATH. A new peer is a file with a
function that loads it, and in the registry a name and a row.
"""

from loadtest.peers.base import LoadedPeer, PeerOptions, PeerReader
from loadtest.peers.measure import measure_peer
from loadtest.peers.registry import Peer, load_peer

__all__ = ["LoadedPeer", "Peer", "PeerOptions", "PeerReader", "load_peer", "measure_peer"]
