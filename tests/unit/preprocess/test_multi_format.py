"""One page in many formats, if the shared folder is present: each is read like its twin."""

import json
from pathlib import Path

import numpy as np
import pytest

from deployments.document import Document
from deployments.preprocess.decode import PageDecoder
from deployments.settings import PreprocessLimits
from models.errors import UnsupportedType
from tests.unit.preprocess.pictures import DATA, codes, decode, mean_difference

FOLDER = DATA / "multi_format"
LABELS = FOLDER / "labels.jsonl"
UNREAD = {".ico"}
# PDFium reads these; see the tests of PDF.
OTHERWISE = {".pdf"}
ALL_ROWS = [json.loads(line) for line in LABELS.read_text().splitlines()] if LABELS.exists() else []
ROWS = [row for row in ALL_ROWS if Path(row["image"]).suffix not in OTHERWISE]


# Mean absolute difference to the twin, in levels of 255, by the first word of the file's name that fits.
LIMITS = {
    "1bit": 10.0,  # gray paper and gray ink become white and black
    "g4": 10.0,
    "q15": 6.0,
    "anim": 2.5,
    "noext_jpg": 3.5,
    "exif": 2.0,
    "dpi72000": 1.5,
    "16bit": 0.6,  # the twin has color, this is gray
    "pal": 0.6,
    "rgba_transparent_black": 0.6,
    "32f": 0.3,
    "gray.pgm": 0.6,
}
LIMITS_BY_EXTENSION = {".jpg": 2.0, ".webp": 2.5, ".jp2": 5.0}


def twin_of(row: dict[str, str]) -> Path:
    twin = DATA / row["derived_from"]
    # Not every original is in the folder; the 24-bit BMP holds the same pixels.
    return twin if twin.exists() else FOLDER / "images" / "sroie005_base.bmp"


def limit_for(path: Path) -> float:
    by_name = next((limit for word, limit in LIMITS.items() if word in path.name), None)
    return LIMITS_BY_EXTENSION.get(path.suffix, 0.0) if by_name is None else by_name


# Pages of the files that have several, and the codes of their warnings.
SEVERAL: dict[str, list[list[str]]] = {
    "sroie005_anim.gif": [[], ["repeated_frame"]],
    "sroie005_anim.webp": [[], []],
    "sroie005_multi3.tif": [[], [], []],
    "zh_p010_anim.gif": [[], ["repeated_frame"]],
    "zh_p010_anim.webp": [[], []],
}


@pytest.mark.parametrize("row", [pytest.param(row, id=Path(row["image"]).name) for row in ROWS])
def test_file_is_read_like_its_twin_or_unsupported(row: dict[str, str]) -> None:
    path = FOLDER / row["image"]
    if path.suffix in UNREAD:
        with pytest.raises(UnsupportedType, match=f"unsupported format: {path.suffix}"):
            decode(path.read_bytes(), path.name)
        return
    page = decode(path.read_bytes(), path.name)
    twin = decode(twin_of(row).read_bytes()).pixels
    is_white_ink = "white_ink" in path.name
    expected_codes = ["dark_background"] if is_white_ink else []
    assert codes(page) == expected_codes
    limit = 0.3 if is_white_ink else limit_for(path)
    assert mean_difference(page, (255 - twin).astype(np.uint8) if is_white_ink else twin) <= limit


@pytest.mark.parametrize("row", [pytest.param(row, id=Path(row["image"]).name) for row in ROWS])
def test_every_page_is_found_once(row: dict[str, str]) -> None:
    path = FOLDER / row["image"]
    if path.suffix in UNREAD:
        return
    document, decoder = Document(path.read_bytes(), path.name), PageDecoder(PreprocessLimits())
    expected = SEVERAL.get(path.name)
    count = decoder.inspect(document).page_count
    assert count == (1 if expected is None else len(expected))
    if expected is not None:
        assert [codes(decoder.page(document, number)) for number in range(1, count + 1)] == expected
