"""Draws batches of lines of similar width, with the targets that the net is trained on."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from tools.distil.fonts import Fonts, found_fonts, is_held_out
from tools.distil.lines import HEIGHT_PX, MOST_COLUMNS, DrawnLine, draw_line
from tools.distil.teacher import Teacher, taught_steps
from tools.distil.texts import Texts, read_words

__all__ = ["PADDING", "STRIDE_PX", "Batch", "Drawer", "batch_of", "chunks", "read_classes", "steps_of"]

#: Columns of the input for each time step.
STRIDE_PX = 4
#: Gray value behind a line that is shorter, as in the manifest.
PADDING = 127
# Lines that are drawn and then sorted by width.
_CHUNK_LINES = 384
# Chunks that workers are asked for at a time. They may wait in memory, so there are few.
_AHEAD = 64
# Each shape of a batch has kernels of its own, which take long to make: there should be few.
_WIDTHS = (64, 80, 96, 128, 160, 192, 224, 272, 320, 384, 448, 528, MOST_COLUMNS)


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines of similar width.

    Args:
        pixels: (N, 32, columns) uint8, padded on the right.
        steps: (N, columns / 4) int64, the class of each time step by where its character was drawn; 0 is the blank,
            and -1 a step of padding.
        targets: The classes of each text.
        taught: (N, columns / 4, classes) float32, the teacher's probabilities; 0 where it told none. None if it read no
            line.
    """

    pixels: npt.NDArray[np.uint8]
    steps: npt.NDArray[np.int64]
    targets: list[list[int]]
    taught: npt.NDArray[np.float32] | None = None


class Drawer:
    """Draws lines, a chunk at a time. A chunk depends on the seed and its number alone.

    Args:
        folder: Folder into which Debian's packages are unpacked, or `/`.
        classes: The characters that the net tells apart, without the blank.
        seed: 0 or more.
        batch_columns: The columns of a batch with its padding.
        taught: Share of the batches that the teacher reads too. It takes twice the time that drawing and learning do.
        for_validation: Whether lines are in the fonts kept for validation.
    """

    def __init__(
        self,
        folder: Path,
        classes: Sequence[str],
        seed: int,
        batch_columns: int = 4_000,
        taught: float = 0,
        *,
        for_validation: bool = False,
    ) -> None:
        faces = [one for one in found_fonts(folder / "usr/share/fonts") if is_held_out(one.path) == for_validation]
        self.fonts = Fonts(faces)
        self._texts = Texts(read_words(folder, classes), classes)
        self._seed = seed
        self._batch_columns = batch_columns
        self._taught = taught
        self._teacher = Teacher(classes) if taught else None
        self._numbers = {character: number for number, character in enumerate(classes, 1)}

    def lines(self, number: int, count: int = _CHUNK_LINES) -> list[DrawnLine]:
        """The lines of one chunk."""
        cv2.setNumThreads(1)
        rng = np.random.default_rng([self._seed, number])
        return [draw_line(rng, self._texts, self.fonts) for _ in range(count)]

    def chunk(self, number: int) -> list[Batch]:
        """The batches of one chunk, in random order."""
        lines = sorted(self.lines(number), key=lambda line: line.pixels.shape[1])
        rng = np.random.default_rng([self._seed, number, 1])
        batches = []
        while lines:
            count = self._batch_columns // _padded(lines[-1].pixels.shape[1])
            batches.append(self._batch(lines[-count:], rng.random() < self._taught))
            del lines[-count:]
        order = rng.permutation(len(batches))
        return [batches[index] for index in order]

    def _batch(self, lines: Sequence[DrawnLine], is_taught: bool) -> Batch:
        batch = batch_of(lines, self._numbers)
        if self._teacher is None or not is_taught:
            return batch
        taught = np.zeros((*batch.steps.shape, len(self._numbers) + 1), np.float32)
        for row, line in zip(taught, lines, strict=True):
            count = -(-line.pixels.shape[1] // STRIDE_PX)
            row[:count] = taught_steps(self._teacher(line.whole), count)
        return replace(batch, taught=taught)


def batch_of(lines: Sequence[DrawnLine], numbers: dict[str, int]) -> Batch:
    """Pad lines to one width, and make their targets.

    Args:
        lines: The lines.
        numbers: The class of each character.
    """
    columns = _padded(max(line.pixels.shape[1] for line in lines))
    pixels = np.full((len(lines), HEIGHT_PX, columns), PADDING, np.uint8)
    steps = np.full((len(lines), columns // STRIDE_PX), -1, np.int64)
    targets = []
    for index, line in enumerate(lines):
        wide = line.pixels.shape[1]
        pixels[index, :, :wide] = line.pixels
        targets.append([numbers[character] for character in line.text])
        own = steps_of(targets[-1], line.places, -(-wide // STRIDE_PX))
        steps[index, : len(own)] = own
    return Batch(pixels, steps, targets)


def _padded(columns: int) -> int:
    return _WIDTHS[bisect_left(_WIDTHS, columns)]


def steps_of(target: Sequence[int], places: npt.NDArray[np.float32], count: int) -> npt.NDArray[np.int64]:
    """The class of each time step: each character stands at one step, the nearest that is free, and the rest is blank.

    Args:
        target: The classes of the characters.
        places: The middle of each, in columns, ascending.
        count: Time steps of the line.

    Returns:
        (count,) int64. -1 everywhere if the line is too narrow for its characters.
    """
    steps = np.zeros(count, np.int64)
    following = 0
    for place, (number, before) in enumerate(zip(target, [0, *target[:-1]], strict=True)):
        least = following + (number == before)  # a character that repeats has a blank between
        chosen = max(least, int(places[place] // STRIDE_PX))
        if chosen >= count:
            return np.full(count, -1, np.int64)
        steps[chosen] = number
        following = chosen + 1
    return steps


def read_classes(path: Path) -> list[str]:
    """The characters of a charset's file and the space, in the order of their classes from 1 on."""
    return [*path.read_text(encoding="utf-8").removesuffix("\n").split("\n"), " "]


_drawer: Drawer | None = None


def _set_up(make: Callable[[], Drawer]) -> None:
    global _drawer
    _drawer = make()


def _chunk(number: int) -> list[Batch]:
    assert _drawer is not None
    return _drawer.chunk(number)


def chunks(make: Callable[[], Drawer], first: int, workers: int) -> Iterator[list[Batch]]:
    """Draw chunk after chunk, without end.

    Args:
        make: Makes a drawer; each worker calls it.
        first: Number of the first chunk.
        workers: Processes that draw ahead; 0 draws here.
    """
    if not workers:
        drawer = make()
        while True:
            yield drawer.chunk(first)
            first += 1
    with get_context("spawn").Pool(workers, _set_up, (make,)) as pool:
        while True:
            yield from pool.imap(_chunk, range(first, first + _AHEAD))
            first += _AHEAD
