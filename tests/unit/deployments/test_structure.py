"""Looking at a page while it is read, and building its structure afterwards."""

import asyncio
from dataclasses import replace

import numpy as np
import pytest

from deployments.context import PageCall, RequestContext
from deployments.operation.metrics import NoMetrics
from deployments.read_options import ReadOptions
from deployments.settings import StructureSettings
from deployments.stages.structure import SeenPage, Structurer, structured
from models.errors import ModelOutputError
from models.page import Line, Page, PageQuads, PageText, PageWarning, Quads
from models.structure.result import PartName
from tests.structured_page import CODE_TEXT, structured_page

PIXELS = structured_page()
HEIGHT, WIDTH = PIXELS.shape[:2]


def call(*parts: PartName) -> PageCall:
    """A call for the first page."""
    return PageCall(1, RequestContext.starting_now("test", 60), ReadOptions(structure=parts))


def found(rotation: int = 0) -> PageQuads:
    """What detection finds on a page without lines."""
    quads = Quads(np.empty((0, 4, 2), np.float32), np.empty(0, np.float32), rotation=rotation)
    return PageQuads(1, WIDTH, HEIGHT, rotation, quads)


def text(rotation: int = 0) -> PageText:
    """The text of a page without lines."""
    return PageText(1, WIDTH, HEIGHT, rotation, ())


@pytest.fixture(scope="module")
def structurer() -> Structurer:
    """A stage in this process."""
    return Structurer(StructureSettings(), NoMetrics())


async def read_with(stage: Structurer, page: Page, of: PageQuads, result: PageText, *parts: PartName) -> PageText:
    """Take a page through the stage, of which `result` is read."""

    async def read() -> PageText:
        return result

    async def look(quads: PageQuads, asked: PageCall) -> SeenPage:
        return await stage.look(page, quads, asked)

    return await structured(of, call(*parts), look, read, stage.build)


def test_page_is_turned_as_its_text_stands(structurer: Structurer) -> None:
    stored = np.ascontiguousarray(np.rot90(PIXELS, 2))
    # detection took it for upright, and recognition found that it stands on its head
    read = asyncio.run(read_with(structurer, Page(stored), found(), text(180), "codes"))
    assert read.structure is not None
    (code,) = read.structure.codes
    assert code.text == CODE_TEXT
    assert np.mean([x for x, _ in code.polygon]) > WIDTH / 2  # where it is on the upright page
    assert read.structure.parts == ("codes",)
    assert read.timings_ms["structure"] > 0


def test_lines_of_a_text_layer_are_seen(structurer: Structurer) -> None:
    line = Line("IIII", 1.0, ((730.0, 1100.0), (860.0, 1100.0), (860.0, 1130.0), (730.0, 1130.0)))
    page = Page(PIXELS, text_layer=(line,), text_layer_size=(WIDTH, HEIGHT))
    read = asyncio.run(read_with(structurer, page, PageQuads.carried(page), PageText.carried(page), "codes"))
    assert read.structure is not None
    assert [code.lines for code in read.structure.codes] == [(0,)]
    assert read.lines == (line,)


def test_page_without_pixels_has_an_empty_structure(structurer: Structurer) -> None:
    page = Page(np.empty((0, 0, 3), np.uint8), text_layer=(), text_layer_size=(40, 30))
    parts: tuple[PartName, ...] = ("layout", "tables", "fields", "marks", "codes")
    read = asyncio.run(read_with(structurer, page, PageQuads.carried(page), PageText.carried(page), *parts))
    assert read.structure is not None
    found_parts = (read.structure.tables, read.structure.fields, read.structure.marks, read.structure.codes)
    assert found_parts == ((), (), (), ())


def test_refused_text_layer_has_no_structure(structurer: Structurer) -> None:
    refused = replace(text(), refused_layer=PageWarning("text_layer_refused", "its text is not what the page shows"))
    assert asyncio.run(read_with(structurer, Page(PIXELS), found(), refused, "codes")).structure is None


def test_page_that_can_not_be_read_is_not_looked_at_any_more() -> None:
    async def attempt() -> bool:
        ended = asyncio.Event()

        async def look(_quads: PageQuads, _asked: PageCall) -> SeenPage:
            try:
                await asyncio.sleep(60)
            finally:
                ended.set()
            raise AssertionError

        async def read() -> PageText:
            await asyncio.sleep(0)
            raise ModelOutputError("the net failed")

        async def build(_seen: SeenPage, read_text: PageText, _asked: PageCall) -> PageText:
            return read_text

        with pytest.raises(ModelOutputError):
            await structured(found(), call("codes"), look, read, build)
        await asyncio.wait_for(ended.wait(), 5)
        return ended.is_set()

    assert asyncio.run(attempt())
