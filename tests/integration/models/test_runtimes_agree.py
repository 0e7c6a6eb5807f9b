"""The default bundle reads the same text on every runtime."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.page import Line, Page
from models.settings import DetectionOptions
from tests.integration.models.readers import RUNTIMES, Reader
from tests.pictures import drawn_page, labeled

RECEIPT = ("INVOICE 2041", "2x Tea 7.80", "1x Cake 5.70", "TOTAL 13.50", "Thank you!")
PUBLIC = [
    pytest.param(path, id=f"{name}-{path.stem}")
    for name, count in (("sroie", 2), ("funsd", 1), ("zh_docs_pdf", 1))
    for path in labeled(name, count)
]


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("rows", [RECEIPT[:1], RECEIPT, RECEIPT * 4], ids=["1 row", "5 rows", "20 rows"])
def test_drawn_page_is_read(readers: dict[str, Reader], runtime: str, rows: tuple[str, ...]) -> None:
    assert readers[runtime].read(Page(drawn_page(*rows))) == list(rows)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_page_turned_clockwise_is_read(readers: dict[str, Reader], runtime: str) -> None:
    # Each line runs downwards, from the page's top right.
    turned = np.ascontiguousarray(np.rot90(drawn_page("INVOICE 2041", "TOTAL 13.50"), k=-1))
    assert sorted(readers[runtime].read(Page(turned))) == ["INVOICE 2041", "TOTAL 13.50"]


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("size", [(1, 1), (40, 3000), (3000, 40), (700, 500)])
def test_empty_page_has_no_lines(readers: dict[str, Reader], runtime: str, size: tuple[int, int]) -> None:
    assert readers[runtime].read(Page(np.full((*size, 3), 255, dtype=np.uint8))) == []


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_read_only_page_of_the_detectors_own_size_is_read(readers: dict[str, Reader], runtime: str) -> None:
    # As pages come out of the object store; at this size the net gets the page's own memory.
    pixels = np.full((736, 736, 3), 255, dtype=np.uint8)
    pixels[:360, :640] = drawn_page("INVOICE 2041", *RECEIPT[1:])
    before = pixels.copy()
    pixels.flags.writeable = False
    assert readers[runtime].read(Page(pixels)) == list(RECEIPT)
    np.testing.assert_array_equal(pixels, before)


@pytest.mark.slow
@pytest.mark.parametrize("path", PUBLIC)
def test_public_page_is_read_alike(public_lines: Callable[[str, Path], tuple[Line, ...]], path: Path) -> None:
    one, other = ([line.text for line in public_lines(runtime, path)] for runtime in RUNTIMES)
    assert len(one) > 5
    assert one == other


def test_maps_agree(readers: dict[str, Reader]) -> None:
    page = Page(drawn_page(*RECEIPT))
    found = [readers[runtime].detector.detect(page, DetectionOptions()) for runtime in RUNTIMES]
    np.testing.assert_allclose(found[0].points, found[1].points, atol=1)
    np.testing.assert_allclose(found[0].scores, found[1].scores, atol=1e-3)
