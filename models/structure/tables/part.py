"""Finds the tables of a page."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from models.page import PageText, PageWarning
from models.steps import Steps
from models.structure.part import PageView, Part, StructureOptions
from models.structure.result import PageStructure, PartName, Region, Table
from models.structure.tables.cells import table_of
from models.structure.tables.context import Context
from models.structure.tables.finding import find_grids
from models.structure.tables.geometry.grid import MOST_CELLS
from models.structure.tables.geometry.rules import Rules, find_rules
from models.structure.tables.geometry.words import place_words

__all__ = ["TablePart"]


# A page of more tables is a pattern; a page of a report has up to ten.
_MOST_TABLES = 100


class TablePart(Part):
    """Finds tables: ruled ones by their rules, others by the places of their words. It needs no net."""

    name: ClassVar[PartName] = "tables"

    def look(self, page: PageView, seen: Mapping[PartName, Any]) -> Steps[Rules | None]:
        """Find the page's rules; as `Part.look` says."""
        return find_rules(page.pixels, page.quads)
        yield  # this makes it a generator

    def build(
        self, seen: Rules | None, text: PageText, structure: PageStructure, options: StructureOptions
    ) -> tuple[PageStructure, tuple[PageWarning, ...]]:
        """Build the tables, as `Part.build` says."""
        if seen is None or not text.lines:
            return structure, ()
        words = place_words(text.lines, seen.frame)
        quads = np.array([line.polygon for line in text.lines], np.float32).reshape(-1, 4, 2)
        found = find_grids(words, quads, seen, Context.of(words, text.lines, structure.regions))
        warnings = []
        if seen.left_out:
            message = f"too many strokes may be rules of tables: the {seen.left_out:,} shortest were left out"
            warnings.append(PageWarning("too_many_rules", message, text.number))
        if large := sum(grid.is_too_large for grid, _ in found):
            message = f"{large} tables have more than {MOST_CELLS} cells and were left out; their text is in the page"
            warnings.append(PageWarning("table_too_large", message, text.number))
        found = [(grid, members) for grid, members in found if not grid.is_too_large]
        if len(found) > _MOST_TABLES:
            message = f"the page has {len(found)} tables; the first {_MOST_TABLES} were read, the page has all text"
            warnings.append(PageWarning("too_many_tables", message, text.number))
        found = sorted(found, key=lambda one: (one[0].box[1], one[0].box[0]))[:_MOST_TABLES]
        tables = tuple(table_of(grid, words, members, text.lines, seen.frame) for grid, members in found)
        return replace(structure, regions=_settled(structure.regions, tables), tables=tables), tuple(warnings)


def _settled(regions: Sequence[Region], tables: Sequence[Table]) -> tuple[Region, ...]:
    """Take pictures for tables if most of their lines are in one: the net of regions takes some for pictures."""
    inside = {span.line for table in tables for cell in table.cells for span in cell.words}
    return tuple(
        replace(one, kind="table")
        if one.kind == "figure" and sum(line in inside for line in one.lines) > len(one.lines) / 2
        else one
        for one in regions
    )
