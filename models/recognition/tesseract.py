"""Reads lines with Tesseract's LSTM nets, for the scripts that a bundle's own net does not know.

Tesseract (https://github.com/tesseract-ocr/tesseract) gets one line at a time, cut out by the bundle's detector. Its
own search for lines is not used.
"""

import threading
from collections import OrderedDict
from dataclasses import replace
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


def _text(engine: "PyTessBaseAPI", columns: int) -> LineText:
    """The text of the line that an engine has read last, with the place of each character."""
    from tesserocr import RIL, iterate_level

    characters: list[str] = []
    extents: list[tuple[float, float]] = []
    probabilities: list[float] = []
    word = (0, 0, 0, 0)
    for symbol in iterate_level(engine.GetIterator(), RIL.SYMBOL):
        if symbol.Empty(RIL.SYMBOL):
            continue
        box = symbol.BoundingBox(RIL.SYMBOL) or word
        if symbol.IsAtBeginningOf(RIL.WORD):
            word = symbol.BoundingBox(RIL.WORD) or box
            sure = symbol.Confidence(RIL.WORD) / 100
            if characters:
                characters.append(" ")
                extents.append((extents[-1][1], extents[-1][1]))
                probabilities.append(sure)
        shown = symbol.GetUTF8Text(RIL.SYMBOL).translate(_BIDI_MARKS)
        if not shown:
            continue
        characters.append(shown)
        extents.append((max(box[0], word[0]) / columns, min(box[2], word[2]) / columns))
        probabilities.append(sure)
    text = "".join(characters).strip()
    if not text:
        return LineText("", 0.0)
    letters = [probability for probability, shown in zip(probabilities, characters, strict=True) if shown != " "]
    return LineText(
        text,
        sum(letters) / len(letters),
        tuple(characters),
        tuple((begin + end) / 2 for begin, end in extents),
        tuple(probabilities),
        extents=tuple(extents),
    )
