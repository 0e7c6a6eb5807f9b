"""Counts, speed and time left; how they are shown."""

import io
import json
from datetime import UTC, datetime, timedelta

import pytest

from serve.bulk.documents import DocumentError
from serve.bulk.report.progress import JsonProgress
from serve.bulk.report.reports import RunCounts, RunStatus
from serve.bulk.report.status import status_lines
from serve.bulk.report.tally import Tally, stage_statuses
from serve.bulk.stages.coordinator import ListingCounts, Snapshot, StageCounts
from serve.bulk.write.writer import WriteReport

THREADS = {"fetch": 1, "detection": 1, "recognition": 2}
NOTHING = Snapshot(ListingCounts())


class Clock:
    """Seconds that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def failures(count: int) -> list[DocumentError]:
    return [DocumentError(f"{number}.png", "", "undecodable", "damaged", 1) for number in range(count)]


def test_speed_and_time_left_are_those_of_the_last_minute() -> None:
    clock = Clock()
    tally = Tally(THREADS, clock)
    tally.to_do = 1000
    for _ in range(12):  # two minutes, at first one and then four documents a second
        clock.now += 10
        tally.add(WriteReport(done=10 if clock.now <= 160 else 40))
        status = tally.status(NOTHING)
    assert status.images_per_s == pytest.approx(4.0)
    assert status.eta_s == pytest.approx((1000 - 300) / 4.0)


def test_time_left_is_unknown_while_the_number_of_documents_is() -> None:
    clock = Clock()
    tally = Tally(THREADS, clock)
    clock.now += 10
    tally.add(WriteReport(done=10))
    assert tally.status(NOTHING).eta_s is None


@pytest.mark.parametrize(
    ("done", "failed", "at_end", "has_too_many_failures"),
    [(5, 5, False, False), (5, 5, True, True), (95, 5, False, False), (80, 20, False, True), (0, 0, True, False)],
)
def test_error_rate_counts_from_a_hundred_documents_or_at_the_end(
    done: int, failed: int, at_end: bool, has_too_many_failures: bool
) -> None:
    tally = Tally(THREADS, Clock())
    tally.add(WriteReport(done=done, failed=failures(failed)))
    assert tally.has_too_many_failures(0.1, at_end=at_end) is has_too_many_failures


def test_stages_tell_queue_and_utilization() -> None:
    stages = {
        "fetch": StageCounts(begun=90, ended=80, busy_s=12.0, workers=1),
        "detection": StageCounts(begun=60, ended=50, busy_s=20.0, workers=1),
        "recognition": StageCounts(begun=44, ended=40, busy_s=60.0, workers=2),
    }
    before = {"fetch": StageCounts(busy_s=11.0), "detection": StageCounts(busy_s=15.0)}
    snapshot = Snapshot(ListingCounts(listed=120, given=100), stages)
    fetch, detection, recognition = stage_statuses(snapshot, before, 10.0, THREADS)
    assert [stage.queued for stage in (fetch, detection, recognition)] == [10, 20, 6]
    assert (fetch.utilization, detection.utilization) == (0.1, 0.5)
    assert recognition.utilization == 1.0  # started within these ten seconds, with the work of its start


def test_lines_are_json_and_come_when_they_are_due() -> None:
    clock, stream = Clock(), io.StringIO()
    progress = JsonProgress(10.0, clock, stream=stream)
    assert not progress.is_due()
    clock.now += 10
    assert progress.is_due()
    assert not progress.is_due()
    tally = Tally(THREADS, clock)
    tally.add(WriteReport(done=3, pages=3, failed=failures(1)))
    progress.show(tally.status(NOTHING), None)
    progress.end(tally.status(NOTHING, "complete"))  # also when no line is due
    line, last = map(json.loads, stream.getvalue().splitlines())
    assert (line["state"], line["counts"]["done"], line["counts"]["failed"]) == ("running", 3, 1)
    assert (last["state"], last["counts"]) == ("complete", line["counts"])


def test_status_tells_of_a_driver_that_has_fallen_silent() -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    status = RunStatus(
        state="running",
        started=now - timedelta(hours=1),
        updated=now - timedelta(seconds=90),
        counts=RunCounts(listed=1200, done=1000, failed=2, pages=1000, size_bytes=3_000_000),
        listing_ended=False,
        images_per_s=2.5,
        eta_s=80.0,
    )
    lines = list(status_lines(status, None, now))
    assert lines[0] == "silent for 90 s: its driver has ended or can't write"
    assert lines[1:] == [
        "  listed 1,200 so far, done before 0, failed before 0",
        "  done 1,000 (1,000 pages, 3.0 MB), failed 2",
        "  2.50 images/s, time left: 0:01:20",
    ]
