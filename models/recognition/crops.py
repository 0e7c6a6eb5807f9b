"""Cuts text lines out of a page, straight and at the height that the recognizer needs.

The time of the recognizer grows with a line's columns, so lines of documents get as few as they are read well with.
"""

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from models.manifests.manifest import Chunks
from models.recognition.widths import LineWidths
from models.straighten import straightened

__all__ = ["LineCrop", "crop_line", "fit_line", "in_chunks", "line_groups"]

Pixels = npt.NDArray[np.uint8]

# Middle gray, of which the net's normalization makes zero. Its training padded lines with zeros.
_PADDING = 127
# Pixels that differ from the paper by this share of a line's greatest contrast are ink.
_INK = 0.2
# Where a detector fits its quads so close that tall characters, such as Chinese ones, fill more than this share of the
# height, lines get paper above and below. Rows with less than a share of the fullest one's ink do not count.
_MOST_FILLED, _FAINT_ROW = 0.6, 0.25
_MOST_GROWN = 1.3
# In heights of a quad: the blank that is kept at each end of a line, and the most that is cut there.
_KEPT, _MOST_CUT = 0.1, 0.2
# This part of a quad at its top, and as much at its bottom, may show the lines above and below.
_EDGE = 6
# A shorter line may be a single character, which is read best as it was found.
_LEAST_ASPECT = 1.5
# Columns of the crops that are held at a time: 29 MB at 48 rows. Pages of up to some 500 lines are read at once.
_GROUP_COLUMNS = 200_000


@dataclass(frozen=True, slots=True)
class LineCrop:
    """One line, ready for the recognizer.

    Args:
        pixels: (height, bucket width, 3) uint8 RGB, padded on the right.
        columns: Number of columns that show the line.
        is_squeezed: Whether the line was too long for the widest bucket and was made narrower than it should be.
        begin: The place in the quad where the crop begins, as a share of its length.
        end: The place where it ends, likewise.
    """

    pixels: Pixels
    columns: int
    is_squeezed: bool
    begin: float = 0.0
    end: float = 1.0

    @property
    def line(self) -> Pixels:
        """The line without padding, (height, columns, 3) uint8 RGB."""
        return self.pixels[:, : self.columns]

    def emptied(self) -> "LineCrop":
        """A copy without pixels, which take most of a crop's memory. They are 0 there, and keep their shape."""
        return replace(self, pixels=np.broadcast_to(np.uint8(0), self.pixels.shape))

    @property
    def shown(self) -> float:
        """The share of the width that shows the line."""
        return self.columns / int(self.pixels.shape[1])

    def share(self, position: float) -> float:
        """Turn a position in the crop, as a text's are, into a share of the quad's length."""
        return self.begin + position / self.shown * (self.end - self.begin)

    def positions(self, shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Turn shares of the quad's length into shares of the crop's width, as a text's positions are."""
        return (shares - self.begin) / (self.end - self.begin) * self.shown


def crop_line(
    page: Pixels,
    quad: npt.NDArray[np.float32],
    height: int,
    widths: LineWidths,
    *,
    is_document: bool = False,
    padding: int = _PADDING,
) -> LineCrop:
    """Cut one line out of a page at full resolution and scale it to the recognizer's height.

    Args:
        page: (H, W, 3) uint8 RGB. Read only.
        quad: (4, 2) float32, page pixels, clockwise from the text's top left.
        height: Height of the result, in pixels.
        widths: The widths of buckets.
        is_document: Whether the paper shows where ink is. Blank ends of the line are then cut, and a line that fills
            its quad gets paper above and below.
        padding: Gray value behind a line that is shorter.
    """
    line = straightened(page, quad)
    rows, length = line.shape[:2]
    if not is_document or length < _LEAST_ASPECT * rows:
        return fit_line(line, height, widths, padding)
    gray = cv2.cvtColor(line, cv2.COLOR_RGB2GRAY)
    paper = int(cv2.calcHist([gray], [0], None, [256], [0, 256]).argmax())
    contrast = cv2.absdiff(gray, np.full_like(gray, paper))
    _, marked = cv2.threshold(contrast, _INK * float(contrast.max()), 1, cv2.THRESH_BINARY)
    ink = np.asarray(marked, dtype=np.uint8)
    start, end = _blank_end(ink), length - _blank_end(ink[:, ::-1])
    missing = _missing_rows(ink)
    shown: Pixels = line[:, start:end]
    if missing:
        paper_color = cv2.mean(line, 1 - ink)
        bordered = cv2.copyMakeBorder(shown, missing, missing, 0, 0, cv2.BORDER_CONSTANT, value=paper_color)
        shown = np.asarray(bordered, dtype=np.uint8)
    return replace(fit_line(shown, height, widths, padding), begin=start / length, end=end / length)


def _blank_end(ink: Pixels) -> int:
    """The columns at the left of a line that are blank and need not be read."""
    rows = len(ink)
    edge = rows // _EDGE
    most = math.ceil((_MOST_CUT + _KEPT) * rows)
    with_ink = np.flatnonzero(ink[edge : rows - edge, :most].any(axis=0))
    first = int(with_ink[0]) if len(with_ink) else most
    return max(0, first - math.ceil(_KEPT * rows))


def _missing_rows(ink: Pixels) -> int:
    """The rows of paper that a line lacks above, and as many below."""
    in_row = cv2.reduce(ink, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[:, 0]
    rows, middle = len(ink), len(ink) // 2
    # Ink beyond a gap belongs to the lines above and below.
    faint = np.concatenate([[-1], np.flatnonzero(in_row < _FAINT_ROW * in_row.max()), [rows]])
    above, below = int(faint[faint < middle].max()), int(faint[faint >= middle].min())
    if above < 0 or below == rows:
        return 0  # what reaches beyond the quad is not a character, but a stamp or a ruling
    wanted = min((below - above - 1) / _MOST_FILLED, _MOST_GROWN * rows)
    return max(0, round((wanted - rows) / 2))


def fit_line(line: Pixels, height: int, widths: LineWidths, padding: int = _PADDING) -> LineCrop:
    """Scale a line that was cut out to the recognizer's height.

    Args:
        line: (any height, any width, 3) uint8 RGB, with text that runs to the right. Read only.
        height: Height of the result, in pixels.
        widths: The widths of buckets.
        padding: Gray value behind a line that is shorter.
    """
    wanted = max(1, math.ceil(height * line.shape[1] / line.shape[0]))
    bucket = widths.bucket(wanted)
    columns = min(wanted, bucket)
    pixels = np.full((height, bucket, 3), padding, dtype=np.uint8)
    cv2.resize(line, (columns, height), dst=pixels[:, :columns], interpolation=cv2.INTER_LINEAR)
    return LineCrop(pixels, columns, widths.fitting(wanted) > bucket)


def in_chunks(batch: Pixels, chunks: Chunks) -> Pixels:
    """Cut lines into parts that overlap.

    Args:
        batch: (N, height, `chunks.line_px`, 3) uint8 RGB. Read only.
        chunks: The parts.

    Returns:
        (N * `chunks.count`, height, `chunks.width_px`, 3) uint8 RGB, the parts of a line in a row.
    """
    step = chunks.width_px - chunks.overlap_px
    parts = [batch[:, :, index * step : index * step + chunks.width_px] for index in range(chunks.count)]
    return np.stack(parts, axis=1).reshape(-1, *parts[0].shape[1:])


def line_groups(
    points: npt.NDArray[np.float32],
    height: int,
    most_columns: int,
    group_columns: int = _GROUP_COLUMNS,
    least_columns: int = 0,
) -> list[npt.NDArray[np.intp]]:
    """Share lines out over groups, so that a page of thousands of lines holds a bounded number of crops at a time.

    Lines of similar length are in one group, so that each group still fills its batches.

    Args:
        points: (K, 4, 2) float32, quads, clockwise from the text's top left.
        height: Height in pixels to which lines are scaled.
        most_columns: Width of the widest crop; longer lines are squeezed to it.
        group_columns: Approximate columns of a group's crops.
        least_columns: Width to which shorter crops are padded.

    Returns:
        Indices into `points`, each in one group. Most pages have a single group, which keeps their order.
    """
    sides = np.linalg.norm(np.roll(points, -1, axis=1) - points, axis=2).astype(np.float64)
    length, thickness = (np.maximum(sides[:, side : side + 3 : 2].max(axis=1), 1) for side in (0, 1))
    columns = np.clip(height * length / thickness, least_columns, most_columns)
    if columns.sum() <= group_columns:
        return [np.arange(len(points))] if len(points) else []
    by_columns = np.argsort(columns, kind="stable")
    group = (np.cumsum(columns[by_columns]) // group_columns).astype(int)
    return np.split(by_columns, np.flatnonzero(np.diff(group)) + 1)
