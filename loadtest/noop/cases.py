"""What is sent through the no-op application, and what the hops cost by it: plain values."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from loadtest.profile.roles import RoleUse

__all__ = ["Case", "Measurement", "cases", "cpu_ms_per_request", "hop_ms"]

_HOPS = ("client to ingress", "document to preprocess", "page to detection", "page to recognition")


@dataclass(frozen=True)
class Case:
    """One way through the application.

    Attributes:
        depth: How many stages a request passes.
        page_bytes: Size of the page that goes on from the first stage; a small one where it goes no further.
        passing: `reference` or `value`.
    """

    depth: int
    page_bytes: int
    passing: str

    @property
    def path(self) -> str:
        """The path of its URL."""
        return f"/{self.depth}/{self.page_bytes}/{self.passing}"

    @property
    def hop(self) -> str:
        """The hop that it has and the case one less deep has not."""
        return _HOPS[self.depth]


@dataclass(frozen=True)
class Measurement:
    """What one case used, for each request.

    Attributes:
        proxy: `python` or `haproxy`.
        case: What was sent.
        requests: How many.
        cpu_ms: CPU milliseconds by role, idle use taken off, largest first.
        loopback_bytes: Bytes over this machine's loopback interface, by whatever program.
        requests_per_s: How fast.
    """

    proxy: str
    case: Case
    requests: int
    cpu_ms: Mapping[str, float]
    loopback_bytes: float
    requests_per_s: float

    @property
    def total_ms(self) -> float:
        """CPU milliseconds of all of Ray's processes."""
        return sum(self.cpu_ms.values())

    def as_dict(self) -> dict[str, object]:
        """For JSON."""
        return {**asdict(self), "hop": self.case.hop, "total_ms": self.total_ms}


def cases(page_bytes: Sequence[int], is_by_value: bool) -> Iterator[Case]:
    """All cases, those first on which others build.

    >>> [case.path for case in cases([1000], is_by_value=False)]
    ['/0/1/reference', '/1/1/reference', '/2/1000/reference', '/3/1000/reference']
    """
    for depth in (0, 1):
        yield Case(depth, 1, "reference")
    for passing in ("reference", "value") if is_by_value else ("reference",):
        for size in page_bytes:
            for depth in (2, 3):
                yield Case(depth, size, passing)


def hop_ms(measurement: Measurement, others: Sequence[Measurement]) -> float:
    """CPU milliseconds that the case's last hop adds: the difference to the case that is one hop shorter.

    A page that goes to detection is also the one that preprocess has to put down: that is part of this hop.
    """
    case = measurement.case
    for other in others:
        is_same_page = other.case.depth < 2 or (other.case.page_bytes, other.case.passing) == (
            case.page_bytes,
            case.passing,
        )
        if other.proxy == measurement.proxy and other.case.depth == case.depth - 1 and is_same_page:
            return measurement.total_ms - other.total_ms
    return measurement.total_ms


def cpu_ms_per_request(
    used: Mapping[str, RoleUse], wall_s: float, idle: Mapping[str, RoleUse], idle_wall_s: float, requests: int
) -> dict[str, float]:
    """CPU milliseconds a request by role, what the idle application uses in the same time taken off."""
    own = {}
    for role, use in used.items():
        idle_s = idle[role].cpu_s * wall_s / idle_wall_s if role in idle else 0.0
        own[role] = max(0.0, 1e3 * (use.cpu_s - idle_s) / requests)
    return dict(sorted(own.items(), key=lambda item: -item[1]))
