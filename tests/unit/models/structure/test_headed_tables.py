"""Tables of items are read by their headings, although most of their lines are descriptions."""

from tests.unit.models.structure.table_pages import TablePage, texts_of

_LEFTS = [40.0, 140.0, 520.0, 660.0, 800.0]
_HEADINGS = ["No", "Article", "Price", "Pieces", "Amount"]


def _invoice(page: TablePage) -> TablePage:
    """Two items, each of which has its values in one line and four lines of text beneath."""
    page.rows(_LEFTS, 150, 0, [_HEADINGS])
    for number, top in enumerate((210, 400), 1):
        page.rows(_LEFTS, top, 0, [[str(number), "Chair", f"{number}2.00", "3", f"{number * 36}.00"]])
        for line in range(1, 5):
            page.text(140, top + 30 * line, f"line {line} of what it is")
    return page


def test_items_with_descriptions_of_several_lines_are_rows() -> None:
    (table,) = _invoice(TablePage()).read()[0]
    text = "\n".join(["Chair", *(f"line {line} of what it is" for line in range(1, 5))])
    assert texts_of(table) == [
        _HEADINGS,
        ["1", text, "12.00", "3", "36.00"],
        ["2", text, "22.00", "3", "72.00"],
    ]
    assert [cell.is_header for cell in table.cells[:6]] == [True] * 5 + [False]


def test_one_item_beneath_parted_headings_is_a_table_and_its_long_line_stays_in_one_cell() -> None:
    page = TablePage()
    page.draw.rectangle((30, 130, 930, 190), fill="lightblue")
    for x in (125, 505, 645, 785):
        page.rule(x, 130, x, 190, width=4, fill="white")
    page.rows(_LEFTS, 150, 0, [_HEADINGS])
    page.rows(_LEFTS, 210, 0, [["1", "Chair", "12.00", "3", "36.00"]])
    page.text(140, 245, "delivered on the third of May and put up by us")
    (table,) = page.read()[0]
    assert texts_of(table) == [
        _HEADINGS,
        ["1", "Chair\ndelivered on the third of May and put up by us", "12.00", "3", "36.00"],
    ]


def test_words_above_one_row_of_values_are_no_table() -> None:
    page = TablePage().rows(_LEFTS, 150, 0, [_HEADINGS])
    page.rows(_LEFTS, 210, 0, [["1", "Chair", "12.00", "3", "36.00"]])
    for line in range(1, 5):
        page.text(140, 210 + 30 * line, f"line {line} of what it is")
    assert not page.read()[0]


def test_sign_behind_an_amount_does_not_join_the_next_one() -> None:
    lefts = [40.0, 400.0, 490.0]
    rows = [[f"Article {name}", f"{k},50 €", f"{k * 2},00 €"] for k, name in enumerate("abcde", 1)]
    (table,) = TablePage().rows(lefts, 150, 40, rows).read()[0]
    assert texts_of(table) == rows
