"""Chooses the media type that a client prefers (RFC 9110, section 12.5.1)."""

from collections.abc import Sequence

__all__ = ["preferred_type"]

# To parse more than these costs time and serves nobody.
_MOST_RANGES = 64


def preferred_type(accept: str, offered: Sequence[str]) -> str | None:
    """Choose the media type that a client prefers.

    Args:
        accept: The header `Accept`, or nothing. Parameters other than `q` are ignored.
        offered: Media types, in the order that the server prefers.

    Returns:
        One of them; None if the client named none of them, or nothing at all.

    >>> preferred_type("text/html, text/*;q=0.5, */*;q=0.1", ["application/json", "text/plain"])
    'text/plain'
    """
    ranges = dict(_range(part) for part in reversed(accept.split(",", _MOST_RANGES)[:_MOST_RANGES]))
    weights = [_weight(offer, ranges) for offer in offered]
    best = max(weights, default=0.0)
    return offered[weights.index(best)] if best > 0 else None


def _range(part: str) -> tuple[str, float]:
    media_range, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            return media_range, _q_value(value.strip())
    return media_range, 1.0


def _q_value(text: str) -> float:
    try:
        return min(1.0, max(0.0, float(text)))
    except ValueError:
        return 0.0


def _weight(offer: str, ranges: dict[str, float]) -> float:
    """The weight of the narrowest range that covers an offered type."""
    kind = offer.partition("/")[0]
    return next((ranges[one] for one in (offer, f"{kind}/*", "*/*") if one in ranges), 0.0)
