"""Languages have one name here, whatever users call them."""

import pytest

from models.errors import MalformedRequest
from models.languages import closest_names, language_name, parse_languages, script_of, script_of_language
from models.languages.scripts import SCRIPTS


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("en", ("en",)),
        ("EN-us", ("en",)),
        ("eng+deu", ("en", "de")),
        ("ger", ("de",)),
        ("chi_sim, chi_tra", ("zh-Hans", "zh-Hant")),
        ("zh", ("zh-Hans",)),
        ("zh-TW", ("zh-Hant",)),
        ("Russian,русский", ("ru",)),
        ("srp,srp_latn", ("sr", "sr-Latn")),
        ("nb,nn,no", ("no",)),
        ("frk", ("de-Latf",)),
        ("grc", ("grc",)),
        ("auto", ("auto",)),
    ],
)
def test_names_of_languages_become_tags(text: str, tags: tuple[str, ...]) -> None:
    assert parse_languages(text) == tags


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("xyzzyish", ["'xyzzyish'", "`auto` alone"]),
        ("germn", ["similar are de (German)"]),
        ("auto,ru", ["'auto'"]),
        ("", ["give 1 to 10"]),
        (",".join(["aa", "ab", "af", "ak", "am", "ar", "as", "av", "ay", "az", "ba"]), ["languages are 11"]),
        ("日" * 500, ["no language"]),
    ],
)
def test_what_is_no_language_is_refused_with_similar_names(text: str, words: list[str]) -> None:
    with pytest.raises(MalformedRequest) as refused:
        parse_languages(text)
    assert all(word in str(refused.value) for word in words)
    assert len(str(refused.value)) < 400


def test_languages_have_scripts() -> None:
    tags = ["uk", "sr-Latn", "ja", "zh-Hant", "ko", "grc", "ur", "am", "de-Latf"]
    found = [script_of_language(tag) for tag in tags]
    assert found == ["Cyrl", "Latn", "Hani", "Hani", "Hang", "Grek", "Arab", "Ethi", "Latn"]
    assert set(found) <= set(SCRIPTS)


def test_letters_have_scripts_and_digits_none() -> None:
    letters = {"ж": "Cyrl", "ع": "Arab", "語": "Hani", "ア": "Hani", "한": "Hang", "é": "Latn", "ก": "Thai", "5": None}
    assert {letter: script_of(letter) for letter in letters} == letters


def test_similar_names_are_those_that_may_be_given() -> None:
    assert closest_names("rusian", ["ru", "uk"]) == [f"ru ({language_name('ru')})"]
    assert closest_names("rusian", ["uk"]) == []
