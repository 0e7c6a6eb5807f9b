"""The start of `rayocr serve` and of bulk runs."""

import subprocess
import sys


def test_ray_is_not_imported_before_its_variables_are_set() -> None:
    """It reads them while it is imported, the one that keeps it on loopback among them."""
    code = "import sys, serve.cli, serve.run, serve.bulk.run.run; print('ray' in sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout == "False\n"
