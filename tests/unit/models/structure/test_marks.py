from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from models.page import FormField, Line, PageText, PageWarning
from models.steps import run_steps
from models.structure.codes import CodesSeen
from models.structure.marks import MarkPart
from models.structure.part import PageView, StructureOptions
from models.structure.result import Code, Mark, PageStructure, PartName
from tests.unit.models.structure.drawn_forms import Pixels, blank, box, line, written


def marks_of(
    page: Pixels, lines: Sequence[Line], form: tuple[FormField, ...] = (), codes: CodesSeen | None = None
) -> tuple[tuple[Mark, ...], tuple[PageWarning, ...]]:
    quads = np.array([one.polygon for one in lines], np.float32).reshape(-1, 4, 2)
    part = MarkPart()
    seen: dict[PartName, CodesSeen] = {} if codes is None else {"codes": codes}
    looked = run_steps(part.look(PageView(page, quads, form=form), seen), lambda inputs: [])
    text = PageText(1, page.shape[1], page.shape[0], 0, tuple(lines))
    structure, warnings = part.build(looked, text, PageStructure(), StructureOptions())
    return structure.marks, warnings


def told(marks: Sequence[Mark]) -> list[tuple[str, bool, str | None]]:
    return [(mark.kind, mark.is_set, mark.label.text if mark.label else None) for mark in marks]


LABELS = ["MALE", "FEMALE", "I AGREE", "SEND NEWS", "PAID BY CARD", "OTHER"]
LINES = [line(text, 100, 60 + 100 * row) for row, text in enumerate(LABELS)]


def form_of(draw: str, *, kind: str = "checkbox", side: int = 26, lines: Sequence[Line] = LINES) -> Pixels:
    """A form with a box before each line. On every second one something is drawn."""
    page = blank()
    written(page, lines)
    for row in range(len(lines)):
        left, top = 86 - side, 60 + 100 * row - side // 2
        right, bottom = left + side, top + side
        middle = (left + side // 2, top + side // 2)
        if kind == "checkbox":
            cv2.rectangle(page, (left, top), (right, bottom), (60, 60, 60), 1 if draw == "thin" else 2)
        elif kind == "double":
            cv2.rectangle(page, (left, top), (right, bottom), (0, 0, 0), 1)
            cv2.rectangle(page, (left + 4, top + 4), (right - 4, bottom - 4), (0, 0, 0), 1)
        else:
            cv2.circle(page, middle, side // 2, (0, 0, 0), 2)
        if row % 2 == 0 or draw == "nothing":
            continue
        if draw in ("cross", "thin"):
            for up in (0, side - 8):
                cv2.line(page, (left + 4, top + 4 + up), (right - 4, bottom - 4 - up), (0, 0, 120), 2)
        elif draw == "leaving cross":
            cv2.line(page, (left - 7, top - 9), (right + 6, bottom + 8), (0, 0, 120), 3)
            cv2.line(page, (left - 5, bottom + 7), (right + 8, top - 8), (0, 0, 120), 3)
        elif draw == "tick":
            points = np.array([(left + 3, top + side // 2), (left + side // 2 - 2, bottom - 4), (right + 8, top - 10)])
            cv2.polylines(page, [points.astype(np.int32)], False, (120, 0, 0), 3)
        elif draw == "half":
            cv2.rectangle(page, (left, top + side // 2), (right, bottom), (0, 0, 0), -1)
        elif draw == "fill":
            cv2.rectangle(page, (left, top), (right, bottom), (0, 0, 0), -1)
        elif draw == "dot":
            cv2.circle(page, middle, side // 4, (0, 0, 0), -1)
    return page


@pytest.mark.parametrize(
    ("kind", "draw", "side"),
    [
        ("checkbox", "cross", 20),
        ("checkbox", "cross", 44),
        ("checkbox", "thin", 26),
        ("checkbox", "leaving cross", 28),
        ("checkbox", "tick", 24),
        ("checkbox", "half", 26),
        ("checkbox", "fill", 26),
        ("double", "cross", 34),
        ("radio", "dot", 26),
        ("radio", "cross", 30),
        ("radio", "leaving cross", 28),
    ],
)
def test_boxes_have_their_state_place_and_label(kind: str, draw: str, side: int) -> None:
    marks, warnings = marks_of(form_of(draw, kind=kind, side=side), LINES)
    expected = "radio" if kind == "radio" else "checkbox"
    assert told(marks) == [(expected, row % 2 == 1, label) for row, label in enumerate(LABELS)]
    assert warnings == ()
    for row, mark in enumerate(marks):
        assert np.array(mark.polygon[0]) == pytest.approx((86 - side, 60 + 100 * row - side // 2), abs=4)
        assert np.array(mark.polygon[2]) == pytest.approx((86, 60 + 100 * row + side // 2), abs=4)
        assert mark.label is not None
        assert [(span.line, span.start, span.end) for span in mark.label.words] == [(row, 0, len(LINES[row].words))]


def test_a_photographed_form_is_read_likewise() -> None:
    page = form_of("tick", side=28)
    turn = cv2.getRotationMatrix2D((500, 350), 1.5, 1.0)
    photo = cv2.warpAffine(page, turn, (1000, 700), borderValue=(255, 255, 255))
    noise = np.random.default_rng(0).normal(0, 6, page.shape)
    gradient = np.linspace(0.6, 0.95, 1000)[None, :, None]
    photo = (cv2.GaussianBlur(photo, (0, 0), 0.8) * gradient + noise).clip(0, 255).astype(np.uint8)
    lines = []
    for one in LINES:
        moved = cv2.transform(np.array([one.polygon], np.float64), turn)[0]
        lines.append(line(one.text, float(moved[0, 0]), float(moved[:, 1].mean())))
    assert told(marks_of(np.asarray(photo, np.uint8), lines)[0]) == [
        ("checkbox", row % 2 == 1, text) for row, text in enumerate(LABELS)
    ]


@pytest.mark.parametrize(
    ("read", "label"),
    [("O MALE", "MALE"), ("□ MALE", "MALE"), ("X MALE", "MALE"), ("□MALE", "MALE"), ("8 MALE", "MALE")],
)
def test_a_box_that_was_read_as_a_letter_is_not_part_of_its_label(read: str, label: str) -> None:
    lines = [line(read, 64, 60, confidence=0.8), *LINES[1:]]
    assert told(marks_of(form_of("cross"), lines)[0])[0] == ("checkbox", False, label)


def test_labels_end_at_the_next_box_and_may_stand_on_the_left() -> None:
    page = blank()
    lines = [line("YES   NO   UNKNOWN", 100, 60), line("OPEN", 100, 160), line("CLOSED", 100, 260)]
    for left, top in ((65, 47), (163, 47), (244, 47)):
        cv2.rectangle(page, (left, top), (left + 24, top + 24), (0, 0, 0), 2)
    assert [label for *_, label in told(marks_of(page, lines)[0])] == ["YES", "NO", "UNKNOWN"]
    page = blank()
    lines = [line("YES    NO", 100, 60), line("OPEN   CLOSED", 100, 160)]
    for left, top in ((152, 47), (248, 47), (168, 147), (312, 147)):
        cv2.rectangle(page, (left, top), (left + 20, top + 24), (0, 0, 0), 2)
    assert [label for *_, label in told(marks_of(page, [*lines, line("END", 100, 300)])[0])] == [
        "YES",
        "NO",
        "OPEN",
        "CLOSED",
    ]


def test_other_squares_and_circles_are_not_marks() -> None:
    page = blank()
    lines = [line(text, 100, 40 + 60 * row) for row, text in enumerate(["BOOK O D 0", "ODD OOO", "80 0808", "TEXT"])]
    written(page, lines)
    for index in range(9):  # boxes for characters: apart, and in one frame
        cv2.rectangle(page, (100 + 36 * index, 300), (128 + 36 * index, 330), (0, 0, 0), 2)
        cv2.rectangle(page, (100 + 28 * index, 380), (128 + 28 * index, 410), (0, 0, 0), 2)
    for row in range(4):  # bullets, and a table of square cells
        cv2.circle(page, (600, 40 + 60 * row), 9, (0, 0, 0), -1)
        cv2.rectangle(page, (640, 30 + 60 * row), (660, 50 + 60 * row), (0, 0, 0), -1)
        for column in range(5):
            cv2.rectangle(page, (600 + 30 * column, 400 + 30 * row), (630 + 30 * column, 430 + 30 * row), (0, 0, 0), 2)
    items = [line("ITEM", 680, 40 + 60 * row) for row in range(4)]
    written(page, items)
    assert marks_of(page, [*lines, *items]) == ((), ())


def test_squares_within_codes_are_not_marks() -> None:
    page = blank()
    for left, top in ((400, 60), (520, 60), (400, 180)):
        cv2.rectangle(page, (left, top), (left + 28, top + 28), (0, 0, 0), 4)
        cv2.rectangle(page, (left + 9, top + 9), (left + 19, top + 19), (0, 0, 0), -1)
    lines = [line("SCAN ME", 560, 74), line("OR CALL", 100, 300), line("US", 100, 400)]
    code = Code("qrcode", "x", box(395, 55, 555, 215))
    assert marks_of(page, lines, codes=CodesSeen((code,))) == ((), ())
    assert len(marks_of(page, lines)[0]) > 0


def test_boxes_of_a_pdfs_form_win_over_their_pixels() -> None:
    page = form_of("nothing")
    form = (
        FormField("checkbox", "sex.male", "On", box(58, 45, 88, 75), is_set=True),
        FormField("radio", "sex", "f", box(58, 145, 88, 175)),
        FormField("text", "comment", "hello", box(58, 245, 88, 275)),
        FormField("signature", "sign", "", box(600, 600, 900, 640), is_set=True),
    )
    marks, _ = marks_of(page, LINES, form)
    assert [(mark.name, mark.kind, mark.is_set, mark.confidence) for mark in marks if mark.name] == [
        ("sex.male", "checkbox", True, 1.0),
        ("sex", "radio", False, 1.0),
        ("sign", "signature", True, 1.0),
    ]
    assert [label for *_, label in told(marks)] == ["MALE", "FEMALE", "SEND NEWS", "PAID BY CARD", "OTHER", None]


def typed(*texts: str) -> list[Line]:
    lines = [line(text, 100, 60 + 60 * row) for row, text in enumerate(texts)]
    return [Line(one.text, 1.0, one.polygon, one.words, "text_layer") for one in lines]


def test_boxes_that_a_text_layer_has_as_characters_are_marks() -> None:
    lines = typed("☐ Male ☑ Female", "□男 ■女", "○ Ja ● Nein", "Plain")
    marks, _ = marks_of(blank(), lines)
    assert told(marks) == [
        ("checkbox", False, "Male"),
        ("checkbox", True, "Female"),
        ("checkbox", False, "男"),
        ("checkbox", True, "女"),
        ("radio", False, "Ja"),
        ("radio", True, "Nein"),
    ]
    assert marks[0].polygon == box(100, 45, 116, 75)


def test_bullets_of_a_text_layer_are_not_marks() -> None:
    assert marks_of(blank(), typed("● One", "● Two", "■ Three", "○ Four", "the end □"))[0] == ()


def test_a_printed_box_that_somebody_crossed_is_set() -> None:
    page, lines = blank(), typed("☐ Male", "☐ Female", "Plain")
    for row in (0, 1):
        cv2.rectangle(page, (99, 49 + 60 * row), (121, 71 + 60 * row), (0, 0, 0), 2)
    cv2.line(page, (102, 112), (118, 128), (0, 0, 0), 2)
    cv2.line(page, (102, 128), (118, 112), (0, 0, 0), 2)
    assert [is_set for _, is_set, _ in told(marks_of(page, lines)[0])] == [False, True]


def test_more_frames_than_a_page_may_have_are_left_out_with_a_warning() -> None:
    page = blank(2400, 2400)
    for y in range(20, 2360, 60):
        for x in range(20, 2360, 60):
            cv2.rectangle(page, (x, y), (x + 24, y + 24), (0, 0, 0), 2)
    lines = [line("TEXT", 20, 55 + 60 * row) for row in range(4)]
    marks, warnings = marks_of(page, lines)
    assert (len(marks), [warning.code for warning in warnings]) == (1000, ["too_many_marks"])


def test_more_typed_boxes_than_a_page_may_have_are_left_out_with_a_warning() -> None:
    marks, warnings = marks_of(blank(1200, 60 * 520), typed(*(f"☐ No {row} ☑ Yes {row}" for row in range(510))))
    assert len(marks) == 1000
    assert ["20 boxes were not looked at" in warning.message for warning in warnings] == [True]


@pytest.mark.parametrize("size", [(1, 1), (1, 2000), (2000, 1), (9, 9)])
def test_tiny_pages_have_no_marks(size: tuple[int, int]) -> None:
    assert marks_of(np.zeros((*size, 3), np.uint8), []) == ((), ())
