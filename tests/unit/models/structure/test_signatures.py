import cv2
import numpy as np
import pytest

from models.page import Line, PageText
from models.steps import run_steps
from models.structure.marks import MarkPart
from models.structure.part import PageView, StructureOptions
from models.structure.result import Mark, PageStructure
from tests.unit.models.structure.drawn_forms import Pixels, blank, line, written

TEXT = [line(f"LINE {row} OF THE LETTER", 80, 60 + 50 * row) for row in range(4)]


def signed(page: Pixels, x: int, y: int) -> None:
    """Write a name by hand: a wave with loops, up to 60 pixels high, whose foot is at (x, y)."""
    t = np.linspace(0, 6 * np.pi, 400)
    points = np.stack([x + 8 * t + 12 * np.sin(2 * t), y - 22 - 20 * np.sin(t) - 8 * np.cos(3 * t)], axis=1)
    cv2.polylines(page, [np.rint(points).astype(np.int32)], False, (120, 30, 20), 2)


def signatures(page: Pixels, lines: list[Line]) -> list[Mark]:
    quads = np.array([one.polygon for one in lines], np.float32)
    part = MarkPart()
    looked = run_steps(part.look(PageView(page, quads), {}), lambda inputs: [])
    text = PageText(1, page.shape[1], page.shape[0], 0, tuple(lines))
    structure, warnings = part.build(looked, text, PageStructure(), StructureOptions())
    assert warnings == ()
    return [mark for mark in structure.marks if mark.kind == "signature"]


def page_with(*lines: Line, rule: tuple[int, int, int] | None) -> Pixels:
    page = blank()
    written(page, [*TEXT, *lines])
    if rule is not None:
        left, right, y = rule
        cv2.line(page, (left, y), (right, y), (0, 0, 0), 2)
    return page


PLACES = [
    ("SIGNATURE:", (300, 620, 512)),  # right of the label
    ("SIGNATURE", (100, 420, 478)),  # above it
    ("SIGNATURE OF APPLICANT", (120, 470, 572)),  # below it, as below a heading
]


@pytest.mark.parametrize(("text", "rule"), PLACES)
def test_a_line_with_handwriting_on_it_is_signed(text: str, rule: tuple[int, int, int]) -> None:
    label = line(text, 120, 500)
    page = page_with(label, rule=rule)
    (empty,) = signatures(page, [*TEXT, label])
    assert (empty.is_set, empty.label and empty.label.text) == (False, text)
    assert empty.polygon[2][0] == pytest.approx(rule[1], abs=8)
    signed(page, rule[0] + 60, rule[2] - 2)
    (mark,) = signatures(page, [*TEXT, label])
    assert mark.is_set
    left, right = mark.polygon[0][0], mark.polygon[1][0]
    assert rule[0] + 40 <= left < rule[0] + 80
    assert rule[0] + 190 < right <= rule[0] + 240


@pytest.mark.parametrize(
    "text",
    [
        "Signed by",
        "Unterschrift",
        "Signature du client",
        "Firma del titular",
        "Handtekening",
        "签字:",
        "客户签名",
        "署名",
    ],
)
def test_labels_of_all_languages_are_known(text: str) -> None:
    label = line(text, 120, 500)
    page = page_with(rule=(100, 460, 478))
    signed(page, 160, 476)
    assert [mark.is_set for mark in signatures(page, [*TEXT, label])] == [True]


def test_print_on_the_line_is_not_a_signature() -> None:
    label, name = line("SIGNATURE:", 120, 500), line("TO BE SENT", 320, 494, confidence=0.999)
    page = page_with(label, name, rule=(300, 620, 512))
    assert [mark.is_set for mark in signatures(page, [*TEXT, label, name])] == [False]


def test_a_label_without_a_line_is_a_place_only_if_somebody_signed() -> None:
    label = line("SIGNATURE:", 120, 500)
    page = page_with(label, rule=None)
    assert signatures(page, [*TEXT, label]) == []
    signed(page, 340, 515)
    assert [(mark.is_set, mark.confidence < 0.8) for mark in signatures(page, [*TEXT, label])] == [(True, True)]


def test_other_lines_are_not_places_for_signatures() -> None:
    label = line("DATE", 120, 500)
    page = page_with(label, rule=(300, 620, 512))
    signed(page, 340, 510)
    prose = line("THE SIGNATURE OF THE OWNER IS NEEDED ON ALL FORMS", 80, 600)
    company = [line("Firma", 120, 500), line("Datum", 120, 560)]
    assert signatures(page, [*TEXT, label, prose]) == []
    assert signatures(page, [*TEXT, *company]) == []
