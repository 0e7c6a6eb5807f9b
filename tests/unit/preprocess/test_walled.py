"""Pictures of rare formats in the process behind the wall: the same pages and errors, and no more than a page lost."""

import os
import signal
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import pytest

from deployments.document import Document
from deployments.memory_files import result_file
from deployments.preprocess.decode import PageDecoder
from deployments.preprocess.formats.signatures import EXTENSIONS
from deployments.preprocess.picture import walled
from deployments.preprocess.picture.walled import WALLED
from deployments.sandbox.messages import Message
from deployments.sandbox.process import SandboxProcess
from deployments.sandbox.task import Task
from deployments.settings import PreprocessLimits
from models.errors import RayocrError, TooLarge, Undecodable
from tests.unit.preprocess.heic import HEIC_OF_TWO, HEIC_TURNED
from tests.unit.preprocess.pictures import DATA, drawing, encoded

FILES = [
    path
    for folder in ("multi_format", "bad_inputs")
    for path in sorted((DATA / folder).rglob("*"))
    if EXTENSIONS.get(path.suffix.lower()) in WALLED
]
MADE = {
    "turned.heic": HEIC_TURNED,
    "two.heic": HEIC_OF_TWO,
    "cut.heic": HEIC_OF_TWO[:-200],
    "picture.avif": encoded(drawing(), "AVIF"),
    "frames.avif": encoded(drawing(), "AVIF", save_all=True, append_images=[drawing(), drawing().rotate(180)]),
    "cut.avif": encoded(drawing(300, 200), "AVIF")[:-300],
    "picture.jp2": encoded(drawing(), "JPEG2000"),
    "pages.tiff": encoded(drawing(), "TIFF", save_all=True, append_images=[drawing(90, 70)]),
}


TIFF = encoded(drawing(), "TIFF")


def outcome(decoder: PageDecoder, document: Document) -> object:
    """Give everything that a client could see of the first two pages."""
    seen: list[object] = []
    try:
        seen.append(decoder.inspect(document))
        for number in (1, 2):
            page = decoder.page(document, number)
            assert not page.pixels.flags.writeable or not page.pixels.size
            seen += [page.pixels.shape, page.pixels.tobytes(), page.warnings, page.page_count, page.text_layer_size]
    except RayocrError as error:
        seen.append((type(error), str(error)))
    return seen


# Pillow's warnings are errors in this process, and not in the child.
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [*MADE, *(str(path.relative_to(DATA)) for path in FILES)])
def test_picture_is_the_same_behind_the_wall(name: str) -> None:
    document = Document(MADE.get(name) or (DATA / name).read_bytes(), name)
    here = PageDecoder(PreprocessLimits(), walled=frozenset())
    assert outcome(PageDecoder(PreprocessLimits()), document) == outcome(here, document)


@pytest.mark.parametrize("picture_format", ["JPEG", "PNG", "GIF"])
def test_usual_formats_start_no_process(picture_format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walled, "_process", None)
    assert PageDecoder(PreprocessLimits()).page(Document(encoded(drawing(), picture_format)), 1).width == 60


class Broken(Task):
    """Does instead of decoding what the picture's name says, but for a picture without one."""

    is_watched: ClassVar[bool] = False

    def answer(self, request: Message, files: Sequence[int]) -> tuple[Message, int | None]:
        match request["name"]:
            case "crash":
                signal.raise_signal(signal.SIGSEGV)
            case "hang":
                while True:
                    pass
            case "memory":
                bytearray(request["decode_limits"]["max_decode_bytes"] + 2_000_000_000)
            case "much":
                with result_file() as result, open(result, "wb", closefd=False) as file:
                    file.write(bytes(4 * request["decode_limits"]["max_pixels"]))
        with result_file() as result:
            os.write(result, bytes(3))
        return {"page_count": 1, "shape": [1, 1, 3], "is_new": True, "warnings": []}, result


@pytest.mark.parametrize(
    ("fault", "max_work_s", "error", "message"),
    [
        ("crash", 100.0, Undecodable, "ended the process that decodes it"),
        ("hang", 1.0, TooLarge, r"takes more than 0\.75 s"),
        ("memory", 100.0, TooLarge, "more memory than its header tells"),
        ("much", 100.0, TooLarge, "more memory than its header tells"),
    ],
)
def test_fault_of_a_decoder_costs_its_page_alone(
    fault: str, max_work_s: float, error: type[RayocrError], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = SandboxProcess("tests.unit.preprocess.test_walled:Broken")
    monkeypatch.setattr(walled, "_process", process)
    decoder = PageDecoder(PreprocessLimits(max_pixels=1_000_000), max_work_s)
    try:
        with pytest.raises(error, match=message):
            decoder.page(Document(TIFF, fault), 1)
        assert np.array_equal(PageDecoder(PreprocessLimits()).page(Document(TIFF), 1).pixels, np.zeros((1, 1, 3)))
    finally:
        process.close()
