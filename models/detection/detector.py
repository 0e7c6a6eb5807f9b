"""The text detector, which finds the quads of a page's text lines."""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from models.detection.db import DbThresholds, db_quads
from models.detection.gutters import cut_at_gutters
from models.detection.marks import find_marks, mark_steps
from models.detection.passes import LineHeights, first_pass, may_miss_text, second_pass
from models.detection.resize import DetectionInput
from models.detection.tiling.tiles import TileSearch, tile_steps
from models.direction import LineDirection, find_rotation
from models.manifests import verified_path
from models.manifests.manifest import DetectionManifest
from models.page import Page, PageWarning, Quads, most_lines
from models.reading_order import reading_order
from models.runtime import Runtime, load_net
from models.settings import DetectionOptions, NetSettings
from models.steps import NetInputs, NetName, Steps, run_steps
from models.upright import stored_points, upright_points, upright_size

__all__ = ["TextDetector"]

# Scenes at full size and all first passes have fewer pixels. A page of small print at full size has up to 2.8 million
# and takes 330 MB.
_LARGE_PX = 1_200_000


class TextDetector:
    """Finds text lines. Its `steps` are separate, so that a replica can run the net on several pages at once.

    Args:
        net: The loaded net. As many threads as it has may share this detector.
        manifest: The net's description.
        direction: Tells how pages are turned. None leaves every page as it is.
        net_name: The name by which its steps ask for the net.
    """

    def __init__(
        self,
        net: Runtime,
        manifest: DetectionManifest,
        direction: LineDirection | None = None,
        net_name: NetName = "detection",
    ) -> None:
        self.net_name: NetName = net_name
        self._net = net
        self._manifest = manifest
        self._direction = direction

    @classmethod
    def load(
        cls,
        manifest: DetectionManifest,
        settings: NetSettings,
        direction: LineDirection | None = None,
        net_name: NetName = "detection",
    ) -> "TextDetector":
        """Check and load the manifest's net.

        Args:
            manifest: The net's description.
            settings: Where and how the net runs.
            direction: Tells how pages are turned. None leaves every page as it is.
            net_name: The name by which its steps ask for the net.

        Raises:
            ConfigurationError: The file is missing or not the manifest's, or this machine can't meet the settings.
        """
        net = load_net(verified_path(manifest.file), manifest, "map", settings, large_px=_LARGE_PX)
        return cls(net, manifest, direction, net_name)

    def second_pass(
        self, page: Page, prepared: DetectionInput, quads: Quads, options: DetectionOptions
    ) -> DetectionInput | None:
        """Make a larger input if the first pass may have missed small text. Safe to call from several threads.

        Args:
            page: The page.
            prepared: The input of the first pass.
            quads: The quads that the first pass found.
            options: The options of the first pass.

        Returns:
            An input whose quads replace these; None if these are good.
        """
        heights = LineHeights.of(_upright(page, quads), prepared)
        return second_pass(page.pixels, prepared, heights, self._small_line_px(options), self._manifest)

    def infer(self, batch: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """Run the net.

        Args:
            batch: (N, H, W, 3) uint8 RGB, inputs of one size. Read only.

        Returns:
            (N, H, W) float32 probabilities of text.
        """
        (maps,) = self._net.run(batch)
        return cast(npt.NDArray[np.float32], maps[:, 0])

    def quads(self, probability: npt.NDArray[np.float32], prepared: DetectionInput, options: DetectionOptions) -> Quads:
        """Read one page's quads out of its map. Safe to call from several threads.

        Args:
            probability: (H, W) float32, one of `infer`'s.
            prepared: The input that the map was made from.
            options: Thresholds for this page.
        """
        upright, scores = db_quads(probability, prepared.page_size, DbThresholds.of(self._manifest, options))
        return _ordered(upright, scores, prepared, most_lines(*prepared.page_size, options.max_lines))

    def steps(self, page: Page, options: DetectionOptions, *, is_document: bool) -> Steps[Quads]:
        """Find the lines of one page. The net `net_name` is to answer each input with its map, as `infer` does.

        Args:
            page: The page.
            options: Thresholds for this page.
            is_document: Whether the page is a document, and not a scene.
        """
        prepared = first_pass(
            page.pixels, page.number, self._manifest, is_document=is_document, is_thorough=bool(options.thorough)
        )
        (probability,) = yield NetInputs(self.net_name, [prepared.pixels])
        quads = self.quads(probability, prepared, options)
        if self._direction is not None and options.upright is not False:
            rotation = yield from find_rotation(page.pixels, quads.points, self._direction, is_document=is_document)
            if rotation:
                prepared = prepared.turned(rotation)
                (probability,) = yield NetInputs(self.net_name, [prepared.pixels])
                quads = self.quads(probability, prepared, options)
        again = self.second_pass(page, prepared, quads, options)
        if again is not None:
            prepared = again
            (probability,) = yield NetInputs(self.net_name, [prepared.pixels])
            quads = self.quads(probability, prepared, options)
        small_px = self._small_line_px(options)
        if not may_miss_text(prepared, LineHeights.of(_upright(page, quads), prepared), small_px):
            return (yield from self._with_marks(page, prepared, quads, options)) if is_document else quads
        search = TileSearch(
            rotation=prepared.rotation,
            net_name=self.net_name,
            is_document=is_document,
            multiple=self._manifest.size_multiple_px,
            thresholds=DbThresholds.of(self._manifest, options),
            small_line_px=small_px,
            most_lines=most_lines(*prepared.page_size, options.max_lines),
        )
        seen = _upright(page, quads)
        upright, scores = yield from tile_steps(page.pixels, seen, quads.scores, prepared.scale, search)
        return _ordered(upright, scores, prepared, search.most_lines)

    def _with_marks(
        self, page: Page, prepared: DetectionInput, quads: Quads, options: DetectionOptions
    ) -> Steps[Quads]:
        """Add the lone characters that the passes over the whole page have missed, and warn of other ink."""
        upright = _upright(page, quads)
        marks, are_initials = find_marks(prepared, upright)
        if not len(marks):
            return quads
        thresholds = DbThresholds.of(self._manifest, options)
        points, scores, unread = yield from mark_steps(
            page.pixels, marks, are_initials, prepared, self.net_name, thresholds
        )
        warnings = quads.warnings
        if len(unread):
            middles = (unread[:, :2] + unread[:, 2:]) / 2
            warnings = (*warnings, PageWarning.unread_ink("beside lines", middles, page.number))
        both = np.concatenate([upright, points]), np.concatenate([quads.scores, scores])
        return _in_order(*both, prepared, warnings)

    def detect(self, page: Page, options: DetectionOptions, *, is_document: bool = True) -> Quads:
        """Find the lines of one page, and do all steps here."""
        return run_steps(self.steps(page, options, is_document=is_document), self.run_net)

    def run_net(self, inputs: NetInputs) -> Sequence[Any]:
        """Answer inputs that the steps have yielded: for each a map, or the direction net's probability."""
        if self._direction is not None and inputs.net == "direction":
            return self._direction.infer_all(inputs.arrays)
        return [self.infer(pixels[None])[0] for pixels in inputs.arrays]

    def _small_line_px(self, options: DetectionOptions) -> float:
        """Adapt the manifest's value to the options' unclip ratio, which makes a long line's height h * (1 + ratio)."""
        grown = DbThresholds.of(self._manifest, options).unclip_ratio
        return self._manifest.small_line_px * (1 + grown) / (1 + self._manifest.unclip_ratio)


def _upright(page: Page, quads: Quads) -> npt.NDArray[np.float32]:
    return upright_points(quads.points, (page.width, page.height), quads.rotation)


def _ordered(
    upright: npt.NDArray[np.float32], scores: npt.NDArray[np.float32], prepared: DetectionInput, most: int
) -> Quads:
    """The `most` surest of these quads of the upright page, in reading order."""
    warnings: tuple[PageWarning, ...] = ()
    if len(upright) > most:
        message = f"{len(upright)} lines were found; the {most} surest were kept"
        warnings = (PageWarning("too_many_lines", message, prepared.number),)
        surest = np.argsort(-scores, kind="stable")[:most]
        upright, scores = upright[surest], scores[surest]
    scale = prepared.size[0] / prepared.page_size[0], prepared.size[1] / prepared.page_size[1]
    return _in_order(*cut_at_gutters(prepared.pixels, upright, scores, scale), prepared, warnings)


def _in_order(
    upright: npt.NDArray[np.float32],
    scores: npt.NDArray[np.float32],
    prepared: DetectionInput,
    warnings: tuple[PageWarning, ...],
) -> Quads:
    order = reading_order(upright)
    size_as_stored = upright_size(prepared.page_size, prepared.rotation)
    return Quads(
        stored_points(upright[order], size_as_stored, prepared.rotation), scores[order], warnings, prepared.rotation
    )
