"""Random text in Latin letters: words, sentences, names, amounts, dates, codes, from small lists of our own."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

__all__ = ["Rng", "amount", "code", "date", "name", "number", "phone", "phrase", "pick", "scramble", "sentence", "time"]

Rng = np.random.Generator
Option = TypeVar("Option")

_WORDS = str.split("""
a account add address agent air all amount and annual any approved area as at balance bank bar best board book box
branch bread brown bus business by cake call card care case cash center change check city class clear client close
club code coffee cold company contact copy cost cream credit customer daily data date day deposit desk direct do due
east egg end entry exit express fax file final first fish floor food for form free fresh from front fuel gas gate
general gift gold good grand green group hall has health high home hotel hour house ice if in inc index is item job
juice key kind king lab large last law left legal life light limited line list local long lot low mail main market
meat memo milk month name net new next no north not note number of off office oil old on one open or order other our
page paid paper park part party pay people per phone pizza place plan please point port post power price product
project public quality quantity question rate receipt record red report rice road room round sale salt school sea
second section service shop show sign size small special staff star start state station stock stop store street
student subject sugar supply table tax tea team test thank the this ticket time title to total tower town trade train
type under unit up use value van view visit wall water way week west white will wine with work world year yes you zone
acknowledgement administration cholesterol classification correspondence effectiveness environmental questionnaire
manufacturer pharmaceutical recommendation responsibility satisfactory specification subcontractor transportation
""")
_ACCENTED = str.split("""
café crème señor año ñandú straße größe für über naïve façade déjà français élève hôtel château garçon jalapeño
piñata São coração ação não Zürich Köln Malmö Århus Øresund smörgås čaj řeka žena Łódź źródło świat ősz tűz înger
țară İstanbul çarşı şeker œuvre æther Niño résumé Ångström forêt où più città perché £5 €20 ½ §3 25°C ©2024 ±5
""")  # noqa: RUF001 - a letter of Turkish, not an i
_NAMES = str.split("""
Adams Ali Baker Brown Chan Chen Costa Davis Evans Garcia Gupta Hall Hansen Ibrahim Jones Kaur Khan Kim Kumar Lee Lim
Martin Meyer Miller Nguyen Novak Patel Perez Rossi Schmidt Silva Singh Smith Suzuki Tan Taylor Turner Wang White Wong
""")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_DIGITS = "0123456789"
_PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"


def pick(rng: Rng, options: Sequence[Option]) -> Option:
    """One of the options, each as likely."""
    return options[int(rng.integers(len(options)))]


def phrase(rng: Rng, least: int, most: int, case: str | None = None) -> str:
    """Words without punctuation.

    Args:
        rng: Source of randomness.
        least: Fewest words.
        most: Most words.
        case: `upper`, `lower` or `title`; not given, one of them for all words.
    """
    words = [pick(rng, _ACCENTED if rng.random() < 0.04 else _WORDS) for _ in range(int(rng.integers(least, most + 1)))]
    text = " ".join(words)
    match case or pick(rng, ("upper", "lower", "title", "title")):
        case "upper":
            return text.upper()
        case "title":
            return " ".join(word[0].upper() + word[1:] for word in words)
        case _:
            return text


def sentence(rng: Rng, words: int) -> str:
    """Words as prose has them: a capital first, commas, numbers, brackets and quotes between, a stop last."""
    parts = []
    for _ in range(words):
        word = phrase(rng, 1, 1, "lower")
        roll = rng.random()
        if roll < 0.08:
            word += pick(rng, (",", ",", ";", ":", " -"))
        elif roll < 0.13:
            word = number(rng)
        elif roll < 0.16:
            word = pick(rng, ("({})", '"{}"', "'{}'", "[{}]", "{}/")).format(word)
        elif roll < 0.20:
            word = name(rng)
        parts.append(word)
    text = " ".join(parts)
    return text[0].upper() + text[1:] + pick(rng, (".", ".", ".", ".", "?", "!", ":"))


def name(rng: Rng) -> str:
    """A person: initial or first name, and last name."""
    last = pick(rng, _NAMES)
    return pick(rng, (last, f"{pick(rng, _LETTERS).upper()}. {last}", f"{pick(rng, _NAMES)} {last}"))


def number(rng: Rng) -> str:
    """Digits as forms and tables have them."""
    whole = int(rng.integers(0, 10 ** int(rng.integers(1, 8))))
    return pick(rng, (f"{whole}", f"{whole:,}", f"{whole / 100:.2f}", f"{whole % 101}%", f"#{whole}", f"-{whole}"))


def amount(rng: Rng, most: float = 200.0) -> str:
    """Money below `most`, with two decimals; now and then with a currency."""
    value = f"{rng.random() * most:,.2f}"
    return pick(rng, (value, value, value, value, f"${value}", f"RM {value}", f"€{value}", f"{value} SR", f"-{value}"))


def date(rng: Rng) -> str:
    """A day in one of many notations."""
    day, month, year = int(rng.integers(1, 29)), int(rng.integers(1, 13)), int(rng.integers(1970, 2030))
    forms = (
        f"{day:02}/{month:02}/{year}",
        f"{month}-{day}-{year % 100:02}",
        f"{day} {_MONTHS[month - 1]} {year}",
        f"{_MONTHS[month - 1].upper()} {day}, {year}",
        f"{year}-{month:02}-{day:02}",
        f"{day:02}.{month:02}.{year % 100:02}",
    )
    return pick(rng, forms)


def time(rng: Rng) -> str:
    """A time of day."""
    hour, minute, second = (int(rng.integers(limit)) for limit in (24, 60, 60))
    return pick(rng, (f"{hour:02}:{minute:02}:{second:02}", f"{hour % 12 + 1}:{minute:02} {pick(rng, ('AM', 'PM'))}"))


def phone(rng: Rng) -> str:
    """A telephone number."""
    digits = "".join(pick(rng, _DIGITS) for _ in range(10))
    return pick(rng, (f"{digits[:3]}-{digits[3:6]}-{digits[6:]}", f"({digits[:3]}) {digits[3:]}", f"+60 {digits[1:]}"))


def code(rng: Rng, length: int) -> str:
    """Digits and letters mixed, as in registration numbers."""
    return "".join(pick(rng, _DIGITS * 2 + _LETTERS.upper() + "-/") for _ in range(length))


def scramble(rng: Rng, length: int) -> str:
    """Any ASCII characters, so that each occurs; neither end is a space."""
    every = _LETTERS + _LETTERS.upper() + _DIGITS + _PUNCTUATION
    inner = "".join(pick(rng, every + "  ") for _ in range(length - 2))
    return pick(rng, _LETTERS) + inner + pick(rng, _DIGITS)
