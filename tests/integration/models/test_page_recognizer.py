"""Which recognizer reads a page."""

from functools import cache

import pytest

from models.manifests import load_manifest
from models.recognition import PageRecognizer
from models.settings import NetSettings

MANIFEST = load_manifest("ppocrv6-small").recognition
HEIGHT = MANIFEST.height_px


@cache
def loaded(precision: str, *, is_prepared: bool = True) -> PageRecognizer:
    settings = NetSettings.model_validate({"runtime": "openvino", "device": "cpu", "precision": precision})
    return PageRecognizer.load(MANIFEST, settings, is_prepared=is_prepared)


def test_documents_and_scenes_differ_in_int8_alone() -> None:
    plain = loaded("f32", is_prepared=False)
    assert plain.scenes is plain.documents
    int8 = loaded("int8", is_prepared=False)
    assert int8.scenes is not int8.documents


@pytest.mark.parametrize(("lines", "is_scene"), [(0, True), (12, True), (13, False), (300, False)])
def test_page_of_few_lines_is_a_scene(lines: int, is_scene: bool) -> None:
    pages = loaded("int8", is_prepared=False)
    assert (pages.of_page(lines) is pages.scenes) is is_scene


def test_each_is_prepared_for_its_own_widths() -> None:
    pages = loaded("int8")
    assert [pages.documents.lines_of_a_run(width) for width in (96, 304, 600, 648)] == [4, 1, 1, None]
    assert [pages.scenes.lines_of_a_run(width) for width in (96, 192, 304, 384)] == [None, 1, 1, None]
