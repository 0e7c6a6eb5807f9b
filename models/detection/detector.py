"""The text detector: a page in, its text lines' quads out."""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from models.detection.db import DbThresholds, db_quads
from models.detection.passes import LineHeights, first_look, may_miss_text, second_look
from models.detection.resize import DetectionInput
from models.detection.tiling.tiles import TileSearch, tile_steps
from models.direction import LineDirection, find_rotation
from models.manifests import verified_path
from models.manifests.manifest import DetectionManifest
from models.page import Page, PageWarning, Quads
from models.reading_order import reading_order
from models.runtime import Runtime, load_net
from models.settings import DetectionOptions, NetSettings
from models.steps import NetInputs, Steps, run_steps
from models.upright import stored_points, upright_points, upright_size

__all__ = ["TextDetector"]

# A newspaper page has about 1,000. A map of specks, without any text, can give 50,000 and hold a replica for minutes.
_MOST_LINES = 3000
# A larger page may have more in proportion: A3 at 300 dpi has 17 million.
_PIXELS_OF_MOST_LINES = 20_000_000
# Scenes in full and all first looks have less. A page of small print in full, up to 2.8 million, takes 330 MB.
_LARGE_PX = 1_200_000


class TextDetector:
    """Finds text lines. Its `steps` are apart, so that a replica can run the net on several pages at once.

    Args:
        net: The loaded net; as many threads as its own may share this detector.
        manifest: What it is and how it is fed.
        direction: Tells how pages are turned; None: they are taken as they are.
    """

    def __init__(self, net: Runtime, manifest: DetectionManifest, direction: LineDirection | None = None) -> None:
        self._net = net
        self._manifest = manifest
        self._direction = direction

    @classmethod
    def load(
        cls, manifest: DetectionManifest, settings: NetSettings, direction: LineDirection | None = None
    ) -> "TextDetector":
        """Check and load the manifest's net.

        Args:
            manifest: Of the net.
            settings: How it runs.
            direction: Tells how pages are turned; None: they are taken as they are.

        Raises:
            ConfigurationError: See `verified_path` and `load_net`.
        """
        net = load_net(verified_path(manifest.file), manifest, "map", settings, large_px=_LARGE_PX)
        return cls(net, manifest, direction)

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
        heights = LineHeights.of(_upright(page, quads), prepared)
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
        upright, scores = db_quads(probability, prepared.page_size, DbThresholds.of(self._manifest, options))
        return _ordered(upright, scores, prepared, _most_lines(prepared, options))

    def steps(self, page: Page, options: DetectionOptions) -> Steps[Quads]:
        """Find the lines of one page. An answer of `detection` is one of `infer`'s maps."""
        prepared = self.prepare(page, options)
        (probability,) = yield NetInputs("detection", [prepared.pixels])
        quads = self.quads(probability, prepared, options)
        if self._direction is not None and options.upright is not False:
            rotation = yield from find_rotation(page.pixels, quads.points, self._direction, is_paper=prepared.is_paper)
            if rotation:
                prepared = prepared.turned(rotation)
                (probability,) = yield NetInputs("detection", [prepared.pixels])
                quads = self.quads(probability, prepared, options)
        again = self.second_look(page, prepared, quads, options)
        if again is not None:
            prepared = again
            (probability,) = yield NetInputs("detection", [prepared.pixels])
            quads = self.quads(probability, prepared, options)
        small_px = self._small_line_px(options)
        if not may_miss_text(prepared, LineHeights.of(_upright(page, quads), prepared), small_px):
            return quads
        search = TileSearch(
            rotation=prepared.rotation,
            is_paper=prepared.is_paper,
            multiple=self._manifest.size_multiple_px,
            thresholds=DbThresholds.of(self._manifest, options),
            small_line_px=small_px,
            most_lines=_most_lines(prepared, options),
        )
        seen = _upright(page, quads)
        upright, scores = yield from tile_steps(page.pixels, seen, quads.scores, prepared.scale, search)
        return _ordered(upright, scores, prepared, search.most_lines)

    def detect(self, page: Page, options: DetectionOptions) -> Quads:
        """All steps for one page."""
        return run_steps(self.steps(page, options), self._run_net)

    def _run_net(self, inputs: NetInputs) -> Sequence[Any]:
        if self._direction is not None and inputs.net == "direction":
            return self._direction.infer_all(inputs.arrays)
        return [self.infer(pixels[None])[0] for pixels in inputs.arrays]

    def _small_line_px(self, options: DetectionOptions) -> float:
        """The manifest's, for quads grown by the options' ratio: a long line of height h becomes h * (1 + ratio)."""
        grown = DbThresholds.of(self._manifest, options).unclip_ratio
        return self._manifest.small_line_px * (1 + grown) / (1 + self._manifest.unclip_ratio)


def _most_lines(prepared: DetectionInput, options: DetectionOptions) -> int:
    width, height = prepared.page_size
    return options.max_lines or round(_MOST_LINES * max(1.0, width * height / _PIXELS_OF_MOST_LINES))


def _upright(page: Page, quads: Quads) -> npt.NDArray[np.float32]:
    return upright_points(quads.points, (page.width, page.height), quads.rotation)


def _ordered(
    upright: npt.NDArray[np.float32], scores: npt.NDArray[np.float32], prepared: DetectionInput, most: int
) -> Quads:
    """The surest quads of those in the upright page, in reading order."""
    warnings: tuple[PageWarning, ...] = ()
    if len(upright) > most:
        message = f"{len(upright)} lines were found; the {most} surest were kept"
        warnings = (PageWarning("too_many_lines", message, prepared.number),)
        surest = np.argsort(-scores, kind="stable")[:most]
        upright, scores = upright[surest], scores[surest]
    order = reading_order(upright)
    size_as_stored = upright_size(prepared.page_size, prepared.rotation)
    return Quads(
        stored_points(upright[order], size_as_stored, prepared.rotation), scores[order], warnings, prepared.rotation
    )
