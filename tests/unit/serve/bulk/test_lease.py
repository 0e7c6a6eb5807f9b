"""Two runs on one output: the second one stops, unless the first has ended, however it did."""

import json
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deployments.storage.file import FileStorage
from models.errors import Conflict
from serve.bulk.options import BulkOptions
from serve.bulk.run import lease as lease_module
from serve.bulk.run.asked import note_options
from serve.bulk.run.lease import OutputLease, held_output
from serve.documents.options import DocumentOptions

STORAGE = FileStorage()


@pytest.fixture
def output(tmp_path: Path) -> str:
    return f"{tmp_path}/"


def from_elsewhere(output: str, **changes: object) -> Path:
    """A lease of a run on another machine."""
    path = Path(output, "_state/lease.json")
    OutputLease(output, STORAGE).take(take_over=True)
    now = datetime.now(UTC).isoformat()
    elsewhere = {"run": "other", "host": "node-7", "process": "other-boot pid:[1] 5", "beat": now}
    path.write_text(json.dumps({**json.loads(path.read_text()), **elsewhere, **changes}))
    return path


def test_second_run_stops_with_a_sentence(output: str) -> None:
    sentence = r"another bulk run writes to .*: process \d+ on .*--take-over"
    with held_output(output, STORAGE, take_over=False), pytest.raises(Conflict, match=sentence):
        OutputLease(output, STORAGE).take(take_over=False)
    assert not Path(output, "_state/lease.json").exists()
    with held_output(output, STORAGE, take_over=False):
        pass


def test_run_whose_output_is_taken_over_stops_and_leaves_the_new_lease(
    output: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease_module, "_BEAT_S", 0.01)
    first = OutputLease(output, STORAGE)
    first.take(take_over=False)
    OutputLease(output, STORAGE).take(take_over=True)
    first.keep()  # returns when it has found out
    assert first.lost is not None
    assert "has taken over" in first.lost
    first.release()
    assert Path(output, "_state/lease.json").exists()


def test_run_of_this_process_that_ended_while_the_storage_was_away_holds_nothing(output: str) -> None:
    path = Path(output, "_state/lease.json")
    with held_output(output, STORAGE, take_over=False):
        left_behind = path.read_bytes()
    path.write_bytes(left_behind)
    OutputLease(output, STORAGE).take(take_over=False)


def test_run_that_was_killed_here_holds_nothing(output: str) -> None:
    code = (
        "import sys; from deployments.storage.file import FileStorage; from serve.bulk.run.lease import OutputLease\n"
        "OutputLease(sys.argv[1], FileStorage()).take(take_over=False)"
    )
    subprocess.run([sys.executable, "-c", code, output], check=True)

    def no_waiting(_: float) -> None:
        pytest.fail("on this machine it is known whether a process lives")

    OutputLease(output, STORAGE).take(take_over=False, sleep=no_waiting)


def test_run_elsewhere_is_alive_if_it_gives_a_sign(output: str) -> None:
    path = from_elsewhere(output)
    beat = (datetime.now(UTC) + timedelta(seconds=5)).isoformat()

    def beats(_: float) -> None:
        path.write_text(json.dumps({**json.loads(path.read_text()), "beat": beat}))

    with pytest.raises(Conflict, match="on node-7"):
        OutputLease(output, STORAGE).take(take_over=False, sleep=beats)


def test_run_elsewhere_that_is_silent_holds_nothing(output: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease_module, "_SILENT_AFTER_S", 0.05)
    from_elsewhere(output)
    OutputLease(output, STORAGE).take(take_over=False, sleep=lambda _: None)


def test_old_lease_needs_no_waiting(output: str) -> None:
    from_elsewhere(output, beat=(datetime.now(UTC) - timedelta(hours=1)).isoformat())
    OutputLease(output, STORAGE).take(take_over=False, sleep=lambda _: pytest.fail("it waits"))


def test_changed_options_are_named(output: str) -> None:
    def noted(model: str = "small", **document: object) -> str | None:
        options = BulkOptions("in/", output, document=DocumentOptions.model_validate(document))
        return note_options(options, model, STORAGE)

    assert noted(pages="1", password="a") is None
    assert noted(pages="1", password="b") is None
    warning = noted(pages="1-2", dpi=200)
    assert warning is not None
    assert "--pages was 1 and is 1-2" in warning
    assert "--dpi was not given and is 200" in warning
    assert noted(pages="1-2", dpi=200) is None
    assert "the model was small and is large" in (noted("large", pages="1-2", dpi=200) or "")
    assert "--structure was not given and is tables" in (noted("large", pages="1-2", dpi=200, structure="tables") or "")
    noted_options = Path(output, "_state/options.json")
    older = {name: value for name, value in json.loads(noted_options.read_text()).items() if name != "structure"}
    noted_options.write_text(json.dumps(older))
    assert "--structure was not given" in (noted("large", pages="1-2", dpi=200, structure="layout") or "")
    assert "password" not in Path(output, "_state/options.json").read_text()


class _SlowStorage(FileStorage):
    """Writes slowly once it is told to."""

    is_slow = False

    def __init__(self) -> None:
        super().__init__()
        self.begun = threading.Event()

    def write(self, location: str, content: bytes) -> str:
        """Write, slowly if that is wanted."""
        if self.is_slow:
            self.begun.set()
            time.sleep(0.3)
        return super().write(location, content)


def test_sign_of_life_that_is_being_written_at_the_end_leaves_no_lease(
    output: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease_module, "_BEAT_S", 0.01)
    storage = _SlowStorage()
    with held_output(output, storage, take_over=False):
        storage.is_slow = True
        assert storage.begun.wait(10)
    assert not Path(output, "_state", "lease.json").exists()
