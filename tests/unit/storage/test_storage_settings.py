from ipaddress import ip_network

import pytest
from pydantic import ValidationError

from deployments.storage.retry import Retry
from deployments.storage.settings import StorageSettings


def test_https_is_off_by_default() -> None:
    assert not StorageSettings().https_enabled


def test_networks_are_read_from_text() -> None:
    settings = StorageSettings.model_validate({"https_allowed_networks": ["10.20.0.0/16", "fd12::/16"]})
    assert settings.https_allowed_networks == (ip_network("10.20.0.0/16"), ip_network("fd12::/16"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("https_allowed_networks", ["10.20.0.1/16"]),  # bits below the mask: a typing error
        ("https_ports", []),
        ("https_ports", [0]),
        ("max_attempts", 0),
        ("read_timeout_s", 0),
        ("aws_secret_access_key", "secret"),  # only boto3's chain has these
    ],
)
def test_invalid_setting_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValidationError, match=name):
        StorageSettings.model_validate({name: value})


def test_patience_bounds_attempts_by_time_only() -> None:
    settings = StorageSettings(max_attempts=2, read_timeout_s=7.0).with_patience(300.0)
    retry = Retry.from_settings(settings)
    assert (retry.max_attempts, retry.total_timeout_s, settings.read_timeout_s) == (1_000_000, 300.0, 7.0)
