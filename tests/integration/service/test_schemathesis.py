"""What the OpenAPI document allows, and what it forbids, sent by Schemathesis to a real service."""

import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.service import RunningService

_CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
# With the same seed the same requests come. SCHEMATHESIS_EXAMPLES=100 sends some 5,000 of them.
_SEED = "1"
_EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "3")


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_no_request_is_answered_otherwise_than_the_openapi_document_says(
    service: RunningService, tmp_path: Path
) -> None:
    done = subprocess.run(
        [
            *(str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(_CONFIGURATION)),
            *("run", f"{service.url}/openapi.json", "--checks", "all", "--no-color"),
            *("--seed", _SEED, "--max-examples", _EXAMPLES, "--generation-database", "none"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    paths = httpx.get(f"{service.url}/openapi.json", trust_env=False).json()["paths"]
    assert f"Tested: {sum(map(len, paths.values()))}" in done.stdout
