"""Greedy CTC decoding (Graves et al. 2006, section 3.2): collapse repeats, drop blanks."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.errors import ConfigurationError, ModelOutputError
from models.manifests import verified_path
from models.manifests.manifest import Charset

__all__ = ["CtcDecoder", "LineText", "load_characters"]


@dataclass(frozen=True, slots=True)
class LineText:
    """What was read on one crop.

    Args:
        text: Without surrounding white space; may be empty.
        confidence: Mean probability of its characters, in [0, 1]; 0 for no text.
        characters: The classes' texts that `text` was put together from, white space around it among them.
        positions: Where each was read: the middle of its time steps, as a share of the crop's width, padding and all.
            Ascending.
        probabilities: Of each, at its first time step.
    """

    text: str
    confidence: float
    characters: tuple[str, ...] = ()
    positions: tuple[float, ...] = ()
    probabilities: tuple[float, ...] = ()


# The net tells a character a little right of its middle: on drawn pages, whose words' places are known, boxes fit best
# with 0.25 steps, on funsd, whose words are labeled, with 0.5.
_LAG_STEPS = 0.35

_NO_TEXT = LineText("", 0.0)


class CtcDecoder:
    """Turns the best class of each time step into text.

    Args:
        characters: Text of each class; the blank's is the empty string.
        blank: The blank's class.
    """

    def __init__(self, characters: list[str], blank: int) -> None:
        self._characters = np.array(characters, dtype=object)
        self._blank = blank

    def __call__(self, classes: npt.NDArray[np.int32], probabilities: npt.NDArray[np.float32]) -> LineText:
        """Decode one line.

        Args:
            classes: (T,) int32, best class of each step.
            probabilities: (T,) float32, its probability.

        Raises:
            ModelOutputError: A class has no character, a probability is not a number, or there is not one row of
                each: model file and manifest disagree.
        """
        if classes.ndim != 1 or not np.isfinite(probabilities).all():
            raise ModelOutputError(
                f"the recognizer returned classes of shape {classes.shape} for a line"
                f"{' with NaN probabilities' if classes.ndim == 1 else ''}: model file and manifest disagree"
            )
        # A run of one class is one character; the blank's runs are none.
        starts = np.flatnonzero(np.concatenate([[True], classes[1:] != classes[:-1]])[: len(classes)])
        ends = np.append(starts[1:], len(classes))[: len(starts)]
        is_character = classes[starts] != self._blank
        starts, ends = starts[is_character], ends[is_character]
        chosen = classes[starts]
        if len(chosen) and chosen.max() >= len(self._characters):
            raise ModelOutputError(
                f"the recognizer returned class {chosen.max()}, but its charset has {len(self._characters)} classes: "
                "model file and manifest disagree"
            )
        characters = self._characters[chosen].tolist()
        text = "".join(characters).strip()
        if not text:
            return _NO_TEXT
        sure = probabilities[starts]
        return LineText(
            text,
            float(sure.mean(dtype=np.float64)),
            tuple(characters),
            tuple((((starts + ends) / 2 - _LAG_STEPS) / len(classes)).tolist()),
            tuple(sure.tolist()),
        )


def load_characters(charset: Charset, metadata: dict[str, str]) -> tuple[list[str], int]:
    """The characters of each class, and the class of the blank.

    Args:
        charset: From the manifest.
        metadata: Of the ONNX file.

    Raises:
        ConfigurationError: The characters are not where the manifest says.
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
