"""A reader of PDFs, and the process behind it."""

from collections.abc import Callable
from typing import Any

import psutil
import pytest

from deployments.document import Document
from deployments.preprocess.pdf import PdfReader
from deployments.read_options import ReadOptions
from deployments.settings import PreprocessLimits
from models.page import Page

Read = Callable[..., Page]


@pytest.fixture
def read() -> Read:
    """Read page `number` of a PDF. Other arguments are options."""

    def read_page(data: bytes, number: int = 1, limits: PreprocessLimits | None = None, **options: Any) -> Page:
        reader = PdfReader(limits or PreprocessLimits())
        return reader.page(Document(data), number, ReadOptions(**options))

    return read_page


@pytest.fixture
def children() -> Callable[[], list[psutil.Process]]:
    """The processes of this one that open PDFs."""
    return lambda: [
        child
        for child in psutil.Process().children()
        if child.status() != psutil.STATUS_ZOMBIE
        and "deployments.preprocess.pdfium.reading:PdfReading" in child.cmdline()
    ]
