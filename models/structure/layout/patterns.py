"""What lines begin with: points of lists, captions, marks of notes; and what numbers of pages look like."""

import re

__all__ = [
    "begins_caption",
    "begins_note",
    "begins_point",
    "has_year",
    "is_entry",
    "is_formula_number",
    "is_page_number",
    "is_sentence",
    "names_author",
    "names_page",
]

_BULLETS = "\u2022\u25cf\u25e6\u25cb\u25aa\u25a0\u25a1\u25b6\u25ba\u27a2\u00b7\u2023\u2043\u2713\u2714"
# A bullet, a dash, or a number or letter with a full stop or a bracket. "3.5 mm" and "A.B. Smith" are none.
_POINT = re.compile(
    rf"[{_BULLETS}]|[-*\u2013\u2014]\s|\((?:\d{{1,3}}|[A-Za-z]|[ivxIVX]{{1,5}})\)"
    r"|(?:\d{1,3}|[A-Za-z]|[ivx]{1,5})[.)](?=\s|[^\W\d_]{2})|\d{1,2}\u3001|[\u2460-\u2473]"
)
_CAPTION = re.compile(
    r"(?:(?:table|figure|scheme|chart|plate|exhibit|tabelle|abbildung|tableau|tabla|cuadro|figura|tabella"
    r"|tab\.|fig\.|fig|abb\.)\s?|[\u56fe\u5716\u8868]\s?)(?:[A-Z]?\d{1,3}|[IVXLC]{1,6}\b)",
    re.IGNORECASE,
)
_NOTE = re.compile(r"[*\u2020\u2021\u00a7\u00b6\u2460-\u2473\u00b9\u00b2\u00b3]|[\[(]?\d{1,3}[.)\]]?\s?[^\W\d]")
_PAGE_NUMBER = re.compile(
    r"\W*(?:(?:page|seite|pagina|p\u00e1gina|pag\.|p\.|s\.|\u7b2c)\s*)?"
    r"(?:\d{1,4}|(?=\w)l?x{0,4}(?:ix|iv|v?i{0,3})|[A-Z]-\d{1,3})"
    r"(?:\s?(?:/|of|von|de|di|sur|\u5171)\s?\d{1,4})?\s*(?:\u9875|\u30da\u30fc\u30b8)?\W*",
    re.IGNORECASE,
)
_FORMULA_NUMBER = re.compile(r"\W*[A-Z]?\.?\d{1,3}(?:\.\d{1,3})*[a-z]?\W*")
# Headers and footers have no sentences, but for those about rights. A text of more words
# than the second is one, whatever its end.
_SENTENCE_WORDS, _MOST_WORDS = 5, 20
_OF_RIGHTS = re.compile(r"\u00a9|\(c\)|copyright|rights? reserved|https?:|www\.|@", re.IGNORECASE)
_NAMES_PAGE = re.compile(r"page|seite|pagina|p\u00e1gina|\u7b2c|\u9875|\d\s?(?:/|of|von|de|di|sur)\s?\d", re.IGNORECASE)
# A year, or a number at the beginning.
_ENTRY = re.compile(r"\W{0,2}\d{1,3}\W|.*\b(?:1[89]|20)\d\d(?!\d)")

# A year that is not the end of a date such as 03.10.2018.
_YEAR = re.compile(r"(?<![\d./-])(?:1[89]|20)\d\d(?!\d|[./-]\d)")
# Initials before or after a name, and the kinds of works in Chinese lists.
_AUTHOR = re.compile(
    r"\b[A-Z]\. ?(?:,|[A-Z][^\W\d_])|\b[A-Z][^\W\d_]+,? (?:[A-Z]\.|[A-Z]{1,3}[,.])|\bet al\b|\[[A-Z](?:/OL)?\]"
)


def begins_point(text: str) -> bool:
    """Whether a line begins a point of a list.

    >>> [begins_point(text) for text in ("\u2022 milk", "2) eggs", "(a) flour", "3.5 mm", "well - said")]
    [True, True, True, False, False]
    """
    return _POINT.match(text.lstrip()) is not None


def begins_caption(text: str) -> bool:
    """Whether a line begins as the caption of a numbered picture or table does.

    >>> begins_caption("Fig. 3: a cat"), begins_caption("Table of contents")
    (True, False)
    """
    return _CAPTION.match(text.lstrip()) is not None


def begins_note(text: str) -> bool:
    """Whether a line begins with the mark of a footnote.

    >>> begins_note("* not paid yet"), begins_note("12 Smith 1990"), begins_note("Smith 1990")
    (True, True, False)
    """
    return _NOTE.match(text.lstrip()) is not None


def is_page_number(text: str) -> bool:
    """Whether a text is the number of a page, and nothing else.

    >>> [is_page_number(text) for text in ("- 12 -", "Page 3 of 10", "xiv", "12.50", "2019 report")]
    [True, True, True, False, False]
    """
    return _PAGE_NUMBER.fullmatch(text.strip()) is not None


def is_formula_number(text: str) -> bool:
    """Whether a text is the number of a formula, and nothing else.

    >>> [is_formula_number(text) for text in ("(12)", "(A.3b)", "[7]", "x = 2 y")]
    [True, True, True, False]
    """
    return _FORMULA_NUMBER.fullmatch(text.strip()) is not None


def is_entry(text: str) -> bool:
    """Whether a line may be one of a list of literature, with a number or a year.

    >>> [is_entry(text) for text in ("[3] A. Smith", "Nature 12, 1997.", "Smith, A. and others")]
    [True, True, False]
    """
    return _ENTRY.match(text.strip()) is not None


def has_year(text: str) -> bool:
    """Whether a text has a year that is not a part of a date in digits.

    >>> has_year("Nature 12 (1997)"), has_year("on 03.10.2018")
    (True, False)
    """
    return _YEAR.search(text) is not None


def names_author(text: str) -> bool:
    """Whether a text names an author as lists of literature do.

    >>> [names_author(text) for text in ("J. Smith and A. Miller", "Smith JG, Wu D.", "see Annex A")]
    [True, True, False]
    """
    return _AUTHOR.search(text) is not None


def names_page(text: str) -> bool:
    """Whether the number of a page says that it is one.

    >>> names_page("Page 3"), names_page("3/10"), names_page("3")
    (True, True, False)
    """
    return _NAMES_PAGE.search(text) is not None


def is_sentence(text: str) -> bool:
    """Whether a text at a page's edge is a sentence, a caption or a bare mark, and so no header or footer.

    >>> is_sentence("It is not confined to food."), is_sentence("Annual Report 2019"), is_sentence("Table 7:")
    (True, False, True)
    """
    text = text.strip()
    words = len(text.split())
    is_long = words > _MOST_WORDS or (words >= _SENTENCE_WORDS and text.endswith((".", ":", ";", ",", "-")))
    is_bare = not any(map(str.isalnum, text))
    return is_bare or begins_caption(text) or (is_long and _OF_RIGHTS.search(text) is None)
