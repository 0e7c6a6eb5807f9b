"""Sends lines in scripts that a bundle's own net does not know to Tesseract's nets."""

import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from models.languages import AUTO, ScriptNet, TrainedData, script_input, script_of_language
from models.languages.scripts import SCRIPTS, LineScript
from models.languages.trained_data import trained_data
from models.manifests import BundleManifest
from models.page import PageWarning, Quads
from models.recognition.crops import LineCrop
from models.recognition.ctc import LineText
from models.recognition.tesseract import TesseractReader, line_strip
from models.steps import NetInputs, Steps

__all__ = [
    "OtherLanguages",
    "Routes",
    "other_languages",
    "read_all_lines",
    "read_other_lines",
    "runs_to_the_left",
    "turned_quads",
    "unread_scripts",
]

Pixels = npt.NDArray[np.uint8]
Quad = npt.NDArray[np.float32]

SCRIPT_NET, TESSERACT = "script", "tesseract:"

# The longest lines of a page tell which way up it is, and whether it is in another script.
_SAMPLES = 8
# The bundle's net reads other scripts with less confidence, or leaves more of the line's ink unread. Of 40 receipts,
# 6 % of the lines are below, of pages in other scripts all but some short ones.
_SURE, _MOST_UNREAD = 0.93, 0.05
# A line's script must be at least so probable, given what the other lines of its page are; and so sure is a page's.
_LEAST_PROBABLE = 0.5
_LEAST_PRIOR = 0.05


@dataclass(frozen=True, slots=True)
class Routes:
    """Which reader reads which lines of a page.

    Args:
        by_script: Names of Tesseract's trained data, by the script of the lines.
        rest: The names for lines in any other script; None if the bundle's own net reads those.
        unread: Scripts that nothing reads, so that a warning tells of them.
    """

    by_script: Mapping[str, str]
    rest: str | None = None
    unread: Collection[str] = ()

    @property
    def only(self) -> str | None:
        """The names that every line is read with; None if its script decides."""
        return self.rest if set(self.by_script.values()) <= {self.rest} else None


class OtherLanguages:
    """Tells the script of lines, and reads those that the bundle's own net can't. Several threads may share it.

    Args:
        own: Tags of the languages that the bundle's net reads.
        data: Tesseract's trained data.
    """

    def __init__(self, own: Collection[str], data: TrainedData) -> None:
        self._own = frozenset(own)
        self._data = data
        self._tesseract = TesseractReader(data)
        self._scripts: ScriptNet | None = None

    def routes(self, languages: Sequence[str]) -> Routes | None:
        """Choose the readers for a page.

        Args:
            languages: Tags of the languages that its text is in, or `auto`.

        Returns:
            The readers; None if the bundle's own net reads everything.

        Raises:
            ConfigurationError: There is no trained data for one of the languages.
        """
        own_scripts = {script_of_language(tag) for tag in self._own}
        if tuple(languages) == (AUTO,):
            found = {script: self._data.of_script(script) for script in SCRIPTS if script not in own_scripts}
            return Routes(
                {script: name for script, name in found.items() if name is not None},
                unread={script for script, name in found.items() if name is None},
            )
        others = [tag for tag in languages if tag not in self._own]
        if not others:
            return None
        by_script: dict[str, list[str]] = {}
        for tag in others:
            by_script.setdefault(script_of_language(tag), []).append(tag)
        names = {script: self._data.of_languages(tags) for script, tags in by_script.items()}
        is_shared = len(others) < len(languages)
        return Routes(names, None if is_shared else next(iter(names.values())))

    def run_net(self, name: str) -> Callable[[Pixels], Sequence[Any]]:
        """The function that answers the steps' inputs for a net: `script`, or `tesseract:` with names of trained data.

        It takes (N, rows, columns) uint8 and returns N `LineScript` or `LineText`.
        """
        if name == SCRIPT_NET:
            if self._scripts is None:
                self._scripts = ScriptNet()
            return self._scripts.infer
        names = name.removeprefix(TESSERACT)
        return lambda strips: [self._tesseract.read(names, strip) for strip in strips]


def other_languages(bundle: BundleManifest) -> OtherLanguages | None:
    """The reader of a bundle's other languages; None if the bundle has none.

    Raises:
        ConfigurationError: Trained data that the manifest names is missing or not the manifest's.
    """
    data = trained_data(bundle)
    return None if data is None else OtherLanguages(bundle.languages, data)


def turned_quads(page: Pixels, quads: Quads, routes: Routes) -> Steps[tuple[Quads, bool]]:
    """Turn a page upright whose lines are upside down, since the bundle's classifier knows its own scripts only.

    Args:
        page: (H, W, 3) uint8 RGB, the page as stored. Read only.
        quads: The page's quads.
        routes: The readers for the page.

    Returns:
        The quads, turned by 180 degrees if need be, and whether most of the page is in other scripts.
    """
    longest = _longest(quads.points)
    if not len(longest):
        return quads, False
    inputs = [script_input(line_strip(page, quads.points[index])) for index in longest]
    told: Sequence[LineScript] = yield NetInputs(SCRIPT_NET, inputs)
    others = [line for line in told if SCRIPTS[line.probabilities.argmax()] in routes.by_script]
    if 2 * len(others) < len(told) and routes.rest is None:
        return quads, False
    if np.mean([line.upside_down for line in others or told]) > 0.5:
        quads = replace(quads, points=np.roll(quads.points, 2, axis=1), rotation=(quads.rotation + 180) % 360)
    return quads, True


def read_other_lines(
    page: Pixels, points: Quad, crops: Sequence[LineCrop], texts: Sequence[LineText], routes: Routes, *, is_other: bool
) -> Steps[tuple[list[LineCrop], list[LineText], frozenset[str]]]:
    """Read again what is in another script.

    Args:
        page: (H, W, 3) uint8 RGB, the page as stored. Read only.
        points: (K, 4, 2) float32, the lines' quads.
        crops: K crops, in the same order.
        texts: K texts, as the bundle's own net has read them.
        routes: The readers for the page.
        is_other: Whether most of the page is in other scripts, so that no reading of the net is trusted.

    Returns:
        K crops and texts, and the scripts among the lines that nothing reads.
    """
    crops, texts = list(crops), list(texts)
    doubtful = [index for index, text in enumerate(texts) if is_other or _is_doubtful(text)]
    strips = {index: line_strip(page, points[index]) for index in doubtful}
    told: Sequence[LineScript] = yield NetInputs(SCRIPT_NET, [script_input(strips[index]) for index in doubtful])
    by_names: dict[str, list[int]] = {}
    unread: set[str] = set()
    for index, script in zip(doubtful, _likely_scripts(told, strips), strict=True):
        names = routes.by_script.get(script) if script is not None else None
        if script is not None and script in routes.unread:
            unread.add(script)
        if names is None and texts[index].text and _letters(texts[index].text):
            names = routes.rest
        if names is not None:
            by_names.setdefault(names, []).append(index)
    for names, indices in by_names.items():
        read: Sequence[LineText] = yield NetInputs(TESSERACT + names, [strips[index] for index in indices])
        for index, text in zip(indices, read, strict=True):
            # A line of digits alone is in no script, and the bundle's net reads it better.
            if _letters(text.text):
                crops[index], texts[index] = _whole_line(), text
    return crops, texts, frozenset(unread)


def read_all_lines(page: Pixels, points: Quad, names: str) -> Steps[tuple[list[LineCrop], list[LineText]]]:
    """Read every line with the same trained data. Arguments and results are those of `read_other_lines`."""
    strips = [line_strip(page, quad) for quad in points]
    read: Sequence[LineText] = yield NetInputs(TESSERACT + names, strips)
    return [_whole_line() for _ in read], list(read)


def unread_scripts(scripts: Collection[str], page: int) -> PageWarning:
    """Warn of lines in scripts that nothing reads."""
    message = (
        f"some lines seem to be in a script that nothing here reads ({', '.join(sorted(scripts))}): install "
        "Tesseract's trained data for it"
    )
    return PageWarning("unknown_characters", message, page)


def runs_to_the_left(texts: Sequence[LineText]) -> bool:
    """Whether most letters of a page are of scripts that run from right to left."""
    ways = [unicodedata.bidirectional(letter) for text in texts for letter in text.text if letter.isalpha()]
    return sum(way in {"R", "AL"} for way in ways) > len(ways) / 2


def _is_doubtful(text: LineText) -> bool:
    is_unsure = bool(text.text) and text.confidence < _SURE
    return is_unsure or text.unread > _MOST_UNREAD * (text.unread + len(text.text))


def _likely_scripts(told: Sequence[LineScript], strips: Mapping[int, Pixels]) -> list[str | None]:
    """The script of each line, given what the others of its page are; None if none is probable."""
    if not told:
        return []
    found = np.stack([line.probabilities for line in told])
    columns = np.array([strip.shape[1] for strip in strips.values()], np.float64)
    prior = np.average(found, axis=0, weights=columns) + _LEAST_PRIOR
    likely = found * prior
    likely /= likely.sum(axis=1, keepdims=True)
    best = likely.argmax(axis=1)
    sure = likely.max(axis=1) >= _LEAST_PROBABLE
    return [SCRIPTS[index] if enough else None for index, enough in zip(best.tolist(), sure.tolist(), strict=True)]


def _longest(points: Quad) -> npt.NDArray[np.intp]:
    length = np.linalg.norm(points[:, 1] - points[:, 0], axis=1)
    return np.argsort(-length, kind="stable")[:_SAMPLES]


def _letters(text: str) -> bool:
    return any(map(str.isalpha, text))


def _whole_line() -> LineCrop:
    """What stands for the crop of a line that Tesseract has read: it shows the whole quad."""
    return LineCrop(np.zeros((1, 1, 3), np.uint8), 1, is_squeezed=False)
