"""What a report says, and how it is printed."""

import io

import pytest

from loadtest.data.accuracy import Counts, Unit
from loadtest.data.labels import LabelLine, PageLabel, ResultLine
from loadtest.data.pictures import Picture, PictureSet
from loadtest.measuring.latency import Latency
from loadtest.measuring.meter import ResourceUse
from loadtest.measuring.render import print_report
from loadtest.measuring.report import Accuracy, Report, accuracy_of

BOX = ((0.0, 0.0), (9.0, 0.0), (9.0, 5.0), (0.0, 5.0))


def report(images_per_s: float = 4.0, cpu_s: float = 5.0, **changes: object) -> Report:
    fields: dict[str, object] = {
        "subject": "rayocr",
        "dataset": "sroie",
        "pictures": 10,
        "clients": 8,
        "requests": 10,
        "answered": 10,
        "wall_s": 10 / images_per_s,
        "latency_s": Latency(1.0, 2.0, 3.0, 4.0),
        "resources": ResourceUse(cpu_s, 900_000_000, 12),
        "accuracy": Accuracy(Unit.WORD, Counts(9, 10, 10), None, 10, 10),
    }
    return Report(**{**fields, **changes})  # type: ignore[arg-type]


def test_figures_are_per_answered_request() -> None:
    figures = report(answered=5, wall_s=2.0, cpu_s=10.0, errors={"undecodable": 5}).as_dict()
    assert figures["images_per_s"] == 2.5
    assert figures["cpu_s_per_image"] == 2.0


@pytest.mark.parametrize(
    "changes", [{"answered": 9}, {"warmup_failures": 1}, {"is_cut_short": True}], ids=["failed", "warmup", "cut-short"]
)
def test_anything_wrong_is_a_failure(changes: dict[str, object]) -> None:
    assert report(**changes).has_failures  # type: ignore[arg-type]


def test_clean_run_has_no_failures() -> None:
    assert not report().has_failures


def test_pipe_gets_aligned_plain_text() -> None:
    out = io.StringIO()
    print_report(report(answered=7, requests=10, errors={"timeout": 1, "connection": 1}, refused_503=1), out)
    assert out.getvalue() == (
        "subject            rayocr\n"
        "set                sroie (10 pictures)\n"
        "clients            8\n"
        "requests           10, 7 answered\n"
        "time               2.50 s\n"
        "images/s           2.80\n"
        "latency p50        1.000 s\n"
        "latency p95        2.000 s\n"
        "latency p99        3.000 s\n"
        "latency max        4.000 s\n"
        "errors             connection 1, timeout 1\n"
        "refused (503)      1, 0 sent again\n"
        "CPU-s per image    0.714\n"
        "peak memory (PSS)  900 MB\n"
        "processes          12\n"
        "F1 (words)         0.9000 (precision 0.9000, recall 0.9000)\n"
    )


def test_remote_service_is_said_to_be_unmeasured() -> None:
    out = io.StringIO()
    print_report(report(resources=None, resources_note="not measured (remote)", accuracy=None), out)
    assert "CPU-s per image    not measured (remote)\n" in out.getvalue()


def test_both_ignore_rules_are_shown_where_lines_are_ignored() -> None:
    label = PageLabel([LabelLine("###", BOX, ignore=True), LabelLine("exit", None)])
    dataset = PictureSet("scenes", [Picture("a.png", b"", label)])
    result = [ResultLine("smudge", BOX), ResultLine("exit", tuple((x, y + 50) for x, y in BOX))]
    accuracy = accuracy_of(dataset, [(0, result)], 1)
    assert accuracy is not None
    assert accuracy.counts == Counts(1, 2, 1)
    assert accuracy.counts_ignore_both == Counts(1, 1, 1)


def test_set_without_labels_has_no_accuracy() -> None:
    assert accuracy_of(PictureSet("plain", [Picture("a.png", b"")]), [], 0) is None
