"""Reads lines with Tesseract's LSTM nets, for the scripts that a bundle's own net does not know.

Tesseract (https://github.com/tesseract-ocr/tesseract) gets one line at a time, cut out by the bundle's detector. Its
own search for lines is not used.
"""

import math
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from models.errors import ConfigurationError, ModelOutputError
from models.languages import TrainedData
from models.recognition.ctc import LineText
from models.straighten import straightened

if TYPE_CHECKING:
    from tesserocr import PyTessBaseAPI

__all__ = ["TesseractReader", "line_strip"]

Pixels = npt.NDArray[np.uint8]

# Rows of a line as it is handed over, and the share of its height by which the quad is grown above and below, so that
# vowel signs are whole. Of what was tried on lines of 30 languages (docs/decisions/0062), this reads best. A border of
# paper around the line makes Tesseract read marks that are not there.
_ROWS = 48
_GROWN = 0.05
# Marks alone at an end of a line that are less sure, of 100, are none: of 81 on scans, 4 are, of which none is right.
_LEAST_SURE_MARK = 12
# Tesseract gives logarithms of probabilities as 0 to 100, those of words e-fold in so many. We read characters alike.
_CONFIDENCE_SCALE = 35
# A net of Tesseract's takes 10 to 30 MB once it has read a line.
_MOST_KEPT = 8
_BIDI_MARKS = dict.fromkeys(map(ord, "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))


def line_strip(page: Pixels, quad: npt.NDArray[np.float32]) -> Pixels:
    """Cut a line out of a page as `TesseractReader` takes it.

    Args:
        page: (H, W, 3) uint8 RGB. Read only.
        quad: (4, 2) float32, page pixels, clockwise from the text's top left.

    Returns:
        (48, columns) uint8, gray.
    """
    down = (quad[[3, 2]] - quad[[0, 1]]) * _GROWN
    gray = cv2.cvtColor(
        straightened(page, np.concatenate([quad[:2] - down, quad[2:] + down[::-1]])), cv2.COLOR_RGB2GRAY
    )
    columns = max(1, round(gray.shape[1] * _ROWS / gray.shape[0]))
    shrinks = gray.shape[0] > _ROWS
    resized = cv2.resize(gray, (columns, _ROWS), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    return np.asarray(resized, dtype=np.uint8)


class TesseractReader:
    """Tesseract's engines, each with trained data of its own. Several threads may share it.

    Args:
        data: The trained data that there is.
    """

    def __init__(self, data: TrainedData) -> None:
        self._data = data
        self._idle: OrderedDict[int, tuple[str, PyTessBaseAPI]] = OrderedDict()  # least recently used first
        self._lock = threading.Lock()

    def read(self, names: str, strip: Pixels) -> LineText:
        """Read one line.

        Args:
            names: Names of trained data, joined by `+`.
            strip: (48, columns) uint8, gray, from `line_strip`.

        Returns:
            The text, right-to-left scripts in logical order. The place of each character is in `extents`.

        Raises:
            ConfigurationError: The trained data can't be opened.
            ModelOutputError: Tesseract failed on this line.
        """
        engine = self._taken(names)
        try:
            rows, columns = strip.shape
            engine.SetImageBytes(strip.tobytes(), columns, rows, 1, columns)
            if not engine.Recognize():
                raise ModelOutputError(f"Tesseract failed on a line of {columns} columns with {names}")
            text = replace(_text(engine, columns), trained_data=names)
            engine.Clear()
        finally:
            self._give_back(names, engine)
        return text

    def _taken(self, names: str) -> "PyTessBaseAPI":
        from tesserocr import OEM, PSM, PyTessBaseAPI

        with self._lock:
            for key in reversed(self._idle):
                if self._idle[key][0] == names:
                    return self._idle.pop(key)[1]
        try:
            with self._data.linked(names) as folder:
                return PyTessBaseAPI(path=folder, lang=names, psm=PSM.RAW_LINE, oem=OEM.LSTM_ONLY)
        except RuntimeError as exc:
            raise ConfigurationError(
                f"Tesseract can't open its trained data {names}: {exc}; it may be damaged, or made for another "
                "version: install it again"
            ) from exc

    def _give_back(self, names: str, engine: "PyTessBaseAPI") -> None:
        with self._lock:
            self._idle[id(engine)] = names, engine
            dropped = self._idle.popitem(last=False)[1][1] if len(self._idle) > _MOST_KEPT else None
        if dropped is not None:
            dropped.End()


@dataclass(frozen=True, slots=True)
class _Symbol:
    """One character of a word, with its beginning and end in columns."""

    text: str
    begin: int
    end: int
    probability: float


def _text(engine: "PyTessBaseAPI", columns: int) -> LineText:
    """The text of the line that an engine has read last, with the place of each character."""
    words = _words(engine)
    if not words:
        return LineText("", 0.0)
    symbols = list(words[0])
    for word in words[1:]:
        edge = symbols[-1].end
        symbols += [_Symbol(" ", edge, edge, word[0].probability), *word]
    characters = [symbol for word in words for symbol in word]
    return LineText(
        "".join(symbol.text for symbol in symbols),
        sum(symbol.probability for symbol in characters) / len(characters),
        tuple(symbol.text for symbol in symbols),
        tuple((symbol.begin + symbol.end) / (2 * columns) for symbol in symbols),
        tuple(symbol.probability for symbol in symbols),
        extents=tuple((symbol.begin / columns, symbol.end / columns) for symbol in symbols),
    )


def _words(engine: "PyTessBaseAPI") -> list[list[_Symbol]]:
    """The words of the line in logical order, without marks at its ends that Tesseract itself does not believe."""
    from tesserocr import RIL, iterate_level

    words: list[list[_Symbol]] = []
    sure: list[float] = []
    for symbol in iterate_level(engine.GetIterator(), RIL.SYMBOL):
        if symbol.Empty(RIL.SYMBOL) or not (shown := symbol.GetUTF8Text(RIL.SYMBOL).translate(_BIDI_MARKS).strip()):
            continue
        around = symbol.BoundingBox(RIL.WORD)
        begin, _, end, _ = symbol.BoundingBox(RIL.SYMBOL) or around
        if symbol.IsAtBeginningOf(RIL.WORD) or not words:
            words.append([])
            sure.append(symbol.Confidence(RIL.WORD))
        probability = math.exp((symbol.Confidence(RIL.SYMBOL) - 100) / _CONFIDENCE_SCALE)
        words[-1].append(_Symbol(shown, max(begin, around[0]), min(end, around[2]), probability))
    for end in (0, -1):
        is_mark = bool(words) and not any(symbol.text.isalnum() for symbol in words[end])
        if is_mark and sure[end] < _LEAST_SURE_MARK and len(words) > 1:
            del words[end], sure[end]
    return words
