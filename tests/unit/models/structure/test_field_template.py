"""Fields that a template asks for."""

import re
from pathlib import Path

import pytest

from models.errors import MalformedRequest
from models.structure.fields.template import parse_template
from tests.unit.models.structure.written import WrittenPage

PAGE_OF_DOCS = Path(__file__).parents[4] / "docs/how-to/fields.md"
INVOICE, RECEIPT, TRANSFER = re.findall(r"```yaml\n(.*?)```", PAGE_OF_DOCS.read_text(encoding="utf-8"), re.DOTALL)


def field(name: str = "x", **keys: str) -> str:
    return "\n".join(["fields:", f"  - name: {name}", *(f"    {key}: {value}" for key, value in keys.items())])


def found(page: WrittenPage, template: str, name: str = "x") -> str | None:
    return page.named(template).get(name)


def test_the_invoice_of_the_docs() -> None:
    page = WrittenPage().put(100, 100, "Rechnungsnummer").put(400, 100, "RE-17").put(100, 150, "Date of Issue")
    page.put(100, 180, "31 January 2026").put(100, 300, "Total goods").put(500, 300, "100,00 €")
    page.put(100, 340, "Summe").put(500, 340, "119,00 €")
    named = page.named(INVOICE)
    assert (named["invoice_no"], named["invoice_date"], named["to_pay"]) == ("RE-17", "2026-01-31", "119.00 EUR")


def test_the_receipt_of_the_docs() -> None:
    page = WrittenPage().put(100, 40, "Call us: +44 1304 123456").put(100, 100, "TOTAL").put(300, 100, "£ 9.20")
    page.put(100, 130, "Change").put(300, 130, "0.80").put(100, 160, "1234").put(180, 160, "Visa")
    named = page.named(RECEIPT)
    assert (named["paid"], named["change"], named["card"]) == ("9.20 GBP", "0.80", "1234")
    assert named["shop_phone"] == "+441304123456"


def test_the_transfer_form_of_the_docs() -> None:
    page = WrittenPage().put(100, 100, "Begünstigter (Name)").put(110, 130, "Kay Stone").put(100, 180, "IBAN")
    page.put(110, 210, "DE89 3704 0044 0532 0130 00").put(600, 180, "Betrag: Euro, Cent").put(610, 210, "1.250,00")
    page.put(110, 300, "31.01.2026").put(100, 330, "Datum")
    named = page.named(TRANSFER)
    assert named["beneficiary"] == "Kay Stone"
    assert named["iban"] == "DE89370400440532013000"
    assert named["amount"] == "1250.00"
    assert named["signed_on"] == "2026-01-31"


def test_places_of_a_value() -> None:
    page = WrittenPage().put(300, 100, "above").put(100, 140, "left").put(300, 140, "Anchor").put(500, 140, "right")
    page.put(300, 180, "below")
    for where in ("above", "left", "right", "below"):
        assert found(page, field(anchors="anchor", where=where)) == where
    assert found(page, field(anchors="anchor")) == "right"


def test_same_line_is_of_one_line() -> None:
    page = WrittenPage().put(100, 100, "Order A-17 shipped").put(600, 100, "B-18")
    assert found(page, field(anchors="order", where="same_line")) == "A-17 shipped"
    assert (
        found(WrittenPage().put(100, 100, "Order").put(300, 100, "B-18"), field(anchors="order", where="same_line"))
        is None
    )


def test_a_label_may_be_misread_a_little() -> None:
    page = WrittenPage().put(100, 100, "Mernbershlp nurnber").put(400, 100, "17")
    assert found(page, field(anchors="Membership number")) is None  # five characters are wrong
    page = WrittenPage().put(100, 100, "Mcmbership numbcr").put(400, 100, "17")
    assert found(page, field(anchors="Membership number")) == "17"
    assert found(WrittenPage().put(100, 100, "Tax 12.00"), field(anchors="Fax")) is None  # too short to be misread


def test_case_accents_and_spaces_of_a_label_do_not_matter() -> None:
    page = (
        WrittenPage()
        .put(100, 100, "BÉNÉFICIAIRE :")
        .put(400, 100, "Lea")
        .put(100, 150, "Date oforder")
        .put(400, 150, "x1")
    )
    assert found(page, field(anchors="beneficiaire")) == "Lea"
    assert found(page, field(anchors="Date of order")) == "x1"


def test_a_label_that_stands_alone_comes_first() -> None:
    page = WrittenPage().put(100, 100, "Total weight is 12").put(100, 150, "Total").put(400, 150, "99")
    assert found(page, field(anchors="total", where="right")) == "99"


def test_the_first_and_the_last_one() -> None:
    page = WrittenPage().put(100, 100, "Sum 1.00").put(100, 150, "Sum 2.00").put(100, 200, "Sum 3.00")
    assert found(page, field(anchors="sum", type="amount")) == "1.00"
    assert found(page, field(anchors="sum", type="amount", pick="last")) == "3.00"


def test_a_type_takes_a_part_of_a_line() -> None:
    page = WrittenPage().put(100, 100, "Pay:").put(300, 100, "not later than 31.01.2026 please")
    value = next(one for one in page.fields(field(anchors="pay", type="date")) if one.name == "x").value
    assert value is not None
    assert value.text == "31.01.2026"
    assert [(span.line, span.start, span.end) for span in value.words] == [(1, 3, 4)]


def test_a_required_field_that_is_not_there_is_told() -> None:
    page = WrittenPage().put(100, 100, "nothing")
    assert page.built(field(anchors="total", required="true"))[1] == [
        "field_not_found: the field x of the template was not found on this page"
    ]
    assert page.built(field(anchors="total"))[1] == []
    assert page.built(field(anchors="total", required="true", pages="2"))[1] == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fields: [", "fields_template is not plain YAML in line 1: "),
        ("- name: x", "fields_template is not a mapping; it begins with `fields:`"),
        ("fields: []", "fields_template: fields: Tuple should have at least 1 item"),
        ("feilds: []", "fields_template: fields: Field required (and 1 more)"),
        (field(anchors="a", wher="right"), "fields_template: fields[0].wher is unknown; known are name, anchors, "),
        (field(anchors="a", where="up"), "fields_template: fields[0].where: Input should be 'right', 'below', "),
        (field(), "fields_template: fields[0]: x has no anchors: give some, or `where: anywhere` and a type"),
        (field(where="anywhere"), "fields_template: fields[0]: x may stand anywhere, so it needs a type"),
        (field("a b", anchors="a"), "fields_template: fields[0].name: "),
        (field(anchors="a", pages="0"), "fields_template: fields[0].pages"),
        (field(anchors="a") + "\n  - name: x\n    anchors: b", "fields_template: fields: two fields have the name x"),
        ("fields: &a [*a]", "fields_template is not plain YAML in line 1: aliases are not allowed"),
        ("fields: " + "[" * 5000, "fields_template is not plain YAML in line 1: it is nested too deeply"),
        ("fields: []\nfields: []", "fields_template is not plain YAML in line 1: the key fields stands twice"),
        ("fields: !!python/object:os.system []", "fields_template is not plain YAML in line 1: "),
        ("#" * 40_000, "fields_template has 40000 bytes; at most 32768 are allowed"),
        ("a: \x00", "fields_template is not plain YAML: "),
        (field(anchors="a|b|c|d|e|f|g|h|i|j|k"), "fields_template: fields[0].anchors: Tuple should have at most 10 "),
    ],
)  # fmt: skip
def test_faults_are_told_in_a_sentence(text: str, message: str) -> None:
    with pytest.raises(MalformedRequest) as caught:
        parse_template(text)
    assert caught.value.message.startswith(message)
