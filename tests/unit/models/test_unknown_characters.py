"""The warning about characters that the recognizer does not know."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from models.manifests import load_manifest
from models.page import Page, Quads
from models.recognition import TextRecognizer
from models.runtime import NetOptions, Runtime
from models.settings import RecognitionOptions
from tests.pictures import drawn_page

ROW = "recognition of a page"


class OneLetterNet(Runtime):
    """Reads a letter at every third step of a line, or nothing."""

    def __init__(self, *, reads: bool) -> None:
        self.reads = reads

    @classmethod
    def load(cls, path: Path, options: NetOptions) -> "OneLetterNet":
        """See `Runtime`."""
        return cls(reads=True)

    def run(self, batch: npt.NDArray[np.uint8], watched: int = 0) -> tuple[npt.NDArray[np.generic], ...]:
        """See `Runtime`."""
        classes = np.zeros((len(batch), batch.shape[2] // 8), dtype=np.int32)
        if self.reads:
            classes[:, ::3] = 1
        return classes, np.ones(classes.shape, np.float32), np.zeros(classes.shape, np.float32)

    def metadata(self) -> dict[str, str]:
        """See `Runtime`."""
        return {"character": "n"}

    def class_count(self) -> int | None:
        """See `Runtime`."""
        return None


@pytest.mark.parametrize(("reads", "codes"), [(True, []), (False, ["unknown_characters"])])
def test_page_whose_letters_are_not_read_has_a_warning(reads: bool, codes: list[str]) -> None:
    recognizer = TextRecognizer(
        OneLetterNet(reads=reads), load_manifest("ppocrv6-small", with_recipes=False).recognition
    )
    quad = np.array([[[14, 36], [430, 36], [430, 84], [14, 84]]], dtype=np.float32)
    read = recognizer.recognize(
        Page(drawn_page(ROW), number=3), Quads(quad, np.ones(1, np.float32)), RecognitionOptions()
    )
    assert [(warning.code, warning.page) for warning in read.warnings] == [(code, 3) for code in codes]
