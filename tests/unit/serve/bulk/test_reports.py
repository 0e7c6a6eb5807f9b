import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deployments.storage import COMMAND_LINE_SCHEMES, StorageSettings, build_storage
from models.errors import MalformedRequest
from serve.bulk.locations import folder_of
from serve.bulk.report.reports import (
    RunCounts,
    RunStatus,
    RunSummary,
    StageStatus,
    read_status,
    read_summary,
    write_status,
    write_summary,
)

STORAGE = build_storage(StorageSettings(), COMMAND_LINE_SCHEMES)
MOMENT = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
COUNTS = RunCounts(listed=10, skipped_done=4, done=5, failed=1, pages=6, size_bytes=1000)


def test_status_comes_back(tmp_path: Path) -> None:
    output = folder_of(str(tmp_path))
    assert read_status(output, STORAGE) is None
    stage = StageStatus(name="detection", workers=2, queued=7, utilization=0.5)
    status = RunStatus(
        state="running",
        started=MOMENT,
        updated=MOMENT,
        counts=COUNTS,
        listing_ended=False,
        images_per_s=2.5,
        stages=(stage,),
    )
    write_status(output, STORAGE, status)
    assert (tmp_path / "_state/status.json").exists()
    assert read_status(output, STORAGE) == status


def test_summary_comes_back_and_is_readable(tmp_path: Path) -> None:
    output = folder_of(str(tmp_path))
    assert read_summary(output, STORAGE) is None
    summary = RunSummary(
        state="complete",
        complete=True,
        counts=COUNTS,
        results=9,
        errors=1,
        images_per_s=2.5,
        cpu_s=12.0,
        cpu_s_per_image=2.0,
        started=MOMENT,
        ended=MOMENT,
        input="s3://in/",
        output=output,
        format="json",
        model="drawn",
        version="0.1.0",
        configuration={"detection": {"threads": 1}},
    )
    write_summary(output, STORAGE, summary)
    assert read_summary(output, STORAGE) == summary
    written = json.loads((tmp_path / "_summary.json").read_bytes())
    assert (written["started"], written["counts"]["done"]) == ("2026-11-21T12:30:00Z", 5)


def test_status_of_a_newer_version_is_read(tmp_path: Path) -> None:
    (tmp_path / "_state").mkdir()
    row: dict[str, object] = {"state": "stopped", "started": MOMENT.isoformat(), "updated": MOMENT.isoformat()}
    row |= {"counts": {"listed": 1}, "listing_ended": True, "images_per_s": 0.0, "something": "new"}
    (tmp_path / "_state/status.json").write_text(json.dumps(row))
    status = read_status(folder_of(str(tmp_path)), STORAGE)
    assert status is not None
    assert (status.state, status.counts.listed) == ("stopped", 1)


@pytest.mark.parametrize("content", ["", "{}", "[1]"])
def test_file_that_no_run_wrote_is_malformed(tmp_path: Path, content: str) -> None:
    (tmp_path / "_summary.json").write_text(content)
    with pytest.raises(MalformedRequest, match=r"_summary\.json was not written by a bulk run"):
        read_summary(folder_of(str(tmp_path)), STORAGE)
