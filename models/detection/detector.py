"""The text detector: a page in, its text lines' quads out."""

from typing import cast

import numpy as np
import numpy.typing as npt

from models.detection.db import DbThresholds, db_quads
from models.detection.looks import LineHeights, first_look, second_look, small_text_warning
from models.detection.resize import DetectionInput
from models.manifests import verified_path
from models.manifests.manifest import DetectionManifest
from models.page import Page, PageWarning, Quads
from models.reading_order import reading_order
from models.runtime import Runtime, load_net
from models.settings import DetectionOptions, NetSettings
from models.steps import NetInput, Steps, run_steps

__all__ = ["TextDetector"]

# A newspaper page has about 1,000. A map of specks, without any text, can give 50,000 and hold a replica for minutes.
_MOST_LINES = 3000
# Scenes in full and all first looks have less. A page of small print in full, up to 2.8 million, takes 330 MB.
_LARGE_PX = 1_200_000


class TextDetector:
    """Finds text lines. Its `steps` are apart, so that a replica can run the net on several pages at once.

    Args:
        net: The loaded net; as many threads as its own may share this detector.
        manifest: What it is and how it is fed.
    """

    def __init__(self, net: Runtime, manifest: DetectionManifest) -> None:
        self._net = net
        self._manifest = manifest

    @classmethod
    def load(cls, manifest: DetectionManifest, settings: NetSettings) -> "TextDetector":
        """Check and load the manifest's net.

        Raises:
            ConfigurationError: See `verified_path` and `load_net`.
        """
        return cls(load_net(verified_path(manifest.file), manifest, "map", settings, large_px=_LARGE_PX), manifest)

    def prepare(self, page: Page, options: DetectionOptions) -> DetectionInput:
        """Scale a page to the input for its first look. Safe to call from several threads."""
        return first_look(page.pixels, page.number, self._manifest, is_thorough=bool(options.thorough))

    def second_look(
        self, page: Page, prepared: DetectionInput, quads: Quads, options: DetectionOptions
    ) -> DetectionInput | None:
        """A larger input where the first look may have missed small text. Safe to call from several threads.

        Args:
            page: The page.
            prepared: The input that was looked at.
            quads: What was found on it.
            options: That it was found with.

        Returns:
            An input whose quads count in place of these; None where these are good.
        """
        heights = LineHeights.of(quads.points, prepared)
        return second_look(page.pixels, prepared, heights, self._small_line_px(options), self._manifest)

    def infer(self, batch: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Run the net.

        Args:
            batch: (N, H, W, 3) uint8 RGB, of inputs of one size. Read only.

        Returns:
            (N, H, W) float32 probabilities of text.
        """
        (maps,) = self._net.run(batch)
        return cast(npt.NDArray[np.float32], maps[:, 0])

    def quads(self, probability: npt.NDArray[np.float32], prepared: DetectionInput, options: DetectionOptions) -> Quads:
        """Read one page's quads out of its map. Safe to call from several threads.

        Args:
            probability: (H, W) float32, one of `infer`'s.
            prepared: What the map was made from.
            options: Thresholds for this page.
        """
        points, scores = db_quads(probability, prepared.page_size, DbThresholds.of(self._manifest, options))
        warnings = small_text_warning(prepared, LineHeights.of(points, prepared), self._small_line_px(options))
        most = options.max_lines or _MOST_LINES
        if len(points) > most:
            message = f"{len(points)} lines were found; the {most} surest were kept"
            warnings = (*warnings, PageWarning("too_many_lines", message, prepared.number))
            surest = np.argsort(-scores, kind="stable")[:most]
            points, scores = points[surest], scores[surest]
        order = reading_order(points)
        return Quads(points[order], scores[order], warnings)

    def steps(self, page: Page, options: DetectionOptions) -> Steps[Quads]:
        """Find the lines of one page. An answer of the net is one of `infer`'s maps."""
        prepared = self.prepare(page, options)
        (probability,) = yield [NetInput("detection", prepared.pixels)]
        quads = self.quads(probability, prepared, options)
        again = self.second_look(page, prepared, quads, options)
        if again is None:
            return quads
        (probability,) = yield [NetInput("detection", again.pixels)]
        return self.quads(probability, again, options)

    def detect(self, page: Page, options: DetectionOptions) -> Quads:
        """All steps for one page."""
        return run_steps(self.steps(page, options), lambda inputs: [self.infer(one.pixels[None])[0] for one in inputs])

    def _small_line_px(self, options: DetectionOptions) -> float:
        """The manifest's, for quads grown by the options' ratio: a long line of height h becomes h * (1 + ratio)."""
        grown = DbThresholds.of(self._manifest, options).unclip_ratio
        return self._manifest.small_line_px * (1 + grown) / (1 + self._manifest.unclip_ratio)
