"""Every file of the shared folder of broken and hostile files, if that folder is present."""

import json
import time
from pathlib import Path

import numpy as np
import pytest

from deployments.document import Document
from deployments.preprocess.decode import PageDecoder
from deployments.settings import PreprocessLimits
from models.errors import RayocrError
from models.page import Page
from tests.unit.preprocess.pictures import DATA

FOLDER = DATA / "bad_inputs"
MANIFEST = FOLDER / "manifest.jsonl"
ROWS = [json.loads(line) for line in MANIFEST.read_text().splitlines()] if MANIFEST.exists() else []

MAX_SECONDS = 5.0

LEGAL_BOMBS = {"10K-gray.jpeg", "10K-rgb.jpeg", "10K-rgb.png", "10K-gray.tiff"}

# The outcomes that each category may have; None is a page.
OUTCOMES: dict[str, set[str | None]] = {
    "bomb": {"too_large", "undecodable"},
    # 100 million pixels: large, and legal.
    "legal bomb": {None},
    "empty": {"unsupported_type"},
    "garbage": {"unsupported_type"},
    "garbage behind a PDF header": {"undecodable"},
    "truncated": {None, "undecodable", "unsupported_type"},
    "bitrot": {None},
    "bad_header": {"undecodable"},
    "extreme_shape": {None},
    "wrong_type": {"unsupported_type"},
    "mismatched_ext": {None},
    "trailing": {None},
    "regression": {None, "too_large", "undecodable", "unsupported_type"},
    "fuzz": {None, "too_large", "undecodable", "unsupported_type"},
}

# Pillow remarks on damaged tags and chunks before it raises or reads on.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")


def page_or_error(document: Document) -> Page | RayocrError:
    try:
        return PageDecoder(PreprocessLimits()).page(document, 1)
    except RayocrError as error:
        return error


@pytest.mark.parametrize("row", [pytest.param(row, id=row["file"]) for row in ROWS])
def test_bad_input_gives_a_page_or_a_client_error(row: dict[str, str]) -> None:
    path = Path(FOLDER / row["file"])
    document = Document(path.read_bytes(), path.name)
    category = "legal bomb" if path.name.split("__")[-1] in LEGAL_BOMBS else row["category"]
    if category == "garbage" and path.suffix == ".pdf":
        category = "garbage behind a PDF header"
    started = time.process_time()
    outcome = page_or_error(document)
    assert time.process_time() - started < MAX_SECONDS
    if isinstance(outcome, Page):
        assert outcome.pixels.dtype == np.uint8
        assert outcome.pixels.shape[2] == 3
        assert None in OUTCOMES[category]
    else:
        assert 400 <= outcome.http_status < 500
        assert outcome.message.isprintable()
        assert outcome.code in OUTCOMES[category]
