"""Tables that go on over pages."""

from dataclasses import replace
from itertools import pairwise

import pytest

from models.page import Line, PageText, Polygon
from models.structure.result import Cell, PageStructure, Region, Table
from models.structure.tables.continued import ContinuedTables


def box(left: float, top: float, right: float, bottom: float) -> Polygon:
    return (left, top), (right, top), (right, bottom), (left, bottom)


def table(top: float, bottom: float, *borders: float) -> Table:
    """A table of one row with columns between these borders."""
    pairs = list(pairwise(borders))
    cells = tuple(Cell(0, at, 1, 1, box(left, top, right, bottom)) for at, (left, right) in enumerate(pairs))
    return Table(box(borders[0], top, borders[-1], bottom), 0.9, 1, len(pairs), cells)


LAST = table(600, 900, 100, 400, 700)
FIRST = table(100, 300, 105, 410, 705)


def page(number: int, *tables: Table, lines_at: tuple[float, ...] = (), regions: tuple[Region, ...] = ()) -> PageText:
    lines = tuple(Line("text", 0.9, box(100, y - 10, 300, y + 10)) for y in lines_at)
    return PageText(number, 800, 1000, 0, lines, structure=PageStructure(("tables",), regions=regions, tables=tables))


def continues(before: PageText, now: PageText) -> list[bool]:
    found = ContinuedTables()
    found.of(before)
    structure = found.of(now).structure
    assert structure is not None
    return [one.continues for one in structure.tables]


def test_table_goes_on_at_the_top_of_the_next_page() -> None:
    assert continues(page(1, table(100, 200, 100, 700), LAST), page(2, FIRST, LAST)) == [True, False]


def test_headers_and_page_numbers_stand_between_without_harm() -> None:
    assert continues(page(1, LAST, lines_at=(700, 960)), page(2, FIRST, lines_at=(40, 200))) == [True]
    assert continues(page(1, LAST, lines_at=(910,)), page(2, FIRST)) == [False]
    footer = (Region("footer", box(100, 900, 300, 920), 0.9, (0,)),)
    assert continues(page(1, LAST, lines_at=(910,), regions=footer), page(2, FIRST)) == [True]
    text = (Region("text", box(100, 30, 300, 50), 0.9, (0,)),)
    assert continues(page(1, LAST), page(2, FIRST, lines_at=(40,), regions=text)) == [False]


@pytest.mark.parametrize(
    "other",
    [
        table(100, 300, 100, 300, 700),  # other borders
        table(100, 300, 100, 300, 500, 700),  # more columns
        table(100, 300, 300, 500, 700),  # not as wide
    ],
)
def test_columns_must_agree(other: Table) -> None:
    assert continues(page(1, LAST), page(2, other)) == [False]


def test_pages_must_follow_each_other() -> None:
    assert continues(page(1, LAST), page(3, FIRST)) == [False]
    assert continues(page(1), page(2, FIRST)) == [False]
    plain = replace(page(1), structure=None)
    found = ContinuedTables()
    assert [found.of(plain), found.of(plain)] == [plain, plain]
