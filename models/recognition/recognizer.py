"""The line recognizer: a page and its quads in, text out."""

from collections.abc import Sequence
from typing import cast

import numpy as np
import numpy.typing as npt

from models.errors import ConfigurationError
from models.manifests import verified_path
from models.manifests.manifest import RecognitionManifest
from models.page import Line, Page, PageWarning, Quads
from models.recognition.crops import LineCrop, crop_line
from models.recognition.ctc import CtcDecoder, load_characters
from models.recognition.widths import LineWidths, width_table
from models.runtime import Runtime, load_net
from models.settings import NetSettings, RecognitionOptions
from models.steps import NetInput, Steps, run_steps

__all__ = ["LineText", "ReadLines", "TextRecognizer"]

LineText = tuple[str, float]
ReadLines = tuple[tuple[Line, ...], tuple[PageWarning, ...]]


class TextRecognizer:
    """Reads text lines. Its steps are apart, so that a replica can run the net on lines of several pages at once.

    As many threads as the net's may share it.

    Args:
        net: The loaded net.
        manifest: What it is and how it is fed.

    Raises:
        ConfigurationError: The net has another number of classes than its charset.
    """

    def __init__(self, net: Runtime, manifest: RecognitionManifest) -> None:
        self._net = net
        self._manifest = manifest
        self._widths = width_table(manifest.width_multiple_px)
        characters, blank = load_characters(manifest.charset, net.metadata())
        classes = net.class_count()
        if classes is not None and classes != len(characters):
            # Each character would be another's, without any error.
            raise ConfigurationError(
                f"the recognizer {manifest.file.source} tells {classes} classes apart, its charset names "
                f"{len(characters)} with blank and space: correct the manifest's charset"
            )
        self._decode = CtcDecoder(characters, blank)

    @classmethod
    def load(
        cls,
        manifest: RecognitionManifest,
        settings: NetSettings,
        prepared: Sequence[tuple[int, int]] = (),
        beside: "TextRecognizer | None" = None,
    ) -> "TextRecognizer":
        """Check and load the manifest's net.

        Args:
            manifest: Of the net.
            settings: How it runs.
            prepared: Lines and columns of the runs that it is made ready for.
            beside: Another of the same file and settings, to share what both have in common.

        Raises:
            ConfigurationError: See `verified_path`, `load_net` and `load_characters`.
        """
        shapes = [(lines, manifest.height_px, width, 3) for lines, width in prepared]
        other = beside._net if beside is not None else None
        return cls(load_net(verified_path(manifest.file), manifest, "argmax", settings, shapes, beside=other), manifest)

    def lines_of_a_run(self, width: int) -> int | None:
        """How many lines of a width the net was prepared to read at a time; None where any number will do.

        Fewer are read as fast as so many.
        """
        return self._net.prepared_rows((self._manifest.height_px, width))

    def crops(self, page: Page, quads: Quads) -> list[LineCrop]:
        """Cut out the lines of a page, in the order of its quads. Safe to call from several threads."""
        widths = LineWidths.of_page(self._widths, len(quads))
        return [crop_line(page.pixels, quad, self._manifest.height_px, widths) for quad in quads.points]

    def infer(self, batch: npt.NDArray[np.uint8]) -> list[LineText]:
        """Read lines of one width.

        Args:
            batch: (N, height, width, 3) uint8 RGB, of crops of one bucket, `lines_of_a_run` at most. Read only.

        Returns:
            Text and confidence of each.
        """
        return self.decode(*self.run_net(batch))

    def run_net(self, batch: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """The net's part of `infer`: best class of each time step and its probability, both (N, T)."""
        classes, probabilities = self._net.run(batch)
        return cast(npt.NDArray[np.int32], classes), cast(npt.NDArray[np.float32], probabilities)

    def decode(self, classes: npt.NDArray[np.int32], probabilities: npt.NDArray[np.float32]) -> list[LineText]:
        """The rest of `infer`: what `run_net` returned, as text and confidence of each line."""
        return [self._decode(row, probability) for row, probability in zip(classes, probabilities, strict=True)]

    def lines(
        self,
        page: Page,
        quads: Quads,
        crops: Sequence[LineCrop],
        texts: Sequence[LineText],
        options: RecognitionOptions,
    ) -> ReadLines:
        """Put a page's lines together, and say what was left out.

        Args:
            page: The page.
            quads: Its K quads.
            crops: K crops, in the same order.
            texts: K texts, in the same order.
            options: What is returned.
        """
        lines = []
        doubtful = 0
        for quad, (text, confidence) in zip(quads.points, texts, strict=True):
            if not text:
                continue  # the detector found something that holds no character: nothing is lost
            if confidence < options.min_confidence:
                doubtful += 1
                continue
            polygon = tuple((round(float(x), 1), round(float(y), 1)) for x, y in quad)
            lines.append(Line(text, round(confidence, 4), polygon))
        warnings = []
        if doubtful:
            message = f"{doubtful} lines with a confidence below {options.min_confidence} were left out"
            warnings.append(PageWarning("low_confidence", message, page.number))
        if squeezed := sum(crop.is_squeezed for crop in crops):
            message = f"{squeezed} very long lines were squeezed to {self._widths[-1]} columns and may be misread"
            warnings.append(PageWarning("line_squeezed", message, page.number))
        return tuple(lines), tuple(warnings)

    def steps(self, page: Page, quads: Quads, options: RecognitionOptions) -> Steps[ReadLines]:
        """Read the lines of one page. An answer of the net is a `LineText`."""
        crops = self.crops(page, quads)
        texts: Sequence[LineText] = yield [NetInput("recognition", crop.pixels) for crop in crops]
        return self.lines(page, quads, crops, texts, options)

    def recognize(self, page: Page, quads: Quads, options: RecognitionOptions) -> ReadLines:
        """All steps for one page."""
        return run_steps(self.steps(page, quads, options), self._run_nets)

    def _run_nets(self, inputs: Sequence[NetInput]) -> list[LineText]:
        """Lines of one width together, as many as a run was prepared for."""
        by_width: dict[int, list[int]] = {}
        for index, line in enumerate(inputs):
            by_width.setdefault(line.pixels.shape[1], []).append(index)
        texts: list[LineText] = [("", 0.0)] * len(inputs)
        for width, indices in by_width.items():
            together = self.lines_of_a_run(width) or 1
            for start in range(0, len(indices), together):
                run = indices[start : start + together]
                for index, text in zip(run, self.infer(np.stack([inputs[i].pixels for i in run])), strict=True):
                    texts[index] = text
        return texts
