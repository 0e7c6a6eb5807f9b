"""Many documents on the page: a job, its rows, its faults, and the history."""

import json
import re
import zipfile
from pathlib import Path

from playwright.sync_api import FilePayload, expect

from tests.integration.web.page import LoadedPage, file_of
from tests.minio import MinioServer
from tests.pictures import drawn_page, encoded, long_page

_BROKEN = file_of("broken.pdf", b"%PDF-1.7\nnothing of a PDF")


def _page(number: int) -> FilePayload:
    return file_of(f"page {number}.png", encoded(drawn_page(f"NUMBER {number}")))


def _choose(loaded: LoadedPage, files: list[FilePayload]) -> None:
    loaded.page.set_input_files("#batch .intake input[type=file] >> nth=0", files=files)


def _hand_in(loaded: LoadedPage, files: list[FilePayload]) -> str:
    loaded.show("batch")
    _choose(loaded, files)
    loaded.page.click(".hand-in")
    loaded.page.wait_for_url(re.compile("job="))
    return loaded.page.url


def _wait_for_end(loaded: LoadedPage, state: str) -> None:
    expect(loaded.page.locator(".job-state")).to_contain_text(state)


def test_batch_of_twelve_with_a_broken_file(loaded: LoadedPage) -> None:
    address = _hand_in(loaded, [*(_page(number) for number in range(1, 12)), _BROKEN])
    _wait_for_end(loaded, "Done, some failed: 11 done, 1 failed, 12 in all")
    rows = loaded.page.locator(".job tbody tr")
    expect(rows).to_have_count(12)
    expect(rows.filter(has=loaded.page.locator(".state-done"))).to_have_count(11)
    broken = rows.filter(has_text="broken.pdf")
    expect(broken).to_contain_text("failed")
    expect(broken.locator("td").last).to_contain_text(re.compile("PDF .* (damaged|read|open)"))
    expect(rows.first.locator("td").last).to_have_text("pages: 1")

    with loaded.page.expect_download() as started:
        loaded.page.click(".download-all")
    with zipfile.ZipFile(Path(started.value.path())) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
    assert sum(name.endswith(".json") for name in names) == 11
    assert len(names) == 12  # and the errors

    loaded.page.get_by_role("link", name="page 7.png").click()
    expect(loaded.lines).to_have_text(["NUMBER 7"])
    loaded.picture_is_shown()
    loaded.page.go_back()
    _wait_for_end(loaded, "12 in all")

    loaded.page.get_by_label("Show only failed ones").check()
    expect(rows).to_have_count(1)
    loaded.page.click(".retry-failed")
    _wait_for_end(loaded, "Failed: 0 done, 1 failed, 1 in all")
    assert loaded.page.url != address


def test_job_is_found_again_after_a_reload_and_its_failed_ones_are_chosen_again(loaded: LoadedPage) -> None:
    slow = file_of("slow.png", long_page(48))
    _hand_in(loaded, [_page(1), slow, file_of("broken.pdf", b"%PDF-1.7\nanother")])
    loaded.page.reload()
    _wait_for_end(loaded, "2 done, 1 failed, 3 in all")
    loaded.page.get_by_role("link", name="page 1.png").click()
    loaded.picture_is_shown()  # which this page has forgotten, and the service keeps
    with loaded.page.expect_download() as started:
        loaded.page.click(".take-away [data-format=text]")
    assert Path(started.value.path()).read_text() == "NUMBER 1\n"
    loaded.page.go_back()
    loaded.page.click(".retry-failed")
    choose = loaded.page.locator(".choose-again")
    expect(choose).to_contain_text("broken.pdf")
    choose.locator("input[type=file]").set_input_files(file_of("broken.pdf", _page(4)["buffer"]))
    _wait_for_end(loaded, "Done: 1 done, 0 failed, 1 in all")
    loaded.page.get_by_role("link", name="broken.pdf").click()
    expect(loaded.lines).to_have_text(["NUMBER 4"])


def test_job_is_cancelled_and_deleted(loaded: LoadedPage) -> None:
    content = long_page(48)
    _hand_in(loaded, [file_of(f"slow {number}.png", content) for number in range(12)])
    loaded.page.click(".cancel-job")
    _wait_for_end(loaded, "Cancelled")
    loaded.page.get_by_role("button", name="Delete").click()
    expect(loaded.page.locator("#status")).to_have_text("The job is deleted.")
    loaded.page.go_back()
    expect(loaded.errors).to_contain_text("there is no job")


def test_prefix_becomes_a_job(loaded: LoadedPage, minio: MinioServer) -> None:
    bucket = minio.bucket()
    for number in (1, 2):
        minio.client.put_object(Bucket=bucket, Key=f"scans/{number}.png", Body=_page(number)["buffer"])
    loaded.show("batch")
    prefix = loaded.page.locator("#batch .intake form input")
    prefix.fill(f"s3://{bucket}/scans/")
    prefix.press("Enter")
    _wait_for_end(loaded, "Done: 2 done")
    loaded.page.get_by_role("link", name=f"s3://{bucket}/scans/2.png").click()
    expect(loaded.lines).to_have_text(["NUMBER 2"])
    loaded.picture_is_shown()


def test_files_dropped_on_the_view_read_become_a_job(loaded: LoadedPage) -> None:
    loaded.page.set_input_files("#read .intake input >> nth=0", files=[_page(1), _page(2)])
    expect(loaded.page.locator("#batch .chosen")).to_contain_text("page 1.png, page 2.png")


def test_file_that_cannot_be_sent_is_named_and_the_others_stay(loaded: LoadedPage) -> None:
    loaded.show("batch")
    _choose(loaded, [_page(1), file_of("nothing.png", b""), file_of("large.png", bytes(9 * 1024**2))])
    expect(loaded.errors).to_have_text(
        [re.compile(r"nothing\.png is empty"), re.compile(r"large\.png has 9.0 MiB.*at most 8.0 MiB")]
    )
    expect(loaded.page.locator("#batch .chosen")).to_contain_text("Files: 1,")


def test_job_in_another_format_is_downloaded(loaded: LoadedPage) -> None:
    loaded.show("batch")
    loaded.page.click("#batch .options-drawer summary")
    loaded.page.select_option("#batch [name=format]", "tsv")
    _hand_in(loaded, [_page(5)])
    _wait_for_end(loaded, "Done")
    with loaded.page.expect_download() as started:
        loaded.page.get_by_role("link", name="page 5.png").click()
    assert started.value.suggested_filename.endswith(".tsv")
    assert b"NUMBER" in Path(started.value.path()).read_bytes()
    expect(loaded.errors).to_contain_text("It was saved as a download")


def test_history_has_jobs_and_results_and_can_be_emptied(loaded: LoadedPage) -> None:
    loaded.read("kept.png", _page(8)["buffer"])
    address = _hand_in(loaded, [_page(3)])
    loaded.show("history")
    job = address.rpartition("job=")[2]
    loaded.page.get_by_role("link", name=job).click()
    _wait_for_end(loaded, "Done")
    loaded.page.reload()
    loaded.show("history")
    loaded.page.get_by_role("link", name="kept.png").click()
    expect(loaded.lines).to_have_text(["NUMBER 8"])
    loaded.picture_is_shown()
    with loaded.page.expect_download() as started:
        loaded.page.click(".take-away [data-format=json]")
    assert json.loads(Path(started.value.path()).read_bytes())["text"] == "NUMBER 8"
    loaded.show("history")
    loaded.page.click("#history .empty")
    expect(loaded.page.get_by_role("link", name="kept.png")).to_have_count(0)


def test_history_can_be_switched_off(loaded: LoadedPage) -> None:
    loaded.show("history")
    loaded.page.get_by_label("Keep results in this browser").uncheck()
    loaded.page.reload()
    loaded.show("read")
    loaded.give("secret.png", _page(9)["buffer"])
    expect(loaded.page.locator("#read .reading-state.state-done")).to_be_visible()
    loaded.show("history")
    expect(loaded.page.locator("#history")).to_contain_text("Nothing yet.")
    expect(loaded.page.get_by_role("link", name="secret.png")).to_have_count(0)


def test_system_tells_that_every_stage_answers(loaded: LoadedPage) -> None:
    loaded.show("system")
    expect(loaded.page.locator("#system")).to_contain_text("Every stage answers")
    expect(loaded.page.locator("#system")).to_contain_text("ppocrv6-small")
    expect(loaded.page.get_by_role("row", name="Reader healthy 1 running")).to_be_visible()
    for name in ("Swagger UI", "ReDoc", "OpenAPI"):
        link = loaded.page.get_by_role("link", name=name).get_attribute("href")
        assert loaded.page.request.get(str(link)).ok
