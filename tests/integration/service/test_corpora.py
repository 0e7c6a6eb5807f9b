"""Public pictures, good and hostile, over HTTP."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psutil
import pytest

from tests.pictures import DATA, drawn_page, encoded, labeled
from tests.service import RunningService

_GOOD = encoded(drawn_page("INVOICE 2041", "TOTAL 13.50"))
_MOST_SECONDS = 30.0
_MOST_EXTRA_BYTES = 500 * 1024**2


def _post(client: httpx.Client, body: bytes, name: str) -> httpx.Response:
    return client.post("/v1/ocr", files={"file": (name, body)})


def _pictures() -> list[tuple[str, bytes]]:
    """8 pictures of several kinds and sizes: public ones where they are here, else drawn."""
    paths = [*labeled("sroie", 1), *labeled("funsd", 1), *labeled("icdar2015_test", 6)]
    if len(paths) == 8:
        return [(path.name, path.read_bytes()) for path in paths]
    rows = [f"ITEM {number} PRICE {number * 7}.90" for number in range(20)]
    return [
        (f"{number}.png", encoded(drawn_page(*rows[: 2 * number + 1], width=480 + 16 * number))) for number in range(8)
    ]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_results_alone_and_under_load_are_the_same_byte_for_byte(service: RunningService) -> None:
    pictures = _pictures()
    assert len(pictures) == 8

    def read(picture: tuple[str, bytes]) -> bytes:
        with httpx.Client(base_url=service.url, timeout=200, trust_env=False) as client:
            answer = client.post(
                "/v1/ocr",
                files={"file": picture},
                data={"structure": "all"},
                headers={"X-Request-Timeout": "180", "X-Request-ID": "same"},
            )
        assert answer.status_code == 200, (picture[0], answer.text)
        # only how long it took may differ
        body = answer.content
        start, end = body.index(b'"timings_ms"'), len(body)
        return body[:start] + body[end:]

    alone = [read(picture) for picture in pictures]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(read, pictures))
    assert [name for (name, _), one, other in zip(pictures, alone, together, strict=True) if one != other] == []


def _hostile() -> list[Path]:
    """One file of each category. All of them go through the decoder in the unit tests."""
    manifest = DATA / "bad_inputs" / "manifest.jsonl"
    if not manifest.exists():
        return []
    rows = [json.loads(row) for row in manifest.read_text().splitlines()]
    one_of_each = {row["category"]: row["file"] for row in rows}
    return [DATA / "bad_inputs" / file for file in one_of_each.values()]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_hostile_files_get_their_4xx_or_a_warning(service: RunningService, client: httpx.Client) -> None:
    files = [*_hostile(), None]
    problems: list[tuple[str, object, object]] = []
    before = _resident_bytes(service.pid)
    for path in files:
        # without the corpus, one file of garbage still goes through
        body, name = (path.read_bytes(), path.name) if path else (b"\x89PNG\r\n\x1a\n" + bytes(200), "garbage.png")
        started = time.monotonic()
        answer = _post(client, body, name)
        elapsed_s = time.monotonic() - started
        extra = _resident_bytes(service.pid) - before
        if answer.status_code != 200 and not (400 <= answer.status_code < 500 and len(answer.json()["detail"]) > 15):
            problems.append((name, answer.status_code, answer.text))
        if elapsed_s > _MOST_SECONDS or extra > _MOST_EXTRA_BYTES:
            problems.append((name, elapsed_s, extra))
    assert problems == []
    assert _post(client, _GOOD, "good.png").json()["text"] == "INVOICE 2041\nTOTAL 13.50"


def test_cut_off_file_is_read_with_a_warning(client: httpx.Client) -> None:
    whole = encoded(drawn_page("INVOICE 2041", "TOTAL 13.50"), kind="JPEG")
    result = _post(client, whole[: int(len(whole) * 0.8)], "cut.jpg").json()
    assert result["pages"][0]["lines"][0]["text"] == "INVOICE 2041"
    assert [warning["code"] for warning in result["warnings"]] == ["truncated"]


def test_wrong_extension_is_read_with_a_warning(client: httpx.Client) -> None:
    result = _post(client, _GOOD, "page.jpg").json()
    assert result["text"] == "INVOICE 2041\nTOTAL 13.50"
    assert [warning["code"] for warning in result["warnings"]] == ["extension_mismatch"]


def _resident_bytes(pid: int) -> int:
    """Of all processes of the service; shared pages count more than once, so a rise is never hidden."""
    total = 0
    for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
        try:
            total += process.memory_info().rss
        except psutil.NoSuchProcess:
            continue  # ended while we looked
    return total
