import base64
from pathlib import Path

import pytest

from models.errors import ConfigurationError
from serve.config.jobs import JobsSettings
from serve.config.loading import load_settings

SECRET = "whsec_" + base64.b64encode(b"k" * 24).decode()


def test_everything_lies_in_one_folder_by_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    jobs = JobsSettings()
    assert jobs.store_url == f"sqlite:///{tmp_path}/rayocr/jobs/jobs.db"
    assert jobs.uploads_location == f"file://{tmp_path}/rayocr/jobs/uploads/"


def test_relative_data_home_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "data")
    assert JobsSettings().folder == Path.home() / ".local/share/rayocr/jobs"


def test_folder_may_begin_at_home() -> None:
    assert JobsSettings(directory="~/jobs").folder == Path.home() / "jobs"


def test_given_places_hold() -> None:
    jobs = JobsSettings.model_validate({"store": "postgresql://host/db", "uploads": "s3://bucket/jobs"})
    assert (jobs.store_url, jobs.uploads_location) == ("postgresql://host/db", "s3://bucket/jobs/")


def test_secrets_are_not_shown() -> None:
    jobs = JobsSettings.model_validate({"store": "postgresql://user:hidden@host/db", "webhook_secret": SECRET})
    shown = f"{jobs!r} {jobs.model_dump(mode='json')}"
    assert "hidden" not in shown
    assert SECRET not in shown


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("webhook_secret", "hidden", "whsec_ and 24 to 64 bytes"),
        ("webhook_secret", "whsec_hidden!", "whsec_ and 24 to 64 bytes"),
        ("webhook_secret", "whsec_" + base64.b64encode(b"hidden").decode(), "whsec_ and 24 to 64 bytes"),
        ("store", "redis://:hidden@host/0", "must begin with sqlite:"),
        ("uploads", "https://host/", "must begin with s3://"),
    ],
)
def test_value_that_cannot_be_used_is_refused_and_not_shown(setting: str, value: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as refused:
        load_settings(overrides={f"jobs.{setting}": value})
    assert "hidden" not in refused.value.message
    assert value not in refused.value.message
