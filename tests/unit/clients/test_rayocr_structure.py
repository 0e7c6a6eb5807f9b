"""The structure of pages in the Python client: the fields and values of the service."""

import dataclasses
import json

import pytest
from rayocr import results

from serve import structure_results
from tests.unit.serve.doors.structured import structured


@pytest.mark.parametrize("name", sorted({*structure_results.__all__} - {"WordSpanResult"}))
def test_structure_has_the_fields_of_the_service(name: str) -> None:
    ours = {each.name for each in dataclasses.fields(getattr(results, name))}
    assert ours == set(getattr(structure_results, name).model_fields)


def test_structure_is_that_of_the_service() -> None:
    sent = json.loads(structured(("layout", "tables", "fields", "marks")).model_dump_json())
    page = results.build(results.OcrResult, sent).pages[0]
    assert page.structure
    assert page.structure.tables
    assert page.structure.tables[0].cells[1].text == "Price"
    assert page.structure.codes is None  # not asked for
    theirs = sent["pages"][0]["structure"]
    assert json.loads(json.dumps(dataclasses.asdict(page.structure))) == {**theirs, "codes": None}
