"""Which text is the label of which value."""

from tests.unit.models.structure.written import WrittenPage


def test_one_line_holds_label_and_value() -> None:
    page = WrittenPage()
    for row, text in enumerate(("Reference: A-17", "Colour ........ green", "Total 12.50", "Invoice no. 4711/A")):
        page.put(100, 100 + 60 * row, text)
    assert page.pairs() == [
        ("Reference:", "A-17"),
        ("Colour", "green"),
        ("Total", "12.50"),
        ("Invoice no.", "4711/A"),
    ]


def test_a_field_says_where_its_words_are() -> None:
    field = WrittenPage().put(100, 100, "Total 12.50").fields()[0]
    assert field.label is not None
    assert field.value is not None
    assert [(span.line, span.start, span.end) for span in field.label.words] == [(0, 0, 1)]
    assert [(span.line, span.start, span.end) for span in field.value.words] == [(0, 1, 2)]
    assert field.value.polygon == ((160, 100), (210, 100), (210, 120), (160, 120))
    assert (field.type, field.normalized, field.name) == ("amount", "12.50", "total")


def test_a_word_that_holds_both_is_cut_by_its_characters() -> None:
    field = WrittenPage().put(100, 100, "Date:31/12/2025").fields()[0]
    assert field.label is not None
    assert field.value is not None
    assert (field.label.text, field.value.text, field.normalized) == ("Date:", "31/12/2025", "2025-12-31")
    assert field.value.polygon[0] == (150, 100)
    assert field.value.words == field.label.words


def test_several_pairs_in_a_row() -> None:
    page = WrittenPage().put(100, 100, "Area: 5 Region: 17").put(100, 160, "Height: 12 cm   Width:   30 cm")
    assert page.pairs() == [("Area:", "5"), ("Region:", "17"), ("Height:", "12 cm"), ("Width:", "30 cm")]


def test_a_value_stands_beneath_its_label() -> None:
    page = WrittenPage().put(100, 100, "Place of birth:").put(500, 100, "Nationality:")
    page.put(100, 125, "Oslo").put(500, 125, "Norwegian")
    assert page.pairs() == [("Place of birth:", "Oslo"), ("Nationality:", "Norwegian")]


def test_the_nearer_value_wins() -> None:
    page = (
        WrittenPage().put(100, 100, "From:").put(200, 100, "Kent Mills").put(100, 125, "To:").put(200, 125, "Ann Lee")
    )
    assert page.pairs() == [("From:", "Kent Mills"), ("To:", "Ann Lee")]


def test_a_value_of_several_lines() -> None:
    page = WrittenPage().put(100, 100, "Deliver to:").put(300, 100, "Ann Lee").put(300, 122, "Rose Lane 5")
    page.put(300, 144, "Dover").put(100, 200, "Remarks:").put(300, 200, "none")
    assert page.pairs() == [("Deliver to:", "Ann Lee\nRose Lane 5\nDover"), ("Remarks:", "none")]


def test_running_text_goes_on_beneath_its_label() -> None:
    page = WrittenPage().put(100, 100, "Chains: this program has been quite successful so far")
    page.put(100, 122, "with the shops where our payments were not in place.")
    label, value = page.pairs()[0]
    assert label == "Chains:"
    assert value is not None
    assert value.endswith("so far\nwith the shops where our payments were not in place.")


def test_a_label_of_several_lines() -> None:
    page = WrittenPage().put(100, 100, "Effect of the").put(100, 122, "retail allowance:").put(400, 122, "very good")
    assert page.pairs() == [("Effect of the\nretail allowance:", "very good")]


def test_a_rule_to_write_on_parts_label_and_value() -> None:
    page = WrittenPage().put(100, 100, "Study leader Kay Stone").rule(228, 119, 700)
    assert page.pairs() == [("Study leader", "Kay Stone")]


def test_a_rule_that_underlines_words_parts_nothing() -> None:
    assert WrittenPage().put(100, 100, "the old brown fox").rule(140, 119, 170).pairs() == []


def test_a_label_beneath_its_rule() -> None:
    page = WrittenPage().put(120, 100, "08 14 87 X").rule(100, 121, 400).put(100, 124, "Date")
    assert page.pairs() == [("Date", "08 14 87 X")]


def test_an_empty_field_has_no_value() -> None:
    page = WrittenPage().put(100, 100, "Signature").rule(200, 118, 600).put(100, 300, "Remarks:")
    assert page.pairs() == [("Signature", None), ("Remarks:", None)]
    assert [field.confidence for field in page.fields()] == [0.7, 0.5]


def test_a_column_of_pairs_lifts_one_that_is_not_sure_alone() -> None:
    alone = WrittenPage().put(100, 190, "Research group").put(400, 190, "sound of korea")
    assert alone.pairs() == []
    page = WrittenPage().put(100, 100, "Client:").put(400, 100, "Miller").put(100, 145, "Job size").put(400, 145, "12")
    page.put(100, 190, "Research group").put(400, 190, "sound of korea")
    assert page.pairs()[-1] == ("Research group", "sound of korea")


def test_a_currency_in_a_column_of_its_own_belongs_to_its_number() -> None:
    field = WrittenPage().put(100, 100, "Total").put(300, 100, "RM").put(400, 100, "86.00").fields()[0]
    assert (field.value and field.value.text, field.normalized) == ("RM 86.00", "86.00 MYR")


def test_a_title_is_not_the_label_of_a_number() -> None:
    assert WrittenPage().put(100, 100, "Invoice").put(500, 100, "Northwind Traders").labeled() == []
    assert WrittenPage().put(100, 100, "Invoice").put(500, 100, "INV-20417").pairs() == [("Invoice", "INV-20417")]


def test_rows_of_data_have_no_pairs() -> None:
    page = WrittenPage()
    for row, (count, price) in enumerate((("1", "15.00"), ("4", "6.25"), ("6 pcs.", "75.00"))):
        for left, text in ((100, "Article"), (300, count), (500, price), (700, price)):
            page.put(left, 100 + 24 * row, text)
    assert page.pairs() == []
    page.put(500, 76, "Unit price").put(700, 76, "Amount")
    assert page.labeled() == []
    page.put(100, 172, "Subtotal").put(300, 172, "96.25").put(500, 172, "10.00").put(700, 172, "106.25")
    assert page.labeled() == [("Subtotal", "96.25")]


def test_running_text_has_no_pairs() -> None:
    page = WrittenPage()
    for row in range(10):
        page.put(100, 100 + 22 * row, "and the quick brown fox jumped over the lazy dog, which slept again")
    assert page.pairs() == []


def test_columns_of_running_text_have_no_pairs() -> None:
    page = WrittenPage()
    for row in range(12):
        page.put(100, 100 + 24 * row, "New York and its").put(340, 100 + 24 * row, "The year 1993 was 4 times")
    assert page.pairs() == []


def test_a_sentence_that_ends_with_a_colon_is_no_label() -> None:
    assert WrittenPage().put(100, 100, "which we may say so:").put(400, 100, "Green").pairs() == []
    assert WrittenPage().put(100, 100, "e-mail address:").put(400, 100, "none").pairs() == [("e-mail address:", "none")]


def test_a_page_askew() -> None:
    page = WrittenPage(fall=0.04)
    for row in range(6):
        page.put(100, 100 + 24 * row, f"Item {row}:").put(900, 100 + 24 * row, f"thing {row}")
    assert page.pairs() == [(f"Item {row}:", f"thing {row}") for row in range(6)]


def test_fullwidth_colons_and_chinese_labels() -> None:
    page = WrittenPage().put(100, 100, "姓名：王小明").put(100, 150, "金额： 12.50")
    assert page.pairs() == [("姓名：", "王小明"), ("金额：", "12.50")]
