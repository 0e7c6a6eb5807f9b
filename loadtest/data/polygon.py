"""Areas and overlaps of convex polygons, in plain Python: labels have few vertices, and no array library is needed."""

from collections.abc import Sequence

__all__ = ["Point", "Polygon", "area", "convex_hull", "covered_fraction", "intersection_area"]

Point = tuple[float, float]
Polygon = Sequence[Point]


def area(polygon: Polygon) -> float:
    """Area of a simple polygon (shoelace formula), never negative."""
    return abs(_signed_area(polygon))


def convex_hull(points: Polygon) -> list[Point]:
    """Convex hull (Andrew's monotone chain) with positive signed area; collinear points are left out."""
    ordered = sorted(set(points))
    if len(ordered) < 3:
        return ordered
    lower = _half_hull(ordered)
    upper = _half_hull(ordered[::-1])
    return lower[:-1] + upper[:-1]


def intersection_area(first: Polygon, second: Polygon) -> float:
    """Area shared by the convex hulls of two polygons (Sutherland-Hodgman clipping)."""
    subject, clip = convex_hull(first), convex_hull(second)
    if len(subject) < 3 or len(clip) < 3:
        return 0.0
    for start, end in zip(clip, clip[1:] + clip[:1], strict=True):
        subject = _clip_to_left(subject, start, end)
        if len(subject) < 3:
            return 0.0
    return area(subject)


def covered_fraction(polygon: Polygon, covers: Sequence[Polygon]) -> float:
    """Share of a polygon's area that lies under others, in [0, 1].

    Overlaps among `covers` count twice (up to the limit of 1): labels hardly ever overlap each other.
    A polygon without area is covered by nothing.
    """
    whole = area(convex_hull(polygon))
    if whole == 0.0:
        return 0.0
    return min(1.0, sum(intersection_area(polygon, cover) for cover in covers) / whole)


def _signed_area(polygon: Polygon) -> float:
    following = [*polygon[1:], *polygon[:1]]
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(polygon, following, strict=True)) / 2


def _turn(origin: Point, first: Point, second: Point) -> float:
    """Positive when origin -> first -> second turns towards positive signed area."""
    return (first[0] - origin[0]) * (second[1] - origin[1]) - (first[1] - origin[1]) * (second[0] - origin[0])


def _half_hull(ordered: Sequence[Point]) -> list[Point]:
    hull: list[Point] = []
    for point in ordered:
        while len(hull) >= 2 and _turn(hull[-2], hull[-1], point) <= 0:
            hull.pop()
        hull.append(point)
    return hull


def _clip_to_left(subject: list[Point], start: Point, end: Point) -> list[Point]:
    kept: list[Point] = []
    for current, following in zip(subject, subject[1:] + subject[:1], strict=True):
        side, next_side = _turn(start, end, current), _turn(start, end, following)
        if side >= 0:
            kept.append(current)
        if (side > 0 > next_side) or (side < 0 < next_side):
            share = side / (side - next_side)
            kept.append(
                (current[0] + share * (following[0] - current[0]), current[1] + share * (following[1] - current[1]))
            )
    return kept
