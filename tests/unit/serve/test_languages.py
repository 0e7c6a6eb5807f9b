"""The languages of a request choose the bundle that reads it."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from models.errors import MalformedRequest
from serve.config.languages import with_model
from serve.config.settings import Settings
from serve.documents.options import DocumentOptions


@pytest.fixture(autouse=True)
def trained_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Trained data for Russian and Thai alone; nothing opens it here."""
    for name in ("rus", "tha"):
        (tmp_path / f"{name}.traineddata").touch()
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    monkeypatch.setattr("serve.config.languages._known", {})


def chosen(languages: str | None, model: str | None = None, **settings: Any) -> str | None:
    tree = Settings.model_validate(settings)
    return with_model(DocumentOptions.model_validate({"languages": languages, "model": model}), tree).model


BOTH: dict[str, Any] = {"bundle": "ppocrv6-tiny", "bundles": ["ppocrv6-small"]}


def test_default_bundle_reads_what_it_can_and_another_the_rest() -> None:
    assert chosen(None, **BOTH) is None
    assert chosen("auto", **BOTH) is None
    assert chosen("en", **BOTH) == "ppocrv6-tiny"
    assert chosen("ru,en", **BOTH) == "ppocrv6-tiny"
    assert chosen("ja", **BOTH) == "ppocrv6-small"
    assert chosen("ja,th", **BOTH) == "ppocrv6-small"
    assert chosen("en", "ppocrv6-small", **BOTH) == "ppocrv6-small"


@pytest.mark.parametrize(
    ("languages", "model", "words"),
    [
        ("ko", None, ["Korean (ko) is not read by ppocrv6-small", "apt-get install tesseract-ocr-kor"]),
        ("ja", "ppocrv6-tiny", ["Japanese (ja) is not read by ppocrv6-tiny, but by ppocrv6-small"]),
        ("uk,en", None, ["Ukrainian (uk)", "GET /v1/languages"]),
    ],
)
def test_what_nobody_reads_is_refused_with_what_to_do(languages: str, model: str | None, words: list[str]) -> None:
    with pytest.raises(MalformedRequest) as refused:
        chosen(languages, model, **({"bundle": "ppocrv6-small"} if model is None else BOTH))
    assert all(word in str(refused.value) for word in words)


def test_languages_are_kept_as_tags() -> None:
    options = DocumentOptions(languages="rus+English")
    assert (options.languages, options.read_options().languages) == ("ru,en", ("ru", "en"))
    assert DocumentOptions().read_options().languages == ()
    with pytest.raises((MalformedRequest, ValidationError)):
        DocumentOptions(languages="xyzzyish")
