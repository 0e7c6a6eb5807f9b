"""The widths at which lines go through the recognizer."""

from bisect import bisect_left

__all__ = ["bucket_width", "width_table"]

# Recognition costs columns. Each step of 5 % pads lines by 2-3 % on average and needs about 90 shapes; 10 % would pad
# 5 %, 2 % would need 230 shapes, each of which costs tens of milliseconds when a runtime first meets it.
_GROWTH = 1.05
# Narrower lines, a digit or two, lose accuracy at their own width: the net was trained on at least this much context.
_LEAST_COLUMNS = 48
# 85 times as wide as high. A line of more is squeezed, with a warning.
_MOST_COLUMNS = 4096


def width_table(multiple: int) -> tuple[int, ...]:
    """Every width in columns that the recognizer is run at, ascending.

    Args:
        multiple: Each is a multiple of it.

    >>> width_table(8)[:6], len(width_table(8)), width_table(8)[-1]
    ((48, 56, 64, 72, 80, 88), 75, 4096)
    """
    widths = [_LEAST_COLUMNS]
    while widths[-1] < _MOST_COLUMNS:
        step = max(multiple, round(widths[-1] * (_GROWTH - 1) / multiple) * multiple)
        widths.append(min(widths[-1] + step, _MOST_COLUMNS))
    return tuple(widths)


def bucket_width(columns: int, table: tuple[int, ...]) -> int:
    """The least width of the table that holds a line, or the greatest where none does."""
    return table[min(bisect_left(table, columns), len(table) - 1)]
