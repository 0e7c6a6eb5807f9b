"""Chooses the widths at which lines go through the recognizer."""

import math
from bisect import bisect_left
from dataclasses import dataclass
from typing import Self

__all__ = ["SCENE_LINES", "LineWidths", "common_shapes", "scene_shapes", "width_table"]

# The cost of recognition grows with columns, and a line is padded by half a step on average. But each width up to
# _COMMON_COLUMNS has a compiled net of its own, of 30 to 40 MB, so there should be few. Longer lines share one net, for
# which further widths are cheap.
_COMMON_GROWTH = 1.25
_LONG_GROWTH = 1.08
_COMMON_COLUMNS = 560
# A run of the net takes 2 ms besides the time for its columns, as much as a line of a word or two. So four such lines
# share a run.
_SHORT_COLUMNS = 152
_SHORT_LINES = 4
# Narrower lines, of a word or two, are read worse at their own width: on icdar2015_test (100 scenes), F1 is .557 with
# at least 32 columns, .559 with 96, and .564 with 192. Documents show no difference, and have many such lines.
_LEAST_COLUMNS = 96
_SCENE_COLUMNS = 192
#: The most lines of a page that is taken for a scene.
SCENE_LINES = 12
# 97 % of the words of scenes are not longer.
_COMMON_SCENE_COLUMNS = 304
# A document's line may be narrowed to this share of its width if it then fits a narrower bucket, instead of being
# padded to a wider one (docs/decisions/0016-fixed-shapes.md).
_NARROWEST = 0.85
# 85 times the height. A longer line is squeezed, with a warning.
_MOST_COLUMNS = 4096


def width_table(multiple: int, fixed: int | None = None) -> tuple[int, ...]:
    """Every width in columns at which the recognizer runs, ascending.

    Args:
        multiple: Every width is a multiple of this.
        fixed: The only width of a net that takes no other.

    >>> width_table(8)[:6], len(width_table(8)), width_table(8)[-1]
    ((96, 120, 152, 192, 240, 304), 34, 4096)
    """
    if fixed is not None:
        return (fixed,)
    least, most = (math.ceil(columns / multiple) * multiple for columns in (_LEAST_COLUMNS, _MOST_COLUMNS))
    widths = [least]
    while widths[-1] < most:
        growth = _COMMON_GROWTH if widths[-1] < _COMMON_COLUMNS else _LONG_GROWTH
        step = max(multiple, round(widths[-1] * (growth - 1) / multiple) * multiple)
        widths.append(min(widths[-1] + step, most))
    return tuple(widths)


def common_shapes(multiple: int, fixed: int | None = None) -> tuple[tuple[int, int], ...]:
    """The lines and columns of the most frequent runs, for each of which a net is compiled at start.

    Args:
        multiple: Every width is a multiple of this.
        fixed: The only width of a net that takes no other.

    >>> common_shapes(8)[:6]
    ((4, 96), (4, 120), (4, 152), (1, 192), (1, 240), (1, 304))
    """
    table = width_table(multiple, fixed)
    widths = [width for width, before in zip(table, (0, *table), strict=False) if before < _COMMON_COLUMNS]
    return tuple((_SHORT_LINES if width <= _SHORT_COLUMNS else 1, width) for width in widths)


def scene_shapes(multiple: int) -> tuple[tuple[int, int], ...]:
    """The lines and columns of the most frequent runs of a net that reads scenes alone.

    >>> scene_shapes(8)
    ((1, 192), (1, 240), (1, 304))
    """
    return tuple((1, width) for width in width_table(multiple) if _SCENE_COLUMNS <= width <= _COMMON_SCENE_COLUMNS)


@dataclass(frozen=True, slots=True)
class LineWidths:
    """The widths for the lines of one page.

    Args:
        table: Widths in columns, ascending.
        narrowest: Share of its own width to which a line may be narrowed to fit one of them.
    """

    table: tuple[int, ...]
    narrowest: float = 1.0

    @classmethod
    def of_page(cls, table: tuple[int, ...], lines: int) -> Self:
        """The widths for a page of so many lines. The few words of a scene get wider ones, and are never narrowed.

        >>> LineWidths.of_page((96, 120, 152, 192, 240), 3).table
        (192, 240)
        """
        if lines <= SCENE_LINES:
            return cls(table[bisect_left(table, _SCENE_COLUMNS) :] or table[-1:])
        return cls(table, _NARROWEST)

    def bucket(self, columns: int) -> int:
        """The least width that a line of so many columns fits, or the greatest width if it fits none.

        >>> LineWidths((96, 120, 152)).bucket(112), LineWidths((96, 120, 152), 0.85).bucket(112)
        (120, 96)
        """
        return self.table[min(bisect_left(self.table, self.fitting(columns)), len(self.table) - 1)]

    def fitting(self, columns: int) -> int:
        """The fewest columns to which a line of so many may be narrowed."""
        return math.ceil(columns * self.narrowest)
