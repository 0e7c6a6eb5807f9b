"""On a CPU a net runs on the thread that asks for it."""

import time

import pytest

from models.page import Page
from tests.integration.models.readers import RUNTIMES, Reader
from tests.pictures import drawn_page


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_no_other_thread_works(readers: dict[str, Reader], runtime: str) -> None:
    # Runs that are handed over leave a CPU idle, and their time would count as nobody's.
    page = Page(drawn_page(*["INVOICE 2041"] * 20))
    readers[runtime].read(page)  # a runtime prepares for a shape when it sees it first
    own_s, all_s = time.thread_time(), time.process_time()
    for _ in range(3):
        readers[runtime].read(page)
    own_s, all_s = time.thread_time() - own_s, time.process_time() - all_s
    assert own_s > 0.3, "too little to tell"
    assert own_s > 0.95 * all_s
