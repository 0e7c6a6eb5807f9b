"""The start of `rayocr serve` and of bulk runs."""

import subprocess
import sys

import pytest

from models.errors import ConfigurationError
from serve import run
from serve.config.loading import LoadedSettings
from serve.config.settings import HttpSettings, Settings


def test_ray_is_not_imported_before_its_variables_are_set() -> None:
    """It reads them while it is imported, the one that keeps it on loopback among them."""
    code = "import sys, serve.cli, serve.run, serve.bulk.run.run; print('ray' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "False\n"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "ocr.example.com"])
def test_a_network_is_not_served_without_keys(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "_ray", lambda *_: pytest.fail("it started"))
    settings = Settings(http=HttpSettings(host=host))
    with pytest.raises(ConfigurationError, match=r"http\.api_keys_directory.*http\.allow_anonymous"):
        run.run_service(LoadedSettings(settings, {}))


@pytest.mark.parametrize(
    "http",
    [
        HttpSettings(host="127.0.0.1"),
        HttpSettings(host="127.0.0.2"),
        HttpSettings(host="localhost"),
        HttpSettings(host="::1"),
        HttpSettings(host="0.0.0.0", allow_anonymous=True),
        HttpSettings(host="0.0.0.0", api_keys_directory="/keys"),
    ],
    ids=str,
)
def test_loopback_keys_and_permission_let_it_start(http: HttpSettings) -> None:
    run._check_access(Settings(http=http))
