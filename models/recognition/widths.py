"""The widths at which lines go through the recognizer."""

import math
from bisect import bisect_left

__all__ = ["bucket_width", "width_table"]

# Recognition costs columns. Each step of 5 % pads lines by 2-3 % on average and needs about 80 shapes; 10 % would pad
# 5 %, 2 % would need 230 shapes, each of which costs tens of milliseconds when a runtime first meets it.
_GROWTH = 1.05
# Narrower lines, a word or two, are read worse at their own width: on icdar2015_test (100 scenes) F1 is .553 with 48
# columns at least and .556 with 96; documents do not differ.
_LEAST_COLUMNS = 96
# 85 times as wide as high. A line of more is squeezed, with a warning.
_MOST_COLUMNS = 4096


def width_table(multiple: int) -> tuple[int, ...]:
    """Every width in columns that the recognizer is run at, ascending.

    Args:
        multiple: Each is a multiple of it.

    >>> width_table(8)[:6], len(width_table(8)), width_table(8)[-1]
    ((96, 104, 112, 120, 128, 136), 77, 4096)
    """
    least, most = (math.ceil(columns / multiple) * multiple for columns in (_LEAST_COLUMNS, _MOST_COLUMNS))
    widths = [least]
    while widths[-1] < most:
        step = max(multiple, round(widths[-1] * (_GROWTH - 1) / multiple) * multiple)
        widths.append(min(widths[-1] + step, most))
    return tuple(widths)


def bucket_width(columns: int, table: tuple[int, ...]) -> int:
    """The least width of the table that holds a line, or the greatest where none does."""
    return table[min(bisect_left(table, columns), len(table) - 1)]
