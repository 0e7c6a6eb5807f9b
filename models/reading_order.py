"""Orders a page's lines as a person reads them: columns from the left, rows from the top, each row from the left.

The page is turned in thought so that most of its lines run to the right. In vertical writing, columns are such lines,
and come from the right. Lines that run across the others, such as a stamp up the side of a page, are read apart.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.blocks import boxes_of, find_blocks, leveled
from models.columns import cut_columns
from models.rows import Row, find_rows

__all__ = ["Region", "reading_order", "regions"]

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

# No page is cut more often. A newspaper page has some 40 regions; a table that looks like text could have hundreds.
_MOST_REGIONS = 80


@dataclass(frozen=True, slots=True)
class Region:
    """Text that is read before anything else on its page is: a column, a table, or a stamp up the page's side.

    Args:
        rows: Rows of indices of lines, in reading order.
        level: (K, 4, 2) float64, the quads of the page's lines, turned so that this region's lines run to the right.
    """

    rows: list[Row]
    level: Floats


def reading_order(points: npt.NDArray[np.float32]) -> Indices:
    """Order quads as they are read.

    Columns of running text are read one after the other; tables, forms and receipts are read row by row. A line across
    several columns comes before the columns beneath it. Of two lines that run the same way and overlap from side to
    side, the upper one comes first.

    Args:
        points: (K, 4, 2) float32, page pixels, each clockwise from its text's top left.

    Returns:
        (K,) indices into `points`. The sequence of quads does not depend on the order in which they are given.
    """
    return np.array([index for region in regions(points) for row in region.rows for index in row], dtype=np.intp)


def regions(points: npt.NDArray[np.float32]) -> list[Region]:
    """Cut a page into columns and the text between them, and cut these into rows.

    Args:
        points: (K, 4, 2) float32, page pixels, each clockwise from its text's top left.

    Returns:
        Regions of rows of indices into `points`, in reading order.
    """
    # Quads are sorted by every corner, so that the order in which the detector found them does not matter.
    by_place = np.lexsort(points.reshape(-1, 8).T)
    found: list[Region] = []
    for block in find_blocks(points[by_place]):
        members = by_place[block]
        level = leveled(points, members)
        boxes = boxes_of(level[members])
        for part in cut_columns(boxes, _MOST_REGIONS - len(found))[0]:
            rows = find_rows(boxes.of(part))
            found.append(Region([members[part[row]].tolist() for row in rows], level))
    return found
