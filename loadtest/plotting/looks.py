"""A color and a marker for each system, which people who see colors differently can tell apart.

The colors are those of Okabe and Ito (https://jfly.uni-koeln.de/color/), and shades of them. One family has one color
and its members markers of their own, so that no picture rests on colors alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loadtest.bench.comparison import is_service
from loadtest.peers import Peer

__all__ = ["OKABE_ITO", "Look", "looks_of"]

OKABE_ITO: Mapping[str, str] = {
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "purple": "#CC79A7",
    "gray": "#8A8F98",
}


@dataclass(frozen=True)
class Look:
    """A color and a marker of Matplotlib."""

    color: str
    marker: str


_SERVICES = (("#D55E00", "o"), ("#E69F00", "s"), ("#F0C05A", "^"), ("#F7E0A8", "v"))
# In the order of the registry; the last two wait for further peers.
_PEERS = (
    ("#0072B2", "D"),
    ("#56B4E9", "d"),
    ("#CC79A7", "h"),
    ("#006B4F", "P"),
    ("#46C7A2", "X"),
    ("#7A4A00", "<"),
    ("#B98A4A", ">"),
    ("#8A8F98", "*"),
    ("#5B4B8A", "8"),
    ("#A99BD1", "H"),
)
_OTHER = ("#000000", "p")


def looks_of(systems: Sequence[str]) -> Mapping[str, Look]:
    """The look of each system, which is a peer's own, and for the service the next of its family."""
    services = iter(_SERVICES)
    peers = dict(zip((peer.value for peer in Peer), _PEERS, strict=False))
    return {
        system: Look(*(next(services, _OTHER) if is_service(system) else peers.get(system, _OTHER)))
        for system in systems
    }
