"""Decodes CTC greedily (Graves et al. 2006, section 3.2): it collapses repeats and drops blanks."""

from dataclasses import dataclass
from itertools import groupby, pairwise
from statistics import fmean

import numpy as np
import numpy.typing as npt

from models.errors import ConfigurationError, ModelOutputError
from models.manifests import verified_path
from models.manifests.manifest import Charset

__all__ = ["CtcDecoder", "LineText", "load_characters"]


@dataclass(frozen=True, slots=True)
class LineText:
    """The text of one crop.

    Args:
        text: The text without surrounding white space; may be empty.
        confidence: Mean probability of its characters, in [0, 1]; 0 for no text.
        characters: The classes' texts that make up `text`, including the white space around it.
        positions: Position of each character, ascending: the middle of its time steps, as a share of the crop's width
            with its padding.
        probabilities: Probability of each character at its first time step.
        spaces: The highest probability of a space at the steps between each character and the next; 0 for the last.
        unread: About how many letters of the line have no character.
        symbols: Places of ink of a character's size that stands apart and has no character, as `positions` are.
        extents: Beginning and end of each character on the page from left to right, as shares of the crop's width, if
            the reader tells them; else empty. In right-to-left scripts, `positions` then descend.
        trained_data: Names of Tesseract's trained data that read it; None if the bundle's own net did.
    """

    text: str
    confidence: float
    characters: tuple[str, ...] = ()
    positions: tuple[float, ...] = ()
    probabilities: tuple[float, ...] = ()
    spaces: tuple[float, ...] = ()
    unread: int = 0
    symbols: tuple[float, ...] = ()
    extents: tuple[tuple[float, float], ...] = ()
    trained_data: str | None = None


# The net reports a character a little to the right of its middle. Boxes fit best with 0.25 steps on drawn pages, whose
# words' places are known, and with 0.5 on funsd, whose words are labeled.
_LAG_STEPS = 0.35

_NO_TEXT = LineText("", 0.0)


class CtcDecoder:
    """Turns the best class of each time step into text.

    Args:
        characters: Text of each class; that of the blank, and of classes without a text, is the empty string.
        blank: Class of the blank.
    """

    def __init__(self, characters: list[str], blank: int) -> None:
        self._characters = characters
        self._has_silent = "" in (text for index, text in enumerate(characters) if index != blank)
        self._blank = blank

    def __call__(
        self,
        classes: npt.NDArray[np.int32],
        probabilities: npt.NDArray[np.float32],
        of_space: npt.NDArray[np.float32],
    ) -> LineText:
        """Decode one line.

        Args:
            classes: (T,) int32, best class of each step.
            probabilities: (T,) float32, probability of that class.
            of_space: (T,) float32, probability of a space.

        Raises:
            ModelOutputError: A class has no character, a probability is not a number, or an array is not 1-D: model
                file and manifest disagree.
        """
        if classes.ndim != 1 or not np.isfinite(probabilities).all():
            raise ModelOutputError(
                f"the recognizer returned classes of shape {classes.shape} for a line"
                f"{' with NaN probabilities' if classes.ndim == 1 else ''}: model file and manifest disagree"
            )
        # A run of one class is one character, and a run of the blank is none. A line has some 30 steps, for which lists
        # take half the time of arrays.
        runs: list[tuple[int, int, int]] = []  # class, first step, and the step behind the last one
        start = 0
        for chosen, run in groupby(classes.tolist()):
            end = start + sum(1 for _ in run)
            if chosen != self._blank:
                runs.append((chosen, start, end))
            start = end
        if runs and max(runs)[0] >= len(self._characters):
            raise ModelOutputError(
                f"the recognizer returned class {max(runs)[0]}, but its charset has {len(self._characters)} classes: "
                "model file and manifest disagree"
            )
        if self._has_silent:
            runs = [run for run in runs if self._characters[run[0]]]
        characters = [self._characters[chosen] for chosen, _, _ in runs]
        text = "".join(characters).strip()
        if not text:
            return _NO_TEXT
        steps, space = probabilities.tolist(), of_space.tolist()
        sure = [steps[start] for _, start, _ in runs]
        return LineText(
            text,
            fmean(sure),
            tuple(characters),
            tuple(((start + end) / 2 - _LAG_STEPS) / len(classes) for _, start, end in runs),
            tuple(sure),
            (*(max(space[start:after]) for (_, start, _), (_, after, _) in pairwise(runs)), 0.0),
        )


def load_characters(charset: Charset, metadata: dict[str, str]) -> tuple[list[str], int]:
    """The characters of each class, and the class of the blank.

    Args:
        charset: The manifest's entry.
        metadata: Metadata of the ONNX file.

    Raises:
        ConfigurationError: The characters are not where the manifest says, or the charset's file is not UTF-8 text.
    """
    if charset.file is not None:
        try:
            text = verified_path(charset.file).read_text(encoding="utf-8")
        except UnicodeDecodeError as exc:
            raise ConfigurationError(f"the charset {charset.file.source} is not UTF-8 text: {exc}") from exc
    elif charset.metadata_key is not None and charset.metadata_key in metadata:
        text = metadata[charset.metadata_key]
    else:
        raise ConfigurationError(
            f"the recognizer's ONNX file has no metadata {charset.metadata_key!r}: name the charset's file in the "
            "manifest instead"
        )
    # Not splitlines(): characters such as U+2028 are themselves members of charsets.
    characters = text.removesuffix("\n").split("\n")
    if charset.append_space:
        characters.append(" ")
    if charset.blank == "first":
        return ["", *characters], 0
    return [*characters, ""], len(characters)
