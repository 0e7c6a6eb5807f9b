import subprocess
import sys
from pathlib import Path

from serve.config.loading import setting_paths
from tools.reference import reference_page

ROOT = Path(__file__).parents[3]


def test_page_is_up_to_date() -> None:
    stale = "write it with `python -m tools.reference`"
    assert (ROOT / "docs/reference/configuration.md").read_text() == reference_page(), stale


def test_page_has_a_row_for_every_setting() -> None:
    rows = [line.split("`")[1] for line in reference_page().splitlines() if line.startswith("| `")]
    assert rows == list(setting_paths())


def test_row_has_variable_range_default_and_description() -> None:
    row = next(line for line in reference_page().splitlines() if line.startswith("| `http.port`"))
    assert row == (
        "| `http.port`<br>`RAYOCR_HTTP__PORT` | whole number, at least 1, at most 65535 | `8000` | Port to listen on. |"
    )


def test_default_is_the_one_in_effect_not_that_of_the_shared_class() -> None:
    row = next(line for line in reference_page().splitlines() if line.startswith("| `recognition.net.device`"))
    assert "| `cpu` |" in row


def test_mapping_is_named_as_one() -> None:
    row = next(line for line in reference_page().splitlines() if line.startswith("| `http.label_selector`"))
    assert "| mapping of text to text | `{}` |" in row


def test_environment_does_not_change_the_page() -> None:
    command = [sys.executable, "-m", "tools.reference", "--check"]
    done = subprocess.run(
        command, cwd=ROOT, env={"RAYOCR_HTTP__PORT": "99"}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
