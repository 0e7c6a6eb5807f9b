"""What is printed, and what the peer and the table of a bench say."""

import io
import json
import sys
from collections.abc import Sequence

import pytest

from loadtest.accuracy import Counts, Unit
from loadtest.bench import Turn, markdown, raw_figures
from loadtest.errors import LoadtestError
from loadtest.labels import LabelLine, PageLabel, ResultLine
from loadtest.latency import Latency
from loadtest.machine import Machine
from loadtest.meter import ResourceUse
from loadtest.peer import Peer, load_peer, measure_peer
from loadtest.pictures import Picture, PictureSet
from loadtest.render import print_report
from loadtest.report import Accuracy, Report, accuracy_of

BOX = ((0.0, 0.0), (9.0, 0.0), (9.0, 5.0), (0.0, 5.0))
MACHINE = Machine("Test CPU", 2, ("avx2",))


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


def labelled(*texts: str) -> PictureSet:
    pictures = [Picture(f"{text}.png", text.encode(), PageLabel([LabelLine(text, BOX)])) for text in texts]
    return PictureSet("drawn", pictures)


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


def test_peer_is_counted_like_the_service() -> None:
    def read(content: bytes) -> Sequence[ResultLine]:
        if content == b"broken":
            raise OSError("cannot decode")
        return [ResultLine(content.decode(), BOX)]

    figures = measure_peer("reader", read, labelled("one", "broken", "two"), repeat=2, warmup=2)
    assert (figures.requests, figures.answered, dict(figures.errors)) == (6, 4, {"OSError": 2})
    assert figures.warmup_failures == 1
    assert figures.accuracy is not None
    assert figures.accuracy.counts == Counts(4, 4, 4)
    assert figures.accuracy.labelled_requests == 6
    assert figures.as_dict().keys() == report().as_dict().keys()


def test_missing_peer_is_said_clearly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)  # how Python marks a module that can't be imported
    with pytest.raises(LoadtestError, match="rapidocr-openvino is not installed in this environment"):
        load_peer(Peer.RAPIDOCR_OPENVINO)


def test_bench_table_has_medians_and_ratios() -> None:
    turns = [
        Turn("sroie", number, report(speed, 5.0).as_dict(), report(2.0, 20.0, subject="peer 1").as_dict(), 0.2)
        for number, speed in ((1, 4.0), (2, 6.0), (3, 5.0))
    ]
    text = markdown(turns, MACHINE)
    assert text.splitlines()[0] == "CPU: Test CPU, 2 cores, avx2"
    assert "Peer: peer 1. Rounds: 3." in text
    assert "The idle service used 0.20 cores while the peer ran." in text
    assert text.splitlines()[-1] == (
        "| sroie | 10 | 5.00 | 2.00 | 2.50 | 0.500 | 2.000 | 4.00 | 1.00 | 2.00 | 900 | 900 | 0.9000 | 0.9000 | 0 | 0 |"
    )


def test_bench_table_without_peer_has_dashes() -> None:
    row = markdown([Turn("sroie", 1, report().as_dict())], MACHINE).splitlines()[-1]
    assert row == "| sroie | 10 | 4.00 | - | - | 0.500 | - | - | 1.00 | 2.00 | 900 | - | 0.9000 | - | 0 | - |"


def test_raw_figures_are_json() -> None:
    figures = json.loads(json.dumps(raw_figures([Turn("sroie", 1, report().as_dict())], MACHINE)))
    assert figures["machine"] == {"cpu": "Test CPU", "cores": 2, "flags": ["avx2"]}
    assert figures["turns"][0]["service"]["images_per_s"] == 4.0
