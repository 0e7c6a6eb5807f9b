"""The line recognizer, which reads the text of a page's quads."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from models.direction import LineDirection
from models.errors import ConfigurationError
from models.manifests import verified_path
from models.manifests.manifest import RecognitionManifest
from models.page import Line, Page, PageWarning, Quads
from models.reading_order import reading_order
from models.recognition.corrections.initials import with_initials
from models.recognition.corrections.lookalikes import with_own_script
from models.recognition.corrections.spaces import with_spaces
from models.recognition.corrections.unread import unread_letters, unread_symbols
from models.recognition.crops import LineCrop, crop_line, fit_line, in_chunks, line_groups
from models.recognition.ctc import CtcDecoder, LineText, load_characters
from models.recognition.long_lines import read_long_lines
from models.recognition.other_languages import (
    OtherLanguages,
    OtherLines,
    read_all_lines,
    read_other_lines,
    runs_to_the_left,
    unread_scripts,
)
from models.recognition.upside_down import turn_doubtful_lines
from models.recognition.vertical import read_vertical_lines
from models.recognition.widths import SCENE_LINES, LineWidths, width_table
from models.recognition.words import ReadLine, words_of_lines
from models.runtime import Runtime, load_net
from models.settings import NetSettings, RecognitionOptions
from models.steps import NetInputs, Steps, run_steps
from models.upright import upright_points

__all__ = ["LineText", "ReadLines", "TextRecognizer"]


@dataclass(frozen=True, slots=True)
class ReadLines:
    """The lines of a page.

    Args:
        lines: The lines, in reading order.
        warnings: What was left out, squeezed or not read.
        rotation: Degrees (0, 90, 180, 270) clockwise that turn the page upright.
    """

    lines: tuple[Line, ...]
    warnings: tuple[PageWarning, ...]
    rotation: int = 0


# Of pages in languages that the charset has, at most 0.7 % of the letters seem unread; of others, 4.8 % or more.
_FEWEST_UNREAD = 3
_LEAST_SHARE_UNREAD = 0.02


class TextRecognizer:
    """Reads text lines. Its steps are separate, so that a replica can run the net on lines of several pages at once.

    As many threads as the net has may share it.

    Args:
        net: The loaded net.
        manifest: The net's description.
        direction: Tells lines that are upside down. None reads every line as it stands.
        others: Reads languages that the net does not know. None reads every line with the net.

    Raises:
        ConfigurationError: The net and its charset differ in their number of classes.
    """

    def __init__(
        self,
        net: Runtime,
        manifest: RecognitionManifest,
        direction: LineDirection | None = None,
        others: OtherLanguages | None = None,
    ) -> None:
        self._net = net
        self._manifest = manifest
        self._direction = direction
        self._others = others
        self._widths = width_table(manifest.width_multiple_px, manifest.width_px)
        characters, blank = load_characters(manifest.charset, net.metadata())
        classes = net.class_count()
        if classes is not None and classes != len(characters):
            # Every class would get another one's character, without any error.
            raise ConfigurationError(
                f"the recognizer {manifest.file.source} tells {classes} classes apart, but its charset names "
                f"{len(characters)} with blank and space: correct the manifest's charset"
            )
        self._decode = CtcDecoder(characters, blank)
        self._space = characters.index(" ") if " " in characters else None

    @classmethod
    def load(
        cls,
        manifest: RecognitionManifest,
        settings: NetSettings,
        prepared: Sequence[tuple[int, int]] = (),
        beside: "TextRecognizer | None" = None,
        direction: LineDirection | None = None,
        others: OtherLanguages | None = None,
    ) -> "TextRecognizer":
        """Check and load the manifest's net.

        Args:
            manifest: The net's description.
            settings: Where and how the net runs.
            prepared: Lines and columns of the runs that the net is prepared for.
            beside: Another recognizer of the same file and settings, with which this one shares their common parts.
            direction: Tells lines that are upside down. None reads every line as it stands.
            others: Reads languages that the net does not know. None reads every line with the net.

        Raises:
            ConfigurationError: A file is missing or not the manifest's, its charset does not fit, or this machine can't
                meet the settings.
        """
        shapes = [(lines, manifest.height_px, width, 3) for lines, width in prepared]
        if (chunks := manifest.chunks) is not None:
            shapes = [(lines * chunks.count, manifest.height_px, chunks.width_px, 3) for lines, _ in prepared]
        other = beside._net if beside is not None else None
        net = load_net(verified_path(manifest.file), manifest, "argmax", settings, shapes, beside=other)
        return cls(net, manifest, direction, others)

    def lines_of_a_run(self, width: int) -> int | None:
        """The number of lines of a width that the net was prepared to read at a time; None if any number will do.

        Fewer lines take as long as so many.
        """
        chunks = self._manifest.chunks
        if chunks is None:
            return self._net.prepared_rows((self._manifest.height_px, width))
        rows = self._net.prepared_rows((self._manifest.height_px, chunks.width_px))
        return None if rows is None else rows // chunks.count

    def crops(self, page: Page, quads: Quads) -> list[LineCrop]:
        """Cut out the lines of a page, in the order of its quads. Safe to call from several threads."""
        return [self._crop(page, quad, len(quads)) for quad in quads.points]

    def _crop(self, page: Page, quad: npt.NDArray[np.float32], lines: int) -> LineCrop:
        widths = LineWidths.of_page(self._widths, lines)
        return crop_line(
            page.pixels,
            quad,
            self._manifest.height_px,
            widths,
            is_document=lines > SCENE_LINES,
            padding=self._manifest.padding,
        )

    def infer(self, batch: npt.NDArray[np.uint8]) -> list[LineText]:
        """Read lines of one width.

        Args:
            batch: (N, height, width, 3) uint8 RGB, crops of one bucket, at most `lines_of_a_run`. Read only.

        Returns:
            The text of each line.
        """
        return self.decode(*self.run_net(batch))

    def run_net(
        self, batch: npt.NDArray[np.uint8]
    ) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Run the net for `infer`: it gives the best class of each time step, its probability and a space's, (N, T)."""
        lines = len(batch)
        if self._manifest.chunks is not None:
            batch = in_chunks(batch, self._manifest.chunks)
        classes, probabilities, of_space = (values[:lines] for values in self._net.run(batch, self._space or 0))
        if self._space is None:
            of_space = np.zeros_like(probabilities)
        return (
            cast(npt.NDArray[np.int32], classes),
            cast(npt.NDArray[np.float32], probabilities),
            cast(npt.NDArray[np.float32], of_space),
        )

    def decode(
        self,
        classes: npt.NDArray[np.int32],
        probabilities: npt.NDArray[np.float32],
        of_space: npt.NDArray[np.float32],
    ) -> list[LineText]:
        """Turn the result of `run_net` into the text of each line, the second half of `infer`."""
        return [self._decode(*row) for row in zip(classes, probabilities, of_space, strict=True)]

    def lines(
        self,
        page: Page,
        quads: Quads,
        crops: Sequence[LineCrop],
        texts: Sequence[LineText],
        options: RecognitionOptions,
        *,
        with_characters: bool = False,
    ) -> ReadLines:
        """Make a page's lines, with warnings about what was left out, squeezed or not read.

        Args:
            page: The page.
            quads: The page's K quads.
            crops: K crops, in the same order.
            texts: K texts, in the same order.
            options: The least confidence of a line.
            with_characters: Whether words come with their characters.
        """
        kept = []
        doubtful = 0
        upright = _upright(page, quads)
        for quad, crop, text in zip(upright, crops, with_initials(with_own_script(texts), upright), strict=True):
            if not text.text:
                continue  # the quad holds no character: nothing is lost
            if text.confidence < options.min_confidence:
                doubtful += 1
                continue
            kept.append(ReadLine(text, quad, crop.shown, crop.begin, crop.end))
        lines = []
        for line, words in zip(kept, words_of_lines(kept, with_characters=with_characters), strict=True):
            polygon = tuple((round(float(x), 1), round(float(y), 1)) for x, y in line.quad)
            text = line.text
            lines.append(Line(text.text, round(text.confidence, 4), polygon, words, trained_data=text.trained_data))
        warnings = []
        if doubtful:
            message = f"{doubtful} lines with a confidence below {options.min_confidence} were left out"
            warnings.append(PageWarning("low_confidence", message, page.number))
        unread, read = sum(text.unread for text in texts), sum(len(text.text) for text in texts)
        if unread >= _FEWEST_UNREAD and unread > _LEAST_SHARE_UNREAD * (unread + read):
            message = (
                f"about {unread} of {unread + read} characters were not read: the recognizer does not know them, or "
                "they are covered; compare with the page"
            )
            warnings.append(PageWarning("unknown_characters", message, page.number))
        symbols = [
            quad[[0, 3]].mean(axis=0) + crop.share(place) * (quad[[1, 2]] - quad[[0, 3]]).mean(axis=0)
            for quad, crop, text in zip(upright, crops, texts, strict=True)
            for place in text.symbols
        ]
        if symbols:
            warnings.append(PageWarning.unread_ink("in lines", np.array(symbols), page.number))
        if squeezed := sum(crop.is_squeezed for crop in crops):
            message = f"{squeezed} very long lines were squeezed to {self._widths[-1]} columns and may be misread"
            warnings.append(PageWarning("line_squeezed", message, page.number))
        return ReadLines(tuple(lines), tuple(warnings), quads.rotation)

    def steps(
        self,
        page: Page,
        quads: Quads,
        options: RecognitionOptions,
        *,
        with_characters: bool = False,
        languages: Sequence[str] = (),
    ) -> Steps[ReadLines]:
        """Read the lines of one page. The net `recognition` is to answer each crop with a `LineText`.

        Args:
            page: The page.
            quads: The page's quads.
            options: The least confidence of a line.
            with_characters: Whether words come with their characters.
            languages: Tags of the languages that the text is in, or `auto`; none for those of the net.

        Raises:
            ConfigurationError: There is nothing that reads one of the languages.
        """
        routes = self._others.routes(languages) if self._others is not None and languages else None
        if routes is not None and routes.only is not None:
            read = yield from read_all_lines(page.pixels, quads, routes.only)
        else:
            read = yield from self._read_all(page, quads)
            if routes is not None:
                read = yield from read_other_lines(page.pixels, quads, read, routes)
        order = list(range(len(quads)))
        to_left = routes is not None and runs_to_the_left(read.texts)
        # Lines were turned, which tells more about the page's order.
        if to_left or (read.quads.points != quads.points).any():
            upright = _upright(page, read.quads)
            order = reading_order(_mirrored(upright) if to_left else upright).tolist()
        crops, texts = [read.crops[index] for index in order], [read.texts[index] for index in order]
        quads = replace(read.quads, points=read.quads.points[order])
        found = self.lines(page, quads, crops, texts, options, with_characters=with_characters)
        if not read.unread:
            return found
        return replace(found, warnings=(*found.warnings, unread_scripts(read.unread, page.number)))

    def _read_all(self, page: Page, quads: Quads) -> Steps[OtherLines]:
        """Read all lines with the net, in groups. Their crops have no pixels."""
        points = quads.points.copy()
        read: dict[int, tuple[LineCrop, LineText]] = {}
        least = self._manifest.width_px or 0
        for group in line_groups(quads.points, self._manifest.height_px, self._widths[-1], least_columns=least):
            points[group], crops, texts = yield from self._read(page, quads, group)
            read.update(zip(group.tolist(), zip((crop.emptied() for crop in crops), texts, strict=True), strict=True))
        lines = [read[index] for index in range(len(quads))]
        return OtherLines(replace(quads, points=points), [crop for crop, _ in lines], [text for _, text in lines])

    def _read(
        self, page: Page, quads: Quads, group: npt.NDArray[np.intp]
    ) -> Steps[tuple[npt.NDArray[np.float32], list[LineCrop], list[LineText]]]:
        """Read the lines of one group of indices. Returns their points, crops and texts, each the right way up."""
        points = quads.points[group]
        crops = [self._crop(page, quad, len(quads)) for quad in points]
        texts: Sequence[LineText] = yield NetInputs("recognition", [crop.pixels for crop in crops])
        upright = _upright(page, quads)[group]
        widths = LineWidths.of_page(self._widths, len(quads))

        def fit(line: npt.NDArray[np.uint8]) -> LineCrop:
            return fit_line(line, self._manifest.height_px, widths, self._manifest.padding)

        crops, texts = yield from read_long_lines(page.pixels, points, crops, texts, self._widths[-1], fit)
        texts = yield from read_vertical_lines(page.pixels, points, upright, crops, texts, fit)
        if self._direction is not None:
            points, crops, texts = yield from turn_doubtful_lines(
                points, upright, crops, texts, lambda quad: self._crop(page, quad, len(quads)), self._direction
            )
        measured = [
            replace(with_spaces(text, crop), unread=unread_letters(text, crop), symbols=unread_symbols(text, crop))
            for crop, text in zip(crops, texts, strict=True)
        ]
        return points, list(crops), measured

    def recognize(
        self,
        page: Page,
        quads: Quads,
        options: RecognitionOptions,
        *,
        with_characters: bool = False,
        languages: Sequence[str] = (),
    ) -> ReadLines:
        """Read the lines of one page, and do all steps here. Arguments and errors are those of `steps`."""
        steps = self.steps(page, quads, options, with_characters=with_characters, languages=languages)
        return run_steps(steps, self._run_net)

    def _run_net(self, inputs: NetInputs) -> Sequence[Any]:
        """Run the net on lines of one width together, as many as a run was prepared for."""
        lines = inputs.arrays
        if self._direction is not None and inputs.net == "direction":
            return self._direction.infer_all(lines)
        if self._others is not None and inputs.net != "recognition":
            infer = self._others.run_net(inputs.net)
            return [answer for line in lines for answer in infer(line[None])]
        by_width: dict[int, list[int]] = {}
        for index, line in enumerate(lines):
            by_width.setdefault(line.shape[1], []).append(index)
        texts: dict[int, LineText] = {}
        for width, indices in by_width.items():
            together = self.lines_of_a_run(width) or 1
            for start in range(0, len(indices), together):
                run = indices[start : start + together]
                for index, text in zip(run, self.infer(np.stack([lines[i] for i in run])), strict=True):
                    texts[index] = text
        return [texts[index] for index in range(len(lines))]


def _upright(page: Page, quads: Quads) -> npt.NDArray[np.float32]:
    return upright_points(quads.points, (page.width, page.height), quads.rotation)


def _mirrored(points: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Quads with left and right exchanged, so that the order of text that runs to the left can be found."""
    mirrored = points[:, [1, 0, 3, 2]]
    mirrored[..., 0] *= -1
    return mirrored
