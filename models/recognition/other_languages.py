"""Sends lines in scripts that a bundle's own net does not know to Tesseract's nets."""

import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from models.languages import AUTO, ScriptNet, TrainedData, script_input, script_of, script_of_language
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
# Above this probability that a page is upside down, so many of its lines are read both ways.
_MAYBE_UPSIDE_DOWN, _COMPARED = 0.3, 3
# The scripts that are tried for a line, each at least so probable, given what is on its page. A script that is not
# among the longest lines may be on others.
_MOST_SCRIPTS, _LEAST_PROBABLE, _LEAST_PRIOR = 2, 0.1, 0.05
# Where so much of a line has no character, anything that Tesseract reads is better. What the bundle's net is so sure of
# stays on a page in its own scripts.
_MUCH_UNREAD, _LIKELY_RIGHT = 0.2, 0.85


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


@dataclass(frozen=True, slots=True)
class PageScripts:
    """What a page's longest lines tell about it.

    Args:
        probabilities: (len(SCRIPTS),) float32, the mean probability of each script.
        is_other: Whether most of them are in scripts that the bundle's own net does not read.
    """

    probabilities: npt.NDArray[np.float32]
    is_other: bool


def turned_quads(page: Pixels, quads: Quads, routes: Routes) -> Steps[tuple[Quads, PageScripts]]:
    """Turn a page upright whose lines are upside down, since the bundle's classifier knows its own scripts only.

    Args:
        page: (H, W, 3) uint8 RGB, the page as stored. Read only.
        quads: The page's quads.
        routes: The readers for the page.

    Returns:
        The quads, turned by 180 degrees if need be, and the page's scripts.
    """
    longest = _longest(quads.points)
    if not len(longest):
        return quads, PageScripts(np.zeros(len(SCRIPTS), np.float32), is_other=False)
    inputs = [script_input(line_strip(page, quads.points[index])) for index in longest]
    told: Sequence[LineScript] = yield NetInputs(SCRIPT_NET, inputs)
    others = [line for line in told if SCRIPTS[line.probabilities.argmax()] in routes.by_script]
    is_other = routes.rest is not None or 2 * len(others) >= len(told)
    scripts = PageScripts(np.mean([line.probabilities for line in told], axis=0), is_other)
    if not is_other:
        return quads, scripts
    turned = replace(quads, points=np.roll(quads.points, 2, axis=1), rotation=(quads.rotation + 180) % 360)
    # A page that was turned already may be so by mistake: the bundle's classifier knows its own scripts alone.
    if quads.rotation or np.mean([line.upside_down for line in others or told]) > _MAYBE_UPSIDE_DOWN:
        found = [SCRIPTS[line.probabilities.argmax()] for line in others]
        names = routes.rest or routes.by_script[max(found, key=found.count)]
        as_found, upright = yield from _confidences(page, quads, turned, longest[:_COMPARED], names)
        if upright > as_found:
            return turned, scripts
    return quads, scripts


def _confidences(
    page: Pixels, one: Quads, other: Quads, indices: npt.NDArray[np.intp], names: str
) -> Steps[tuple[float, float]]:
    """How surely Tesseract reads some lines one way up, and the other."""
    strips = [line_strip(page, quads.points[index]) for quads in (one, other) for index in indices]
    read: Sequence[LineText] = yield NetInputs(TESSERACT + names, strips)
    sums = [
        sum(text.confidence * len(text.text) for text in part) / sum(1 + len(text.text) for text in part)
        for part in (read[: len(indices)], read[len(indices) :])
    ]
    return sums[0], sums[1]


def read_other_lines(
    page: Pixels,
    points: Quad,
    crops: Sequence[LineCrop],
    texts: Sequence[LineText],
    routes: Routes,
    page_scripts: PageScripts,
) -> Steps[tuple[list[LineCrop], list[LineText], frozenset[str]]]:
    """Read again what is in another script.

    Args:
        page: (H, W, 3) uint8 RGB, the page as stored. Read only.
        points: (K, 4, 2) float32, the lines' quads.
        crops: K crops, in the same order.
        texts: K texts, as the bundle's own net has read them.
        routes: The readers for the page.
        page_scripts: What the page's longest lines have told. If most are in other scripts, no reading of the bundle's
            net is trusted.

    Returns:
        K crops and texts, and the scripts among the lines that nothing reads.
    """
    crops, texts = list(crops), list(texts)
    are_doubtful = [_is_doubtful(text) for text in texts]
    # Old print in Latin script looks like others, but the bundle's net reads it.
    is_other = page_scripts.is_other and 2 * sum(are_doubtful) >= len(texts)
    doubtful = [index for index, is_doubtful in enumerate(are_doubtful) if is_other or is_doubtful]
    strips = {index: line_strip(page, points[index]) for index in doubtful}
    told: Sequence[LineScript] = yield NetInputs(SCRIPT_NET, [script_input(strips[index]) for index in doubtful])
    likely = _likely_scripts(told, page_scripts)
    unread = {found[0] for found in likely if found and found[0] in routes.unread}
    waiting = {
        index: [one for one in found if one in routes.by_script] for index, found in zip(doubtful, likely, strict=True)
    }
    for choice in range(_MOST_SCRIPTS):
        by_script: dict[str, list[int]] = {}
        for index, scripts in waiting.items():
            if choice < len(scripts):
                by_script.setdefault(scripts[choice], []).append(index)
        for script, indices in by_script.items():
            inputs = [strips[index] for index in indices]
            read: Sequence[LineText] = yield NetInputs(TESSERACT + routes.by_script[script], inputs)
            for index, text in zip(indices, read, strict=True):
                if _is_better(text, texts[index], script, is_other=is_other and choice == 0):
                    crops[index], texts[index] = _whole_line(), text
                    del waiting[index]
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


def _likely_scripts(told: Sequence[LineScript], page_scripts: PageScripts) -> list[list[str]]:
    """The scripts that each line may be in, given what its page's longest lines are in, the likeliest first."""
    if not told:
        return []
    likely = np.stack([line.probabilities for line in told]) * (page_scripts.probabilities + _LEAST_PRIOR)
    likely /= likely.sum(axis=1, keepdims=True)
    order = np.argsort(-likely, axis=1, kind="stable")[:, :_MOST_SCRIPTS]
    return [
        [SCRIPTS[index] for index in best if odds[index] >= _LEAST_PROBABLE]
        for best, odds in zip(order.tolist(), likely, strict=True)
    ]


def _is_better(text: LineText, own: LineText, script: str, *, is_other: bool) -> bool:
    """Whether Tesseract has read a line better than the bundle's own net.

    A line of digits alone is in no script: the net reads it better. Of a line in another script than was thought,
    Tesseract makes letters of yet another, or is not sure.
    """
    scripts = [found for letter in text.text if (found := script_of(letter)) is not None]
    if 2 * scripts.count(script) <= len(scripts):
        return False
    is_unread = own.unread > _MUCH_UNREAD * (own.unread + len(own.text))
    return is_other or is_unread or own.confidence < min(text.confidence, _LIKELY_RIGHT)


def _longest(points: Quad) -> npt.NDArray[np.intp]:
    length = np.linalg.norm(points[:, 1] - points[:, 0], axis=1)
    return np.argsort(-length, kind="stable")[:_SAMPLES]


def _letters(text: str) -> bool:
    return any(map(str.isalpha, text))


def _whole_line() -> LineCrop:
    """What stands for the crop of a line that Tesseract has read: it shows the whole quad."""
    return LineCrop(np.zeros((1, 1, 3), np.uint8), 1, is_squeezed=False)
