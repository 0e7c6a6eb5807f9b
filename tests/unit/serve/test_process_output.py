"""The logs of Serve's processes on standard error."""

import importlib
import json
import logging
from collections.abc import Iterator
from logging.handlers import MemoryHandler
from pathlib import Path

import pytest
from ray.serve._private import logging_utils
from ray.serve._private.common import ServeComponentType
from ray.serve.schema import LoggingConfig

from deployments.operation.metrics import StageMetrics
from serve.ray_patches.process_output import _CONFIGURE, _IN_USE, log_to_standard_error

LOGGER = logging.getLogger("ray.serve")


@pytest.fixture(autouse=True)
def _restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in (_CONFIGURE, *_IN_USE):  # put back afterwards
        monkeypatch.setattr(importlib.import_module(name.module), name.name, name.find())
    handlers, level, propagate = LOGGER.handlers[:], LOGGER.level, LOGGER.propagate
    yield
    for handler in {*LOGGER.handlers} - {*handlers}:
        if isinstance(handler, MemoryHandler) and handler.target is not None:
            handler.target.close()
        handler.close()
    LOGGER.handlers[:], LOGGER.propagate = handlers, propagate
    LOGGER.setLevel(level)


def configure(folder: Path, level: str = "INFO") -> None:
    """Set up the log as Serve does in a replica."""
    logging_utils.configure_component_logger(
        component_name="rayocr_Reader",
        component_id="k2w3jy6t",
        component_type=ServeComponentType.REPLICA,
        logging_config=LoggingConfig(encoding="JSON", log_level=level, logs_dir=str(folder)),
        max_bytes=1_000_000,
        backup_count=1,
    )


def test_each_event_is_one_line_of_json_and_no_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RAY_LOG_TO_STDERR", "1")
    log_to_standard_error()
    configure(tmp_path)
    configure(tmp_path)  # as when the settings of the log change
    LOGGER.info("GET /v1/ocr 200 11.0ms", extra={"log_to_stderr": False, "request_id": "order-17"})
    try:
        raise ValueError("two\nlines")
    except ValueError:
        LOGGER.exception("unexpected")
    LOGGER.debug("below the level")
    out, err = capsys.readouterr()
    access, fault = map(json.loads, err.splitlines())
    assert out == ""
    assert (access["message"], access["levelname"]) == ("GET /v1/ocr 200 11.0ms", "INFO")
    assert access["request_id"] == "order-17"
    assert (access["deployment"], access["replica"]) == ("rayocr_Reader", "k2w3jy6t")
    assert "ValueError: two\nlines" in fault["exc_text"]
    assert list(tmp_path.iterdir()) == []


def test_level_of_the_settings_holds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RAY_LOG_TO_STDERR", "1")
    log_to_standard_error()
    configure(tmp_path, level="WARNING")
    LOGGER.info("of no interest")
    LOGGER.warning("of interest")
    assert [json.loads(line)["message"] for line in capsys.readouterr().err.splitlines()] == ["of interest"]


def test_line_of_a_page_names_its_document(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RAY_LOG_TO_STDERR", "1")
    log_to_standard_error()
    configure(tmp_path)
    with StageMetrics("detection").page("job-1/3", 2, sent_at=0.0):
        pass
    (line,) = map(json.loads, capsys.readouterr().err.splitlines())
    assert (line["document"], line["page"], line["stage"], line["code"]) == ("job-1/3", 2, "detection", None)


def test_every_module_that_sets_up_its_log_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_LOG_TO_STDERR", "1")
    log_to_standard_error()
    assert {name.find() for name in _IN_USE} == {_CONFIGURE.find()}


def test_without_rays_switch_files_stay(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("RAY_LOG_TO_STDERR", raising=False)
    before = _CONFIGURE.find()
    log_to_standard_error()
    assert _CONFIGURE.find() is before
    configure(tmp_path)
    LOGGER.info("hello")
    (file,) = tmp_path.iterdir()
    assert json.loads(file.read_text())["message"] == "hello"
