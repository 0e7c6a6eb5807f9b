"""The Python client against a service: what it reads is what the API answers, with and without asyncio."""

from pathlib import Path

import pytest
from rayocr import AsyncClient, Client, SourceNotFound, UnsupportedType
from rayocr.jobs import PageEvent
from rayocr.results import End, PageError, PageLine

from tests.pictures import drawn_page, encoded
from tests.service import RunningService

_PAGE = encoded(drawn_page("INVOICE 2041", "TOTAL 13.50"))
_TWO_PAGES = encoded(drawn_page("RAIN TODAY"), drawn_page("SNOW TODAY"), kind="TIFF")


def _texts(lines: list[PageLine | PageError | End]) -> list[str]:
    assert isinstance(lines[-1], End), "the answer was cut off"
    return [line.page.text for line in lines if isinstance(line, PageLine)]


def test_document_is_read_searched_and_exported(service: RunningService, tmp_path: Path) -> None:
    scan = tmp_path / "scan.png"
    scan.write_bytes(_PAGE)
    with Client(service.url) as client:
        assert client.read(scan).text == "INVOICE 2041\nTOTAL 13.50"
        assert len(client.detect(_PAGE).pages[0].lines) == 2
        assert client.export(scan, format="hocr").content.startswith(b"<?xml")
        assert _texts([*client.pages(_TWO_PAGES)]) == ["RAIN TODAY", "SNOW TODAY"]
        assert client.read(_TWO_PAGES, pages="2").text == "SNOW TODAY"


def test_errors_have_their_class_and_the_id_of_the_request(service: RunningService) -> None:
    with Client(service.url) as client:
        with pytest.raises(UnsupportedType) as caught:
            client.read(b"only words")
        assert (caught.value.status, bool(caught.value.request_id)) == (415, True)
        with pytest.raises(SourceNotFound):
            client.read(_PAGE, pages="7")


async def test_client_without_threads_reads_the_same(service: RunningService) -> None:
    async with AsyncClient(service.url) as client:
        assert (await client.read(_PAGE)).text == "INVOICE 2041\nTOTAL 13.50"
        assert _texts([one async for one in client.pages(_TWO_PAGES)]) == ["RAIN TODAY", "SNOW TODAY"]


def test_job_is_followed_fetched_and_deleted(service: RunningService, tmp_path: Path) -> None:
    scan, notes = tmp_path / "scan.png", tmp_path / "notes.txt"
    scan.write_bytes(_PAGE)
    notes.write_text("only words")
    sent: list[tuple[int, int]] = []
    with Client(service.url) as client:
        client.ready()
        given = {"idempotency_key": "the same", "progress": lambda done, total: sent.append((done, total))}
        job = client.submit([scan, notes], **given)  # type: ignore[arg-type]
        assert client.submit([scan, notes], **given).id == job.id  # type: ignore[arg-type]
        events = [*client.watch(job.id)]
        settled = [event for event in events if isinstance(event, PageEvent)]
        assert sorted((event.name, event.code) for event in settled) == [
            (str(notes), "unsupported_type"), (str(scan), None),
        ]  # fmt: skip
        assert [*client.watch(job.id, after=2)] == events[-1:]
        assert [(page.page, page.result and page.result.text) for page in client.results(job.id)] == [
            (1, "INVOICE 2041\nTOTAL 13.50"), (2, None),
        ]  # fmt: skip
        assert client.wait(job.id).state == "partial"
        assert job.id in [one.id for one in client.jobs(["partial"])]
        assert client.cancel(job.id) is None
        with pytest.raises(SourceNotFound):
            client.job(job.id)
    assert sent[-1][0] == sent[-1][1] > len(_PAGE)


async def test_job_without_threads(service: RunningService) -> None:
    async with AsyncClient(service.url) as client:
        job = await client.submit([_PAGE, _TWO_PAGES], format="text")
        assert (await client.wait(job.id)).state == "succeeded"
        files = [page.file async for page in client.results(job.id)]
        assert [file.data.decode().split() for file in files if file] == [
            ["INVOICE", "2041", "TOTAL", "13.50"], ["RAIN", "TODAY", "SNOW", "TODAY"],
        ]  # fmt: skip
