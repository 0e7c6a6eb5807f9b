"""Sends lines in scripts that a bundle's own net does not know to Tesseract's nets."""

import unicodedata
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from models.languages import AUTO, SCRIPTS, TrainedData, script_of, script_of_language
from models.languages.script_net import LineScript, ScriptNet, script_input
from models.languages.trained_data import trained_data
from models.manifests import BundleManifest
from models.page import PageWarning, Quads
from models.recognition.crops import LineCrop
from models.recognition.ctc import LineText
from models.recognition.tesseract import TesseractReader, line_strip
from models.steps import NetInputs, Steps

__all__ = [
    "OtherLanguages",
    "OtherLines",
    "Routes",
    "other_languages",
    "read_all_lines",
    "read_other_lines",
    "runs_to_the_left",
    "unread_scripts",
]

Pixels = npt.NDArray[np.uint8]
Quad = npt.NDArray[np.float32]

SCRIPT_NET, TESSERACT = "script", "tesseract:"

# The longest lines of a page, up to half of them, tell which way up it is, and whether it is in another script: if one
# is so probable, or half so where most lines are much unread.
_SAMPLES, _LEAST_OF_PAGE = 8, 0.4
# The bundle's net reads other scripts with less confidence, or leaves more of the line's ink unread. A page is looked
# at if half of its lines are so.
_SURE, _MOST_UNREAD = 0.93, 0.05
# Above this probability that a page is upside down, so many of its lines are read both ways.
_MAYBE_UPSIDE_DOWN, _COMPARED = 0.3, 3
# On a page in another script: the scripts that are tried for a line, each at least so probable, given what is on its
# page. A script that is not among the longest lines may be on others.
_MOST_SCRIPTS, _LEAST_PROBABLE, _LEAST_PRIOR = 2, 0.1, 0.05
# A single letter may be a Latin one of the same shape.
_FEWEST_OF_PAGE = 2
# On a page in the bundle's scripts, a line in another is rare, and what is blurred or a drawing looks like anything. So
# it has so many heights of length, is so surely in that script, is read with so many letters, and more surely so; and
# the bundle's net has read it less surely than this, or left so much of it unread.
_LEAST_LENGTH, _CERTAIN, _FEWEST_LETTERS, _CERTAINLY_READ = 3.0, 0.9, 4, 0.9
_LIKELY_RIGHT, _MUCH_UNREAD = 0.85, 0.2


@dataclass(frozen=True, slots=True)
class Routes:
    """Which reader reads which lines of a page.

    Args:
        by_script: Names of Tesseract's trained data, by the script of the lines.
        only: The names that every line is read with; None if its script decides.
        shared: The scripts of these that the bundle's own net reads too, but not in the language that is asked for: no
            doubt of the net tells those lines.
        unread: Scripts that nothing reads, so that a warning tells of them.
    """

    by_script: Mapping[str, str]
    only: str | None = None
    shared: Collection[str] = ()
    unread: Collection[str] = ()


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
            ConfigurationError: No trained data is installed for one of the languages.
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
        is_alone = len(names) == 1 and len(others) == len(languages)
        return Routes(names, next(iter(names.values())) if is_alone else None, own_scripts & set(names))

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
class OtherLines:
    """The lines of a page after those in other scripts were read.

    Args:
        quads: The page's K quads, turned by 180 degrees if the page was upside down.
        crops: K crops, in the same order.
        texts: K texts, in the same order.
        unread: Scripts of lines that nothing reads.
    """

    quads: Quads
    crops: list[LineCrop]
    texts: list[LineText]
    unread: Collection[str] = ()


def read_all_lines(page: Pixels, quads: Quads, names: str) -> Steps[OtherLines]:
    """Read every line of a page with the same trained data.

    Args:
        page: (H, W, 3) uint8 RGB, the page as stored. Read only.
        quads: The page's quads. A page that is upside down is turned, since the bundle's own classifier of such lines
            knows its own scripts only.
        names: Names of trained data, joined by `+`.
    """
    if len(quads):
        told = yield from _scripts_of(_strips(page, quads, _longest(quads)))
        quads = yield from _turned(page, quads, told, names)
    strips = _strips(page, quads, range(len(quads)))
    read: Sequence[LineText] = yield NetInputs(TESSERACT + names, strips)
    return OtherLines(quads, [_whole_line() for _ in read], list(read))


def read_other_lines(page: Pixels, found: Quads, lines: OtherLines, routes: Routes) -> Steps[OtherLines]:
    """Read again what is in another script.

    Args:
        page: (H, W, 3) uint8 RGB, the page as stored. Read only.
        found: The page's quads as they were found.
        lines: The lines as the bundle's own net has read and turned them. Its lists are changed.
        routes: The readers for the page.
    """
    texts = lines.texts
    doubtful = [index for index, text in enumerate(texts) if _is_doubtful(text)]
    if texts and (routes.shared or 2 * len(doubtful) >= len(texts)):
        told = yield from _scripts_of(_strips(page, found, _longest(found)))
        average = np.mean([line.probabilities for line in told], axis=0)
        much_unread = sum(map(_is_much_unread, texts))
        least = _LEAST_OF_PAGE / 2 if 2 * much_unread >= len(texts) else _LEAST_OF_PAGE
        others = {
            script: odds
            for script, odds in zip(SCRIPTS, average.tolist(), strict=True)
            if odds >= least and (script in routes.by_script or script in routes.unread)
        }
        best = max(others, key=lambda script: others[script]) if others else None
        if best is not None and best in routes.by_script:
            turned = yield from _turned(page, found, told, routes.by_script[best])
            return (yield from _read_page(page, replace(lines, quads=turned), average, routes))
        if best is not None:
            return replace(lines, unread={best})
    return (yield from _read_lines(page, lines, doubtful, routes))


def _read_page(page: Pixels, lines: OtherLines, average: npt.NDArray[np.float32], routes: Routes) -> Steps[OtherLines]:
    """Read a page that is mostly in another script, each line in its own."""
    strips = dict(enumerate(_strips(page, lines.quads, range(len(lines.quads)))))
    told = yield from _scripts_of(list(strips.values()))
    likely = np.stack([line.probabilities for line in told]) * (average + _LEAST_PRIOR)
    likely /= likely.sum(axis=1, keepdims=True)
    order = np.argsort(-likely, axis=1, kind="stable")[:, :_MOST_SCRIPTS].tolist()

    def is_better(text: LineText, own: LineText, script: str) -> bool:
        is_surer = script in routes.shared or text.confidence > own.confidence or _is_much_unread(own)
        return is_surer and _letters_of(script, text) >= _FEWEST_OF_PAGE

    waiting = set(strips)
    for choice in range(_MOST_SCRIPTS):
        by_script: dict[str, list[int]] = {}
        for index in sorted(waiting):
            script = order[index][choice]
            if likely[index, script] >= _LEAST_PROBABLE and SCRIPTS[script] in routes.by_script:
                by_script.setdefault(SCRIPTS[script], []).append(index)
        waiting -= yield from _read_in(by_script, strips, lines, routes, is_better)
    return lines


def _read_lines(page: Pixels, lines: OtherLines, doubtful: Sequence[int], routes: Routes) -> Steps[OtherLines]:
    """Read the few lines in another script of a page that is in the bundle's own."""
    strips = {
        index: strip
        for index in doubtful
        if lines.texts[index].confidence < _LIKELY_RIGHT or _is_much_unread(lines.texts[index])
        if (strip := line_strip(page, lines.quads.points[index])).shape[1] >= _LEAST_LENGTH * strip.shape[0]
    }
    told = yield from _scripts_of(list(strips.values()))
    unread: set[str] = set()
    by_script: dict[str, list[int]] = {}
    for index, line in zip(strips, told, strict=True):
        script = SCRIPTS[line.probabilities.argmax()]
        if line.probabilities.max() < _CERTAIN:
            continue
        if script in routes.by_script:
            by_script.setdefault(script, []).append(index)
        elif script in routes.unread and _is_much_unread(lines.texts[index]):
            unread.add(script)

    def is_certain(text: LineText, _own: LineText, script: str) -> bool:
        return _letters_of(script, text) >= _FEWEST_LETTERS and text.confidence >= _CERTAINLY_READ

    yield from _read_in(by_script, strips, lines, routes, is_certain)
    return replace(lines, unread=unread)


def _read_in(
    by_script: Mapping[str, Sequence[int]],
    strips: Mapping[int, Pixels],
    lines: OtherLines,
    routes: Routes,
    is_taken: Callable[[LineText, LineText, str], bool],
) -> Steps[set[int]]:
    """Read lines in the scripts that they are thought to be in, and take those readings that are good.

    Args:
        by_script: Indices of lines, by their script.
        strips: Each line's strip, by its index.
        lines: The lines as they were read before, which the readings replace.
        routes: The readers for the page.
        is_taken: Tells by a reading, the one before and the script whether it is taken.

    Returns:
        The indices of the lines that were replaced.
    """
    taken: set[int] = set()
    for script, indices in by_script.items():
        inputs = [strips[index] for index in indices]
        read: Sequence[LineText] = yield NetInputs(TESSERACT + routes.by_script[script], inputs)
        for index, text in zip(indices, read, strict=True):
            if is_taken(text, lines.texts[index], script):
                lines.crops[index], lines.texts[index] = _whole_line(), text
                taken.add(index)
    return taken


def _strips(page: Pixels, quads: Quads, indices: Iterable[int]) -> list[Pixels]:
    return [line_strip(page, quads.points[index]) for index in indices]


def _scripts_of(strips: Sequence[Pixels]) -> Steps[Sequence[LineScript]]:
    told: Sequence[LineScript] = yield NetInputs(SCRIPT_NET, [script_input(strip) for strip in strips])
    return told


def _turned(page: Pixels, quads: Quads, told: Sequence[LineScript], names: str) -> Steps[Quads]:
    """Turn a page by 180 degrees if it is upside down: if Tesseract reads its longest lines more surely so."""
    # A page that was turned already may be so by mistake: the bundle's classifier knows its own scripts alone.
    if not quads.rotation and np.mean([line.upside_down for line in told]) <= _MAYBE_UPSIDE_DOWN:
        return quads
    turned = replace(quads, points=np.roll(quads.points, 2, axis=1), rotation=(quads.rotation + 180) % 360)
    longest = _longest(quads)[:_COMPARED]
    strips = [*_strips(page, quads, longest), *_strips(page, turned, longest)]
    read: Sequence[LineText] = yield NetInputs(TESSERACT + names, strips)
    sums = [
        sum(text.confidence * len(text.text) for text in part) / sum(1 + len(text.text) for text in part)
        for part in (read[: len(longest)], read[len(longest) :])
    ]
    return turned if sums[1] > sums[0] else quads


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


def _is_much_unread(text: LineText) -> bool:
    return text.unread > _MUCH_UNREAD * (text.unread + len(text.text))


def _letters_of(script: str, text: LineText) -> int:
    """The letters of a script in a text; 0 if most are of others, as in a line whose script is another.

    A line of digits alone is in no script either: the bundle's net reads it better.
    """
    found = [known for letter in text.text if (known := script_of(letter)) is not None]
    own = found.count(script)
    return own if 2 * own > len(found) else 0


def _longest(quads: Quads) -> list[int]:
    length = np.linalg.norm(quads.points[:, 1] - quads.points[:, 0], axis=1)
    return [int(index) for index in np.argsort(-length, kind="stable")[: min(_SAMPLES, (len(quads) + 1) // 2)]]


def _whole_line() -> LineCrop:
    """What stands for the crop of a line that Tesseract has read: it shows the whole quad."""
    return LineCrop(np.zeros((1, 1, 3), np.uint8), 1, is_squeezed=False)
