"""Which formats there are."""

import subprocess
import sys

import pytest

from models.errors import MalformedRequest
from serve.exports import FORMATS, export_format


def test_formats() -> None:
    assert FORMATS == ("json", "text", "markdown", "html", "tsv", "csv", "hocr", "alto", "page", "pdf", "archive")


@pytest.mark.parametrize("name", FORMATS)
def test_each_is_found_by_its_name(name: str) -> None:
    export = export_format(name)
    assert export.name == name
    assert export is export_format(name)
    assert export.extension.startswith(".")
    assert ";" not in export.media_type


def test_unknown_format_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(MalformedRequest, match=r"unknown format 'docx'; known are json, text, .*archive"):
        export_format("docx")


def test_formats_are_imported_when_they_are_used() -> None:
    slow = "sorted({'lxml', 'pikepdf'} & set(sys.modules))"
    program = f"import sys; from serve.exports import export_format; export_format('text'); print({slow})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
