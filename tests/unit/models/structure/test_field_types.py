"""What a text is, and its normal form."""

import time

import pytest

from models.structure.fields.types.conventions import NO_CONVENTIONS, Conventions, conventions_of
from models.structure.fields.types.dates import find_date, read_date
from models.structure.fields.types.values import read_value

DAY_FIRST, MONTH_FIRST = Conventions(day_first=True), Conventions(day_first=False)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("31.01.2026", "2026-01-31"),
        ("06.03.2018", "2018-03-06"),  # with points, the day is first
        ("2026-01-31", "2026-01-31"),
        ("2026/1/3", "2026-01-03"),
        ("25/12/2018 8:13:39 PM", "2018-12-25"),
        ("12/31/97", "1997-12-31"),
        ("15/06/2017 (Thu)", "2017-06-15"),
        ("3. März 2018", "2018-03-03"),
        ("March 3rd, 2018", "2018-03-03"),
        ("30 JUN 2018", "2018-06-30"),
        ("20/MAR/2018", "2018-03-20"),
        ("1er août 2020", "2020-08-01"),
        ("3 de marzo de 2018", "2018-03-03"),
        ("5 maggio 1999", "1999-05-05"),
        ("12 maart 2020", "2020-03-12"),
        ("5 fevereiro 2020", "2020-02-05"),
        ("2018年3月6日", "2018-03-06"),
        ("Juni 2018", "2018-06"),
        ("03/03/2018", "2018-03-03"),  # both orders say the same
        ("06/03/2018", ""),  # it could be two dates
        ("31/02/2018", None),
        ("1.2.3.4", None),
        ("12.50", None),
        ("Marx 12 2018", None),
        ("call 555 on 31.01.2026", None),  # more than a date
    ],
)
def test_dates(text: str, normal: str | None) -> None:
    assert read_date(text, NO_CONVENTIONS) == normal


def test_order_of_day_and_month_comes_from_other_dates_of_the_page() -> None:
    assert read_date("06/03/2018", conventions_of(["Date 31/12/2017", "06/03/2018"])) == "2018-03-06"
    assert read_date("06/03/2018", conventions_of(["Date 12/31/2017"])) == "2018-06-03"
    assert read_date("06/03/2018", conventions_of(["31/12/2017", "12/31/2017"])) == ""  # they contradict each other


def test_a_date_within_a_text() -> None:
    assert find_date("issued on 31.01.2026 in Bonn", NO_CONVENTIONS) == (10, 20, "2026-01-31")


@pytest.mark.parametrize(
    ("text", "kind", "normal"),
    [
        ("1.234,56 €", "amount", "1234.56 EUR"),
        ("$1,234.56", "amount", "1234.56 USD"),
        ("CHF 1'234.56", "amount", "1234.56 CHF"),
        ("1 234,56 EUR", "amount", "1234.56 EUR"),
        ("Rs. 1,23,456.00", "amount", "123456.00 INR"),
        ("¥1,234", "amount", "1234 JPY"),
        ("RM9.00", "amount", "9.00 MYR"),
        ("12.50", "amount", "12.50"),
        ("12.50-", "amount", "-12.50"),
        ("(12.50)", "amount", "-12.50"),
        ("120,- €", "amount", "120 EUR"),
        ("1,234", "number", "1234"),
        ("12.5", "number", "12.5"),
        ("19 %", "number", "19%"),
        ("05787", "text", None),  # digits that name something
        ("12.34.56", "text", None),
        ("12 kg", "text", None),
        ("A.Miller@Example.com", "email", "a.miller@example.com"),
        ("www.example.com/a", "url", "www.example.com/a"),
        ("DE89 3704 0044 0532 0130 00", "iban", "DE89370400440532013000"),
        ("DE89 3704 0044 0532 0130 01", "text", None),
        ("NL 8104.33.941.B01", "vat_id", "NL810433941B01"),
        ("DE123456789", "vat_id", None),  # the form of one, but its check digit is wrong
        ("CHE-116.281.271 MWST", "vat_id", "CHE116281271"),
        ("+49 (0)89 1234567", "phone", "+49891234567"),
        ("813-884-0663", "phone", None),
        ("Miller & Sons", "text", None),
    ],
)
def test_types_and_normal_forms(text: str, kind: str, normal: str | None) -> None:
    value = read_value(text, NO_CONVENTIONS)
    assert (value.type, value.normalized) == (kind, normal)


def test_conventions_of_the_page_tell_what_a_mark_means() -> None:
    german = conventions_of(["Summe 12,50"])
    assert read_value("1,234", german).normalized == "1.234"
    assert read_value("1.234", german).normalized == "1234"
    assert read_value("¥12", conventions_of(["合计"])).normalized == "12 CNY"


def test_a_label_tells_a_phone_number() -> None:
    assert read_value("813 884 0663", NO_CONVENTIONS).type == "text"
    assert read_value("813 884 0663", NO_CONVENTIONS, "phone").type == "phone"


@pytest.mark.parametrize("text", ["1" * 150, "1 " * 75, "a@" * 70, "1." * 70, "(" * 150, "1/" * 70, "May " * 35])
def test_hostile_texts_take_no_time(text: str) -> None:
    start = time.process_time()
    for _ in range(100):
        read_value(text, NO_CONVENTIONS)
    assert time.process_time() - start < 1
