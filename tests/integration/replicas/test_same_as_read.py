"""A service reads in each kind of file what `rayocr read` does."""

from typing import Any

import httpx
import pytest

from tests.integration.files import FILES
from tests.service import RunningService


@pytest.mark.parametrize("name", FILES)
def test_file_is_read_as_by_rayocr_read(
    quick_service: RunningService, read_here: dict[str, dict[str, Any]], name: str
) -> None:
    with httpx.Client(base_url=quick_service.url, timeout=60, trust_env=False) as client:
        result = client.post(
            "/v1/ocr",
            files={"file": (name, FILES[name])},
            data={"structure": "all"},
            headers={"X-Request-Timeout": "60"},
        ).json()
    for answer in (result, here := read_here[name].copy()):
        del answer["id"], answer["timings_ms"]
    assert result == here
