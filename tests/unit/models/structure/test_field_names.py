"""Well-known names of fields."""

import pytest

from models.structure.fields.names.known import known_label, length_of_known_label
from tests.unit.models.structure.written import WrittenPage


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("GRAND TOTAL:", "total"),
        ("Total (incl. GST 6%)", "total"),
        ("Total Sales Inclusive of GST", "total"),
        ("Total excluding VAT", "net"),
        ("Total RM", "total"),
        ("Total savings", None),
        ("Gesamtbetrag", "total"),
        ("Montant total TTC :", "total"),
        ("Total HT", "net"),
        ("Importe total", "total"),
        ("Totaal te betalen", "total"),
        ("价税合计（小写）", "total"),
        ("MwSt. 19 %", "tax"),
        ("Rechnungs-Nr.", "invoice_number"),
        ("N° facture", "invoice_number"),
        ("Invoice #", "invoice_number"),
        ("Fälligkeit", "due_date"),
        ("Date d'échéance", "due_date"),
        ("USt-IdNr.", "seller_vat"),
        ("E-Mail", "email"),
        ("电话：", "phone"),
        ("Colour", None),
        ("", None),
    ],
)
def test_labels_in_several_languages(label: str, name: str | None) -> None:
    assert known_label(label) == name


def test_length_of_a_label_counts_the_word_for_number() -> None:
    assert length_of_known_label(["Rechnung", "Nr.", "4711"]) == 2
    assert length_of_known_label(["Rechnung", "#", "4711"]) == 2
    assert length_of_known_label(["red", "fox"]) == 0


def test_an_invoice() -> None:
    page = WrittenPage().put(100, 100, "Invoice no. 2026-17 of 31.01.2026").put(100, 160, "Due date: 14.02.2026")
    page.put(100, 220, "Seller").put(100, 260, "Kay Stone Ltd").put(600, 220, "Buyer").put(600, 260, "Rose Lane Inc")
    page.put(100, 400, "Net amount").put(500, 400, "100.00 EUR").put(100, 430, "VAT 19 %").put(500, 430, "19.00 EUR")
    page.put(100, 460, "Total").put(500, 460, "119.00 EUR").put(100, 600, "VAT ID: NL810433941B01 a.lee@example.com")
    named = page.named()
    assert named == {
        "invoice_number": "2026-17",
        "date": "2026-01-31",
        "due_date": "2026-02-14",
        "seller": "Kay Stone Ltd",
        "buyer": "Rose Lane Inc",
        "net": "100.00 EUR",
        "tax": "19.00 EUR",
        "total": "119.00 EUR",
        "seller_vat": "NL810433941B01",
    }
    assert "a.lee@example.com" in [field.normalized for field in page.fields()]


def test_a_receipt() -> None:
    page = WrittenPage().put(300, 40, "MILLER TRADING LTD (12345-X)").put(300, 66, "17 Rose Lane").put(300, 92, "Dover")
    page.put(300, 118, "Tel: 01304 123456").put(100, 200, "31/12/2025 18:24").put(100, 240, "Tea        4.00")
    page.put(100, 300, "Sub total").put(500, 300, "4.00").put(100, 330, "Total (rounded)").put(500, 330, "4.05")
    page.put(100, 360, "Total").put(500, 360, "4.04").put(100, 390, "Cash").put(500, 390, "10.00")
    named = page.named()
    assert named["company"] == "MILLER TRADING LTD"
    assert named["address"] == "17 Rose Lane\nDover"
    assert named["date"] == "2025-12-31"
    assert named["total"] == "4.05"


def test_sums_that_add_up_beat_labels() -> None:
    page = (
        WrittenPage().put(100, 100, "Sales tax").put(400, 100, "40.00").put(100, 130, "Goods").put(400, 130, "200.00")
    )
    page.put(100, 160, "Charges").put(400, 160, "20.00").put(100, 190, "Total").put(400, 190, "220.00")
    named = page.named()
    assert (named["net"], named["tax"], named["total"]) == ("200.00", "20.00", "220.00")


def test_the_name_of_a_shop_goes_on_in_its_second_line() -> None:
    page = WrittenPage().put(300, 40, "Popular Books").put(300, 62, "Co. Ltd.").put(100, 200, "Total 9.00")
    assert page.named()["company"] == "Popular Books\nCo. Ltd."


@pytest.mark.parametrize(
    ("head", "company"),
    [
        (("LANTERN & LOAF", "Bakery and Coffee"), "LANTERN & LOAF"),
        (("Miller Trading", "Co. Ltd.", "(Co. No. 12345-X)"), "Miller Trading\nCo. Ltd."),
        (("Miller Hardware", "Trading (North", "Vale) Ltd."), "Miller Hardware\nTrading (North\nVale) Ltd."),
        (("Free, Charles, Lee & Lawson, Inc.",), "Free, Charles, Lee & Lawson, Inc."),
        (("Miller", "AR, CA, CO, FL, NY"), "Miller"),
        (("Miller and Sons", "Co. Reg. No. 12345-X"), "Miller and Sons"),
    ],
)
def test_what_belongs_to_the_name_of_a_company(head: tuple[str, ...], company: str) -> None:
    page = WrittenPage()
    for row, text in enumerate(head):
        page.put(300, 40 + 24 * row, text, 16 if text.endswith("Coffee") else 22)
    page.put(300, 130, "17 Rose Lane").put(100, 200, "Total 9.00")
    assert page.named()["company"] == company


@pytest.mark.parametrize(("last", "names"), [("Total: 9.00", {"seller", "buyer", "total"}), ("Subject: cats", set())])
def test_a_letter_has_neither_seller_nor_buyer(last: str, names: set[str]) -> None:
    page = WrittenPage().put(100, 100, "From: Ann Lee").put(100, 140, "To: Bob Miller").put(100, 180, last)
    assert set(page.named()) == names


def test_the_first_date_is_told_once() -> None:
    page = WrittenPage().put(100, 100, "Date requested: 31/12/2025").put(100, 140, "Deadline: 15/01/2026")
    dates = [(field.name, field.normalized) for field in page.fields() if field.type == "date"]
    assert dates == [("date", "2025-12-31"), (None, "2026-01-15")]


def test_an_iban_without_a_label() -> None:
    field = WrittenPage().put(100, 100, "please pay to DE89 3704 0044 0532 0130 00 at once").fields()[0]
    assert (field.label, field.type, field.normalized) == (None, "iban", "DE89370400440532013000")
    assert field.value is not None
    assert field.value.text == "DE89 3704 0044 0532 0130 00"


@pytest.mark.parametrize(("gap", "article"), [(36, "Wheat flour, 25 kg bag"), (80, "Scraper of Miller Ltd")])
def test_an_article_beneath_an_address_is_not_the_buyer(gap: float, article: str) -> None:
    page = WrittenPage().put(100, 100, "Bill to").put(100, 122, "Ballycastle Bakery").put(100, 144, "Sligo")
    page.put(100, 144 + gap, article).put(100, 400, "Total").put(400, 400, "490.47 EUR")
    assert (page.named()["buyer"] or "").startswith("Ballycastle Bakery")
