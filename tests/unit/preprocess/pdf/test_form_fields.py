import dataclasses
from typing import Any

import numpy as np
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, String
from PIL import Image

from deployments.settings import PreprocessLimits
from models.page import FormField, Page
from tests.unit.preprocess.pdf.conftest import Read
from tests.unit.preprocess.pdf.documents import form as drawing
from tests.unit.preprocess.pdf.documents import picture, placed, saved, text_at, with_page


def widget(pdf: Pdf, rect: tuple[float, float, float, float], **entries: Any) -> Dictionary:
    return pdf.make_indirect(
        Dictionary(Type=Name.Annot, Subtype=Name.Widget, Rect=Array([*rect]), F=entries.pop("F", 4), **entries)
    )


def with_fields(pdf: Pdf, fields: list[Any], widgets: list[Any] | None = None) -> bytes:
    pdf.pages[0].Annots = Array(fields if widgets is None else widgets)
    pdf.Root.AcroForm = Dictionary(Fields=Array(fields))
    return saved(pdf)


def states(pdf: Pdf, *names: str) -> Dictionary:
    return Dictionary(N=Dictionary({f"/{name}": drawing(pdf, b"") for name in names}))


def new_page(content: bytes = b"", **entries: Any) -> Pdf:
    pdf = Pdf.new()
    with_page(pdf, content, (200, 100), **entries)
    return pdf


def test_fields_of_all_kinds_have_names_values_and_places(read: Read) -> None:
    pdf = new_page()
    group = pdf.make_indirect(Dictionary(FT=Name.Btn, Ff=1 << 15, T=String("pay"), V=Name.card))
    group.Kids = Array(
        [
            widget(pdf, (10, 10, 20, 20), Parent=group, AS=Name.Off, AP=states(pdf, "cash", "Off")),
            widget(pdf, (30, 10, 40, 20), Parent=group, AS=Name.card, AP=states(pdf, "card", "Off")),
        ]
    )
    person = pdf.make_indirect(Dictionary(T=String("person"), FT=Name.Tx))
    person.Kids = Array([widget(pdf, (10, 70, 110, 90), Parent=person, T=String("name"), V=String("Zoë 王\r\nLi"))])
    fields = [
        person,
        widget(pdf, (120, 70, 130, 80), FT=Name.Btn, T=String("agree"), V=Name.On, AS=Name.On, AP=states(pdf, "On")),
        widget(pdf, (140, 70, 150, 80), FT=Name.Btn, T=String("news"), AS=Name.Off, AP=states(pdf, "On", "Off")),
        group,
        widget(
            pdf, (50, 10, 90, 20), FT=Name.Ch, Ff=1 << 17, T=String("land"), V=String("DE"), Opt=Array(["DE", "FR"])
        ),
        widget(
            pdf,
            (100, 10, 140, 40),
            FT=Name.Ch,
            Ff=1 << 21,
            T=String("days"),
            V=Array(["mo", "we"]),
            Opt=Array(["mo", "tu", "we"]),
        ),
        widget(pdf, (150, 10, 190, 40), FT=Name.Sig, T=String("signed"), V=Dictionary(Type=Name.Sig)),
        widget(pdf, (150, 50, 190, 60), FT=Name.Sig, T=String("open")),
        widget(pdf, (10, 40, 30, 50), FT=Name.Tx, T=String("secret"), V=String("hidden"), F=2),
        widget(pdf, (40, 40, 60, 50), FT=Name.Btn, Ff=1 << 16, T=String("send")),
    ]
    kids = [person.Kids[0], fields[1], fields[2], *group.Kids, *fields[4:]]
    page = read(with_fields(pdf, fields, kids), dpi=72, structure=("fields",))
    found = [(one.kind, one.name, one.value, one.is_set) for one in page.form]
    assert found == [
        ("text", "person.name", "Zoë 王\nLi", False),
        ("checkbox", "agree", "On", True),
        ("checkbox", "news", "On", False),
        ("radio", "pay", "cash", False),
        ("radio", "pay", "card", True),
        ("choice", "land", "DE", False),
        ("choice", "days", "mo\nwe", False),
        ("signature", "signed", "", True),
        ("signature", "open", "", False),
    ]
    assert page.form[0].polygon == ((10, 10), (110, 10), (110, 30), (10, 30))


def one_field(**page_entries: Any) -> bytes:
    pdf = new_page(text_at(("Name of the applicant", 10, 50), size=10), **page_entries)
    return with_fields(pdf, [widget(pdf, (10, 70, 110, 90), FT=Name.Tx, T=String("name"))])


@pytest.mark.parametrize(
    ("rotate", "box"), [(90, (70, 10, 90, 110)), (180, (90, 70, 190, 90)), (270, (10, 90, 30, 190))]
)
def test_a_fields_place_is_upright_as_its_page(read: Read, rotate: int, box: tuple[int, int, int, int]) -> None:
    """The text stands along the page as stored, so a page turned by Rotate is turned back by its layer."""
    page = read(one_field(Rotate=rotate), dpi=72, structure=("marks",), text_layer="never")
    left, top, right, bottom = box
    assert page.form[0].polygon == ((left, top), (right, top), (right, bottom), (left, bottom))
    page = read(one_field(Rotate=rotate), dpi=72, structure=("marks",), text_layer="always")
    assert page.rotation == 360 - rotate
    assert page.form[0].polygon == ((10, 10), (110, 10), (110, 30), (10, 30))
    assert page.pixels.shape == (100, 200, 3)


def test_fields_are_listed_only_where_they_are_asked_for(read: Read) -> None:
    assert read(one_field()).form == ()
    assert read(one_field(), structure=("layout", "tables", "codes")).form == ()
    assert len(read(one_field(), structure=("marks",)).form) == 1


def codes(page: Page) -> list[str]:
    return [warning.code for warning in page.warnings]


def test_more_fields_than_a_page_may_have_are_left_out_with_a_warning(read: Read) -> None:
    pdf = new_page()
    field = widget(pdf, (10, 10, 20, 20), FT=Name.Tx, T=String("one in many places"))
    page = read(with_fields(pdf, [field], [field] * 10_001), structure=("fields",))
    assert (len(page.form), codes(page)) == (10_000, ["form_fields_cut"])


def test_long_values_are_cut_with_a_warning(read: Read) -> None:
    pdf = new_page()
    values = {"long": "x" * 10_001, "whole": "y" * 10_000, "huge": "z" * 500_001}
    fields = [widget(pdf, (10, 10, 20, 20), FT=Name.Tx, T=String(name), V=String(values[name])) for name in values]
    page = read(with_fields(pdf, fields), structure=("fields",))
    assert {field.name: field.value for field in page.form} == {"long": "x" * 10_000, "whole": "y" * 10_000, "huge": ""}
    assert codes(page) == ["form_fields_cut"]


def test_all_values_of_a_page_together_are_bounded(read: Read) -> None:
    pdf = new_page()
    fields = [widget(pdf, (9, 9, 20, 20), FT=Name.Tx, T=String(f"{i:03}"), V=String("x" * 9_997)) for i in range(110)]
    page = read(with_fields(pdf, fields), structure=("fields",))
    assert sum(len(field.name) + len(field.value) for field in page.form) == 1_000_000
    assert (len(page.form), codes(page)) == (110, ["form_fields_cut"])


def test_odd_names_and_values_are_text(read: Read) -> None:
    pdf = new_page()
    half_a_pair = b"\xfe\xff\xd8\x3d\x00A"
    fields = [
        widget(pdf, (10, 10, 20, 20), FT=Name.Tx, T=String(half_a_pair), V=String("a\0b")),
        widget(pdf, (20, 10, 10, 20), FT=Name.Tx),
        widget(pdf, (-1e9, -1e9, 1e9, 1e9), FT=Name.Tx, T=String("wide")),
    ]
    page = read(with_fields(pdf, fields), dpi=72, structure=("fields",))
    assert all("\0" not in field.value and (field.name + field.value).encode() is not None for field in page.form)
    assert page.form[-1] == FormField("text", "wide", "", ((0, 0), (200, 0), (200, 100), (0, 100)))


def plain(page: Page) -> dict[str, Any]:
    """All that reading depends on. The pixels do not count if nothing on them is read."""
    values = {field.name: getattr(page, field.name) for field in dataclasses.fields(page)}
    values["unread"] = page.unread.tolist()
    values["samples"] = None if page.samples is None else page.samples.pixels.tobytes()
    values["pixels"] = page.pixels.tobytes() if page.text_layer is None or len(page.unread) else None
    return values | {"form": ()}


def with_picture() -> bytes:
    pdf = Pdf.new()
    image = picture(pdf, Image.effect_noise((300, 200), 80))
    content = text_at(("Words beside a picture", 72, 700)) + b" q 300 0 0 200 60 300 cm /I Do Q"
    with_page(pdf, **placed(image, content))
    return saved(pdf)


@pytest.mark.parametrize("text_layer", ["auto", "always", "never"])
@pytest.mark.parametrize(
    "data",
    [one_field(), one_field(Rotate=90), with_picture()],
    ids=["form", "turned", "picture"],
)
def test_structure_changes_nothing_of_the_plain_page_but_that_it_is_drawn(
    read: Read, data: bytes, text_layer: str
) -> None:
    few_pixels = PreprocessLimits(max_pixels=1_000_000)
    without = read(data, limits=few_pixels, dpi=200, text_layer=text_layer)
    drawn = read(data, limits=few_pixels, dpi=200, text_layer=text_layer, structure=("layout", "marks"))
    assert plain(drawn) == plain(without)
    assert drawn.pixels.shape == (drawn.height, drawn.width, 3)
    assert np.ptp(drawn.pixels) > 200
