"""The part of a structure that finds regions and their order."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Self

from models.manifests.structure import StructureManifest
from models.page import PageText, PageWarning, Polygon
from models.polygons import rectangle
from models.steps import NetInputs, Steps
from models.structure.layout.assign import Block, find_blocks_of_page
from models.structure.layout.kinds import settle_kinds
from models.structure.layout.lines import PageLines
from models.structure.layout.lists import joined_lists, parted_paragraphs
from models.structure.layout.net import LayoutDecoding, RegionBox, decoded_boxes, scaled_page
from models.structure.layout.sequence import sequenced
from models.structure.part import PageView, Part, StructureOptions
from models.structure.result import PageStructure, PartName, Region

__all__ = ["LayoutPart"]

_NET = "layout"


class LayoutPart(Part):
    """Finds a page's regions, by a net and by the places of its lines.

    Each line is in exactly one region. Regions are in reading order; headers, footers and numbers of pages come last.
    """

    name: ClassVar[PartName] = "layout"

    def __init__(self, decoding: LayoutDecoding) -> None:
        """Make a part for a net.

        Args:
            decoding: What the net expects and gives.
        """
        self._decoding = decoding

    @classmethod
    def load(cls, manifests: Mapping[str, StructureManifest]) -> Self:
        """Make the part for the net of kind `layout`, as `Part.load` says."""
        manifest = manifests[_NET]
        return cls(
            LayoutDecoding(
                manifest.height_px, manifest.width_px, manifest.classes, manifest.strides_px, manifest.threshold
            )
        )

    def look(self, page: PageView, seen: Mapping[PartName, Any]) -> Steps[tuple[RegionBox, ...]]:
        """Run the net on the page, as `Part.look` says.

        Returns:
            Boxes in pixels of the upright page.

        Raises:
            ModelOutputError: The net's answer does not fit its manifest.
        """
        outputs = (yield NetInputs(_NET, [scaled_page(page.pixels, self._decoding)]))[0]
        height, width = page.pixels.shape[:2]
        return decoded_boxes(outputs, self._decoding, (width, height))

    def build(
        self, seen: Any, text: PageText, structure: PageStructure, options: StructureOptions
    ) -> tuple[PageStructure, tuple[PageWarning, ...]]:
        """Make regions of the net's boxes and the page's lines, as `Part.build` says."""
        return replace(structure, regions=regions_of(text, seen or ())), ()


def regions_of(text: PageText, boxes: tuple[RegionBox, ...]) -> tuple[Region, ...]:
    """Make regions of a page.

    Args:
        text: The page's text.
        boxes: What the net found, the surest first.

    Returns:
        Regions in reading order, which hold each line once.
    """
    lines = PageLines.of(text.lines)
    blocks = find_blocks_of_page(lines, boxes)
    if not blocks:
        return ()
    if not len(lines):
        blocks.sort(key=lambda block: block.place(lines)[1::-1])  # from the top, and from the left
        return tuple(Region(block.kind, _polygon(block, lines, text), block.confidence) for block in blocks)
    settle_kinds(blocks, lines, text.height)
    return tuple(
        Region(block.kind, _polygon(block, lines, text), block.confidence, tuple(block.lines))
        for block in joined_lists(parted_paragraphs(sequenced(blocks, lines), lines), lines)
    )


def _polygon(block: Block, lines: PageLines, text: PageText) -> Polygon:
    left, top, right, bottom = (round(value, 1) for value in block.place(lines))
    left, right = max(left, 0.0), min(right, float(text.width))
    top, bottom = max(top, 0.0), min(bottom, float(text.height))
    return rectangle(left, top, right, bottom)
