"""Names languages as BCP 47 tags, whatever users call them, and tells their scripts."""

import difflib
from collections.abc import Iterable
from functools import lru_cache

import langcodes
from langcodes.tag_parser import LanguageTagError

from models.errors import MalformedRequest

__all__ = ["AUTO", "closest_names", "language_name", "parse_languages", "script_of_language", "tag_of"]

#: In place of languages: the script of each line decides.
AUTO = "auto"

# Names of Tesseract's that are no tags.
_TESSERACT = {"chi_sim": "zh-Hans", "chi_tra": "zh-Hant", "frk": "de-Latf"}
# The net reads these together, and languages differ in which of them they use.
_SAME_SCRIPT = {"Hans": "Hani", "Hant": "Hani", "Jpan": "Hani", "Kore": "Hang", "Latf": "Latn"}
_SCRIPTS = {"grc": "Grek"}
# For names that are misspelled.
_COMMON = "ar bn cs da de el en es fa fi fr he hi hu id it ja ko nl no pl pt ro ru sv th tr uk ur vi".split()  # noqa: SIM905
_MOST_LANGUAGES = 10
_NEAREST = 3


@lru_cache(maxsize=1024)
def tag_of(name: str) -> str | None:
    """The BCP 47 tag of a language, with its script only where that tells it from others of the same language.

    Args:
        name: A tag, a code of ISO 639, a name of Tesseract's, or the name in English or in the language itself.

    Returns:
        The tag; None if no language is called so.

    >>> [tag_of(name) for name in ("RUS", "zh-CN", "chi_tra", "German", "srp_latn", "en-US", "nb", "xyzzy")]
    ['ru', 'zh-Hans', 'zh-Hant', 'de', 'sr-Latn', 'en', 'no', None]
    """
    known = _TESSERACT.get(name.strip().lower())
    try:
        language = langcodes.Language.get(known or name.strip())
    except LanguageTagError:
        language = langcodes.Language()
    if language.language is None or not language.is_valid():
        try:
            language = langcodes.find(name.strip())
        except LookupError:
            return None
    code = {"nb": "no", "nn": "no"}.get(str(language.language), str(language.language))
    usual = langcodes.Language.get(code).maximize().script
    script = language.maximize().script
    return f"{code}-{script}" if code == "zh" or (language.script is not None and script != usual) else code


def parse_languages(text: str) -> tuple[str, ...]:
    """Read languages as users write them.

    Args:
        text: Names separated by commas or plus signs, or `auto`.

    Returns:
        Tags without repetitions, in the order given, or `auto` alone.

    Raises:
        MalformedRequest: A name is of no language, or there are too many.

    >>> parse_languages("rus+eng"), parse_languages("auto")
    (('ru', 'en'), ('auto',))
    """
    names = [name.strip() for name in text.replace("+", ",").split(",") if name.strip()]
    if [name.lower() for name in names] == [AUTO]:
        return (AUTO,)
    tags: dict[str, None] = {}
    for name in names:
        tag = tag_of(name)
        if tag is None:
            near = closest_names(name)
            raise MalformedRequest(
                f"no language is known as {name[:40]!r}; give a tag such as `de` or `zh-Hans`, or `auto` alone"
                + (f"; similar are {', '.join(near)}" if near else "")
            )
        tags[tag] = None
    if not 0 < len(tags) <= _MOST_LANGUAGES:
        raise MalformedRequest(f"languages are {len(tags)}; give 1 to {_MOST_LANGUAGES}, or `auto`")
    return tuple(tags)


def closest_names(name: str, among: Iterable[str] | None = None) -> list[str]:
    """The tags and names of the languages that are spelled most like a name.

    Args:
        name: What somebody wrote.
        among: Tags that may be given; None for the most common languages.
    """
    tags = _COMMON if among is None else among
    by_spelling = {spelling.lower(): tag for tag in tags for spelling in (tag, language_name(tag))}
    close = difflib.get_close_matches(name.lower(), by_spelling, n=_NEAREST, cutoff=0.6)
    return [f"{tag} ({language_name(tag)})" for tag in dict.fromkeys(by_spelling[spelling] for spelling in close)]


@lru_cache(maxsize=1024)
def language_name(tag: str) -> str:
    """The English name of a language.

    >>> language_name("zh-Hant"), language_name("auto")
    ('Chinese (Traditional)', 'Auto')
    """
    return "Auto" if tag == AUTO else langcodes.Language.get(tag).display_name()


@lru_cache(maxsize=1024)
def script_of_language(tag: str) -> str:
    """The script that a language is written in, by its code of ISO 15924; `Hani` for Chinese and Japanese.

    >>> script_of_language("uk"), script_of_language("ja"), script_of_language("sr-Latn")
    ('Cyrl', 'Hani', 'Latn')
    """
    script = _SCRIPTS.get(tag) or str(langcodes.Language.get(tag).maximize().script)
    return _SAME_SCRIPT.get(script, script)
