"""Pixels in one process stay within their bound."""

import asyncio

import numpy as np
import pytest

from deployments.stages.decoded_pages import DecodedPages
from models.errors import Undecodable
from models.page import Page
from tests.waiting import loop_is_idle

BYTES = 300


def page() -> Page:
    return Page(np.zeros((10, 10, 3), np.uint8))


class Decoder:
    """Decodes, and counts how often."""

    def __init__(self) -> None:
        self.count = 0
        self.at_once = 0

    async def __call__(self) -> Page:
        self.count += 1
        self.at_once += 1
        assert self.at_once == 1
        await asyncio.sleep(0)
        self.at_once -= 1
        return page()


async def read(pages: DecodedPages, decode: Decoder, done: asyncio.Event) -> None:
    async with pages.page(decode):
        await done.wait()


@pytest.mark.parametrize(("most_bytes", "decoded"), [(0, 1), (BYTES - 1, 1), (BYTES, 2), (4 * BYTES, 5), (10**9, 8)])
async def test_next_is_decoded_while_there_is_room(most_bytes: int, decoded: int) -> None:
    pages, decode, done = DecodedPages(most_bytes), Decoder(), asyncio.Event()
    readers = [asyncio.create_task(read(pages, decode, done)) for _ in range(8)]
    await loop_is_idle()
    assert decode.count == decoded
    done.set()
    await asyncio.gather(*readers)
    assert decode.count == 8


async def test_page_that_failed_or_was_left_takes_no_room() -> None:
    pages = DecodedPages(0)

    async def broken() -> Page:
        raise Undecodable("no picture")

    for _ in range(3):
        with pytest.raises(Undecodable):
            async with pages.page(broken):
                raise AssertionError("there is no page")
    waiting = asyncio.create_task(read(pages, Decoder(), asyncio.Event()))
    await loop_is_idle()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    async with asyncio.timeout(60), pages.page(Decoder()) as decoded:
        assert decoded.pixels.nbytes == BYTES


async def test_who_waits_may_leave() -> None:
    pages, decode, done = DecodedPages(0), Decoder(), asyncio.Event()
    first = asyncio.create_task(read(pages, decode, done))
    second = asyncio.create_task(read(pages, decode, done))
    await loop_is_idle()
    second.cancel()
    done.set()
    await first
    async with asyncio.timeout(60), pages.page(decode):
        assert decode.count == 2


async def test_urgent_page_neither_waits_for_room_that_others_hold_nor_in_their_line() -> None:
    pages, done = DecodedPages(BYTES - 1), asyncio.Event()
    decoders = (Decoder(), Decoder())
    held: list[str] = []

    async def hold(name: str, priority: int) -> None:
        async with pages.page(decoders[priority], priority):
            held.append(name)
            await done.wait()

    tasks = [asyncio.create_task(hold(f"job {number}", 1)) for number in range(3)]
    await loop_is_idle()
    tasks += [asyncio.create_task(hold(f"request {number}", 0)) for number in range(2)]
    await loop_is_idle()
    assert held == ["job 0", "request 0"]
    tasks[1].cancel()
    done.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert sorted(held[2:]) == ["job 2", "request 1"]


async def test_request_does_not_wait_while_a_page_of_a_job_is_decoded() -> None:
    pages, decode, never = DecodedPages(BYTES), Decoder(), asyncio.Event()

    async def slow() -> Page:
        await never.wait()
        return page()

    async def job() -> None:
        async with pages.page(slow, 1):
            raise AssertionError("it is never decoded")

    task = asyncio.create_task(job())
    await loop_is_idle()
    async with asyncio.timeout(60), pages.page(decode):
        assert decode.count == 1
    task.cancel()
