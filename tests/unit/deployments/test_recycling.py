"""When a replica asks to be replaced. That Serve does it without losing a page: tests/integration/service."""

import pytest

from deployments.operation.recycling import Recycling, private_bytes
from deployments.settings import ReaderSettings


def least(low: float, high: float) -> float:
    return low


def test_never_unless_asked_for() -> None:
    subject = Recycling(ReaderSettings(), used_bytes=lambda: 10**12)
    for _ in range(1000):
        subject.count_page()
    subject.check()


@pytest.mark.parametrize(("share", "pages"), [(0.0, 40), (1.0, 50)])
def test_after_pages_and_up_to_a_quarter_more(share: float, pages: int) -> None:
    subject = Recycling(ReaderSettings(recycle_after_pages=40), lambda low, high: low + share * (high - low))
    for _ in range(pages - 1):
        subject.count_page()
    subject.check()
    subject.count_page()
    with pytest.raises(RuntimeError, match=f"after {pages} pages"):
        subject.check()


def test_above_bytes_but_not_before_the_first_page() -> None:
    used = 2_000
    subject = Recycling(ReaderSettings(recycle_above_bytes=1_000), least, lambda: used)
    subject.check()  # a limit below what the nets take is replaced for ever, but reads
    subject.count_page()
    with pytest.raises(RuntimeError, match="at 2,000 bytes"):
        subject.check()
    used = 1_000
    subject.check()


def test_memory_of_its_own_is_measured() -> None:
    before = private_bytes()
    held = bytes(bytearray(range(256)) * (200_000))  # 51 MB, each page written
    assert 50_000_000 < private_bytes() - before < 110_000_000
    del held
