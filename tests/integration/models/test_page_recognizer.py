"""Which recognizer reads a page."""

import pytest

from models.manifests import load_manifest
from models.recognition import PageRecognizer
from models.settings import NetSettings
from tests.integration.models.readers import Reader


def test_documents_and_scenes_differ_in_int8_alone(readers: dict[str, Reader], int8_reader: Reader) -> None:
    plain = readers["openvino"].recognizer
    assert plain.scenes is plain.documents
    int8 = int8_reader.recognizer
    assert int8.scenes is not int8.documents


@pytest.mark.parametrize(("lines", "is_scene"), [(0, True), (12, True), (13, False), (300, False)])
def test_page_of_few_lines_is_a_scene(int8_reader: Reader, lines: int, is_scene: bool) -> None:
    pages = int8_reader.recognizer
    assert (pages.of_page(lines) is pages.scenes) is is_scene


def test_each_is_prepared_for_its_own_widths() -> None:
    settings = NetSettings.model_validate({"runtime": "openvino", "device": "cpu", "precision": "int8"})
    pages = PageRecognizer.load(load_manifest("ppocrv6-small").recognition, settings)
    assert [pages.documents.lines_of_a_run(width) for width in (96, 304, 600, 648)] == [4, 1, 1, None]
    assert [pages.scenes.lines_of_a_run(width) for width in (96, 192, 304, 384)] == [None, 1, 1, None]
