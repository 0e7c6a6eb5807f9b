"""A page whose text layer is refused is read again without it, once."""

import asyncio
from dataclasses import replace

from deployments.context import PageCall, RequestContext
from deployments.stages.rereading import read_or_reread
from models.page import PageText, PageWarning

REFUSED = PageWarning("text_layer_refused", "it says otherwise", 1)
TEXT = PageText(1, 100, 100, 0, ())


def read(*answers: PageText) -> tuple[PageText, list[str]]:
    """Read a page with these answers, and tell what was asked of its text layer each time."""
    asked: list[str] = []
    waiting = list(answers)

    async def once(call: PageCall) -> PageText:
        asked.append(call.options.text_layer)
        return waiting.pop(0)

    call = PageCall(1, RequestContext.starting_now("id", 60.0))
    return asyncio.run(read_or_reread(once, call)), asked


def test_page_with_a_sound_layer_is_read_once() -> None:
    assert read(TEXT) == (TEXT, ["auto"])


def test_page_with_a_refused_layer_is_read_again_as_it_looks() -> None:
    other = PageWarning("low_confidence", "some lines", 1)
    text, asked = read(replace(TEXT, refused_layer=REFUSED), replace(TEXT, rotation=90, warnings=(other,)))
    assert asked == ["auto", "never"]
    assert (text.rotation, text.warnings, text.refused_layer) == (90, (REFUSED, other), None)
