"""A PDF that is built to cost, or that ends PDFium, costs only its own page."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import psutil
import pytest

from deployments.document import Document
from deployments.operation.metrics import NoMetrics
from deployments.preprocess.pdf import PdfReader
from deployments.read_options import AS_IT_COMES
from deployments.settings import PreprocessLimits, PreprocessSettings
from deployments.stages.preprocessing import Preprocessor
from deployments.storage.settings import StorageSettings
from models.errors import RayocrError, TooLarge, Undecodable
from models.page import Page
from tests.unit.preprocess.pdf.conftest import Read
from tests.unit.preprocess.pdf.documents import many_pages, nested_forms, picture_bomb, text_pdf, zip_bomb
from tests.waiting import until_true

Children = Callable[[], list[psutil.Process]]

SMALL = PreprocessLimits(max_pdf_bytes=100_000_000, max_pdf_page_s=2, max_pixels=4_000_000)
GOOD = text_pdf(("Good morning", 72, 700))


def is_read(page: Page) -> bool:
    return page.text_layer is not None and [line.text for line in page.text_layer] == ["Good morning"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (nested_forms(9), "2 s of CPU time|100 MB of memory"),
        (zip_bomb(200, b"0 0 1 1 re f\n"), "100 MB of memory"),
        (zip_bomb(500, b" "), "100 MB of memory"),
        (zip_bomb(100, b"q "), "100 MB of memory"),
    ],
    ids=["forms", "operators", "blanks", "states"],
)
def test_bomb_costs_its_own_page(read: Read, data: bytes, message: str) -> None:
    with pytest.raises(TooLarge, match=message):
        read(data, limits=SMALL)
    assert is_read(read(GOOD))


def test_page_that_takes_too_long_is_refused(read: Read, children: Children) -> None:
    data = nested_forms(5)
    with pytest.raises(TooLarge, match=r"reading page 1 of the PDF took more than 0\.2 s of CPU time"):
        read(data, limits=PreprocessLimits(max_pdf_page_s=0.2))
    assert children() == []
    assert is_read(read(GOOD))
    assert len(children()) == 1


def test_stage_gives_pdfs_less_time_than_its_watchdog() -> None:
    stage = Preprocessor(PreprocessSettings(max_work_s=8), StorageSettings(), metrics=NoMetrics())
    assert stage._decoder._pdf_reader._wall_s == 6
    stage.reconfigure({"max_pdf_page_s": 3})
    assert stage._decoder._pdf_reader._wall_s == 6


def test_page_is_refused_before_the_watchdog_takes_its_replica_for_hung(children: Children) -> None:
    # Memory enough for what it draws until then.
    reader = PdfReader(PreprocessLimits(max_pdf_page_s=60, max_pdf_bytes=8_000_000_000), max_work_s=4)
    began = time.monotonic()
    with pytest.raises(TooLarge, match=r"reading page 1 of the PDF was not done after 3 s"):
        reader.page(Document(nested_forms(9)), 1, AS_IT_COMES)
    assert time.monotonic() - began < 4
    assert children() == []


def test_memory_that_a_decoder_lacks_is_no_blank_picture(read: Read) -> None:
    data = picture_bomb(3000)
    assert read(data, dpi=72, limits=SMALL).pixels.max() == 0
    with pytest.raises(TooLarge, match="100 MB of memory"):
        read(picture_bomb(6000), dpi=300, limits=SMALL.model_copy(update={"max_pixels": 50_000_000}))


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGILL])
def test_crash_costs_its_own_page(read: Read, children: Children, number: signal.Signals) -> None:
    with pytest.raises(TooLarge):
        read(nested_forms(5), limits=PreprocessLimits(max_pdf_page_s=0.1))  # so that the next process is new
    raised: list[RayocrError] = []

    def crash() -> None:
        try:
            read(nested_forms(9))
        except RayocrError as exc:
            raised.append(exc)

    thread = threading.Thread(target=crash)
    thread.start()
    until_true(lambda: children() and children()[0].cpu_times().user > 0.3)  # it is at the page
    children()[0].send_signal(number)
    thread.join()
    assert [type(exc) for exc in raised] == [Undecodable]
    assert is_read(read(GOOD))


def test_process_that_vanished_is_started_again(read: Read, children: Children) -> None:
    assert is_read(read(GOOD))
    (child,) = children()
    child.kill()
    child.wait()
    assert is_read(read(GOOD))
    assert children() != [child]


def test_many_pages_are_read_one_by_one(read: Read, children: Children) -> None:
    document = Document(many_pages(10_000))
    reader = PdfReader(PreprocessLimits())
    started = time.process_time()
    assert reader.page_count(document, AS_IT_COMES) == 10_000
    for number in (1, 5_000, 10_000):
        layer = reader.page(document, number, AS_IT_COMES).text_layer
        assert layer is not None
        assert layer[0].text == f"Page {number}"
    assert time.process_time() - started < 2
    assert children()[0].memory_info().rss < 150_000_000


def test_count_that_lies_is_not_believed() -> None:
    data = many_pages(1, says=2_000_000_000)
    assert PdfReader(PreprocessLimits()).page_count(Document(data), AS_IT_COMES) == 1


def test_memory_is_flat_over_pages_and_documents(children: Children) -> None:
    reader = PdfReader(PreprocessLimits())
    document = Document(many_pages(50))

    def read_all() -> int:
        for number in range(1, 51):
            reader.page(document, number, AS_IT_COMES)
        for number in range(10):
            reader.page(Document(text_pdf((f"document {number}", 72, 700))), 1, AS_IT_COMES)
        gc.collect()
        return int(children()[0].memory_info().rss)

    first = read_all()
    descriptors = psutil.Process().num_fds()
    for _ in range(2):
        last = read_all()
    assert last < first + 2_000_000
    assert psutil.Process().num_fds() == descriptors


def test_threads_take_turns(read: Read) -> None:
    document = Document(many_pages(40))
    reader = PdfReader(PreprocessLimits())
    found: dict[int, str] = {}

    def read_some(first: int) -> None:
        for number in range(first, 41, 4):
            layer = reader.page(document, number, AS_IT_COMES).text_layer
            found[number] = layer[0].text if layer else ""

    threads = [threading.Thread(target=read_some, args=(first,)) for first in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: f"Page {number}" for number in range(1, 41)}


def test_it_ends_with_its_parent_and_knows_no_secrets() -> None:
    code = (
        "import os, psutil, sys\n"
        "from deployments.document import Document\n"
        "from deployments.preprocess.pdf import PdfReader\n"
        "from deployments.settings import PreprocessLimits\n"
        "from deployments.read_options import AS_IT_COMES\n"
        "PdfReader(PreprocessLimits()).page_count(Document(sys.stdin.buffer.read()), AS_IT_COMES)\n"
        "child, = psutil.Process().children()\n"
        "print(child.pid, 'AWS_SECRET_ACCESS_KEY' in child.environ(), flush=True)\n"
        "os._exit(0)\n"
    )
    environment = os.environ | {"AWS_SECRET_ACCESS_KEY": "secret"}
    done = subprocess.run([sys.executable, "-c", code], input=GOOD, capture_output=True, env=environment, check=True)
    pid, knows = done.stdout.split()
    assert knows == b"False"
    until_true(lambda: not psutil.pid_exists(int(pid)) or psutil.Process(int(pid)).status() == psutil.STATUS_ZOMBIE)
