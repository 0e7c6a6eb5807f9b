"""Chunks of pages, each of which travels through the pipeline as one row of an Arrow table.

Ray Data moves blocks of rows. Here a block is one row, and a row is a chunk: the pages of a few documents. So a task
takes one block and gives one block. Two things follow. If a worker ends and its task is run again, the task gives the
same block. And the listing of keys never gets more than some blocks ahead.

    column `pages`    binary         a pickled list of `WorkPage`
    column `pixels`   large_binary   the pixels of all pages one after the other, between fetching and recognition

Pixels are read where they lie in the object store. Detection hands their column on to recognition as it is.
"""

import math
import pickle
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import pyarrow as pa

from models.errors import RayocrError, StorageUnavailable
from models.page import Page, PageQuads, PageText
from serve.bulk.documents import InputDocument

__all__ = ["Failure", "StoredPage", "WorkPage", "decode_pages", "encode_pages", "failed", "page_from", "with_pixels"]

_PAGES = "pages"
_PIXELS = "pixels"

_NO_PIXELS = np.empty((0, 0, 3), np.uint8)


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a page was not read.

    Args:
        error: The error that reading it raised.
        attempts: How often the page was tried.
    """

    error: RayocrError
    attempts: int = 1

    @property
    def stops_run(self) -> bool:
        """Whether the whole run has to stop, since a storage that does not answer says nothing about the document."""
        return isinstance(self.error, StorageUnavailable)


@dataclass(frozen=True, slots=True)
class StoredPage:
    """A decoded page whose pixels lie in the chunk's column of pixels.

    Args:
        page: The page without its pixels.
        start: Position in the column at which its pixels begin, in bytes.
        shape: Shape of its pixels, (height, width, 3).
    """

    page: Page
    start: int
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class WorkPage:
    """One page in the pipeline, or a document whose pages are not known yet.

    Args:
        document: The document that it belongs to.
        number: Number of the page, counted from 1.
        page_count: How many pages of the document are read.
        page: The decoded page, until it is recognized.
        quads: The quads on it, until it is recognized.
        text: The text, once it is recognized.
        failure: Why it could not be read; no later stage then works on it.
    """

    document: InputDocument
    number: int = 1
    page_count: int = 1
    page: StoredPage | None = None
    quads: PageQuads | None = None
    text: PageText | None = None
    failure: Failure | None = None

    @property
    def name(self) -> str:
        """A name that no other page of the run has."""
        return f"{self.document.key}#{self.number}"


def failed(page: WorkPage, error: Exception, attempts: int = 1) -> WorkPage:
    """Make the same page with an error instead of its pixels and quads."""
    if not isinstance(error, RayocrError):
        error = RayocrError(
            f"something went wrong inside ({type(error).__name__}); the log of the worker has the details"
        )
    return replace(page, page=None, quads=None, failure=Failure(error, attempts))


def encode_pages(pages: Sequence[WorkPage], pixels: pa.ChunkedArray | None = None) -> pa.Table:
    """Make the one-row table of a chunk.

    Args:
        pages: The pages, without pixels.
        pixels: A column of pixels to hand on, as a stage was given it; None for none.
    """
    columns = {_PAGES: pa.array([pickle.dumps(list(pages), protocol=5)], pa.binary())}
    return pa.table(columns if pixels is None else {**columns, _PIXELS: pixels})


def with_pixels(pages: Sequence[tuple[WorkPage, Page | None]]) -> pa.Table:
    """Make the one-row table of a chunk whose pages were just decoded. Their pixels are copied once.

    Args:
        pages: Each page with its decoded form; None if it failed.
    """
    buffer = pa.allocate_buffer(sum(page.pixels.nbytes for _, page in pages if page is not None))
    pixels = np.frombuffer(buffer, np.uint8)
    stored = []
    start = 0
    for work, page in pages:
        if page is None:
            stored.append(work)
            continue
        end = start + page.pixels.nbytes
        pixels[start:end] = page.pixels.reshape(-1)
        kept = StoredPage(replace(page, pixels=_NO_PIXELS), start, page.pixels.shape)
        stored.append(replace(work, page=kept))
        start = end
    offsets = pa.py_buffer(np.array([0, start], np.int64))
    column = pa.LargeBinaryArray.from_buffers(pa.large_binary(), 1, [None, offsets, buffer])
    return encode_pages(stored, pa.chunked_array([column]))


def decode_pages(table: pa.Table) -> tuple[list[WorkPage], pa.ChunkedArray | None]:
    """Take the table of a chunk apart.

    Args:
        table: A table from `encode_pages` or `with_pixels`.

    Returns:
        The pages, and the column of pixels if there is one.
    """
    if table.num_rows == 0:  # this is how Ray Data says that there was nothing at all
        return [], None
    pages = pickle.loads(table[_PAGES][0].as_buffer())
    return cast("list[WorkPage]", pages), table[_PIXELS] if _PIXELS in table.column_names else None


def page_from(work: WorkPage, pixels: pa.ChunkedArray) -> Page:
    """Return a page with its pixels, which stay where they are and are read only.

    Args:
        work: A decoded page of a chunk.
        pixels: That chunk's column of pixels.
    """
    stored = work.page
    assert stored is not None  # the stages ask for decoded pages only
    flat = np.frombuffer(pixels[0].as_buffer(), np.uint8)
    shaped = flat[stored.start : stored.start + math.prod(stored.shape)].reshape(stored.shape)
    shaped.setflags(write=False)
    return replace(stored.page, pixels=shaped)
