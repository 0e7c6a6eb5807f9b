"""Lists the parts of a structure, one a row, in the order in which they look and build: each may use those above it.

A part's module is imported when the part is first asked for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from importlib import import_module
from typing import Any

from models.errors import MalformedRequest
from models.manifests.structure import StructureManifest
from models.page import PageText
from models.steps import Steps
from models.structure.part import PageView, Part, StructureOptions
from models.structure.result import PARTS, PageStructure, PartName

__all__ = ["ALL", "Parts", "parse_parts"]

ALL = "all"

_ROWS: dict[PartName, tuple[str, str]] = {
    "codes": ("models.structure.codes.part", "CodePart"),
    "layout": ("models.structure.layout.part", "LayoutPart"),
    "tables": ("models.structure.tables.part", "TablePart"),
    "marks": ("models.structure.marks.part", "MarkPart"),
    "fields": ("models.structure.fields.part", "FieldPart"),
}


def parse_parts(text: str) -> tuple[PartName, ...]:
    """Parse names of parts that are joined by commas, or `all`.

    Returns:
        The names, each once, in the order of `PARTS`.

    Raises:
        MalformedRequest: One of them is not known, or there is none.
    """
    names = {name.strip() for name in text.split(",") if name.strip()}
    unknown = sorted(names - {*PARTS, ALL})
    if unknown or not names:
        raise MalformedRequest(
            f"structure: {unknown[0][:40]!r} is not a part; known are {', '.join((*PARTS, ALL))}"
            if unknown
            else f"structure names no part; known are {', '.join((*PARTS, ALL))}"
        )
    return tuple(name for name in PARTS if ALL in names or name in names)


class Parts:
    """Finds the structure of pages. Threads may share one.

    Args:
        manifests: The nets that there are, by their kinds.
    """

    def __init__(self, manifests: Mapping[str, StructureManifest]) -> None:
        self._manifests = manifests
        self._made: dict[PartName, Part] = {}

    def look(self, page: PageView, asked: Iterable[PartName]) -> Steps[Mapping[PartName, Any]]:
        """Look at a page's pixels for all parts that are asked for.

        Args:
            page: The page.
            asked: The parts.

        Returns:
            What each part saw.
        """
        seen: dict[PartName, Any] = {}
        for name in self._ordered(asked):
            seen[name] = yield from self._part(name).look(page, seen)
        return seen

    def build(
        self, seen: Mapping[PartName, Any], text: PageText, asked: Iterable[PartName], options: StructureOptions
    ) -> PageText:
        """Build all parts that are asked for.

        Args:
            seen: What the parts saw. A part that saw nothing is left empty.
            text: The page's text.
            asked: The parts.
            options: What else is asked for.

        Returns:
            The page's text with its structure, and the warnings of the parts.
        """
        ordered = self._ordered(asked)
        structure = PageStructure(tuple(name for name in PARTS if name in ordered))
        warnings = list(text.warnings)
        for name in ordered:
            if name not in seen:
                continue
            structure, told = self._part(name).build(seen[name], text, structure, options)
            warnings += told
        return replace(text, structure=structure, warnings=tuple(warnings))

    @staticmethod
    def _ordered(asked: Iterable[PartName]) -> list[PartName]:
        names = set(asked)
        return [name for name in _ROWS if name in names]

    def _part(self, name: PartName) -> Part:
        if name not in self._made:
            module, part = _ROWS[name]
            self._made[name] = getattr(import_module(module), part).load(self._manifests)
        return self._made[name]
