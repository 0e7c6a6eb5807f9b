# ruff: noqa: RUF001 - dashes and quotes of all kinds are meant
"""Random text of lines: words of Europe's languages, and all that receipts, forms and letters have besides."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from tools.int8.drawing import words as plain
from tools.int8.drawing.words import Rng, pick

__all__ = ["Texts", "read_words"]

_WORDS_A_LANGUAGE = 20_000
_ENGLISH = ("american-english", "british-english")
# Most lines of receipts and forms are short.
_MOST_CHARACTERS = (8, 16, 24, 32, 32, 48, 80)
_LABELS = str.split("""
Name Date Address Tel Fax Phone Total Subtotal Tax VAT GST Cash Change Qty Price Amount Discount Invoice No. Number
Ref Signature Title To From Subject Re Page Item Description Code Unit Balance Due Paid Card Visa Rounding Cashier
Table Order Time Bill Receipt Sex Age City State Zip Country Email Company Brand Type Size Weight Comments Remarks
""")
_COMMON = str.split("""
the of and to in is for on that with as by this are be at from or have not was will you we they it an all any can may
has been if which their more other one two three no only must shall should would time about after also before between
each first into its new our such than these those through under up who your per during made use used within upon out
please thank thanks welcome again visit visits goods sold returnable exchange refund days receipt keep copy customer
store shop restaurant cafe food market mart trading enterprise supermarket hardware stationery book pharmacy station
service services charge charges inclusive tax taxable summary rate total subtotal sub amount price unit qty quantity
item items description discount round rounding adjustment cash change card credit debit payment paid balance due net
gross invoice bill order table counter cashier terminal server member points code ref reference date time no number
document doc original reprint company registered address tel fax phone email website hotline office branch floor lot
road street lane avenue park garden center centre mall city town village north south east west upper lower
report study research development product products marketing sales manager director president vice assistant department
division company corporation inc ltd agreement contract approval approved request requested authorized signature title
name employee social security account budget project program test sample result results analysis data method material
brand cigarette filter tobacco advertising promotion media plan period effective begin end start completion completed
required requirements information additional comments remarks attached enclosed copies cc subject memorandum memo from
letter facsimile transmission page pages sheet cover message confidential notice attention sender recipient urgent
schedule list category class type size length width weight color pack carton case samples regular menthol lights
january february march april may june july august september october november december monday tuesday wednesday
thursday friday saturday sunday year month week daily annual cost estimated actual current previous total percent
""")
_STREETS = ("St", "Street", "Rd.", "Road", "Ave", "Jalan", "Lane", "Str.", "straße", "rue", "via", "Plaza", "Blvd")
_HOSTS = ("com", "net", "org", "de", "fr", "co.uk", "com.my", "eu", "es", "pl", "it", "edu", "gov", "info")
_CURRENCIES = (
    "$",
    "€",
    "£",
    "RM",
    "EUR",
    "USD",
    "CHF",
    "zł",
    "kr",
    "Kč",
    "Ft",
    "lei",
    "₺",
    "¥",
    "₹",
    "R$",
    "Rs.",
    "SR",
)
_BULLETS = ("• ", "- ", "* ", "– ", "o ", "§ ", "□ ", "● ", "→ ", "✓ ", "▪ ", "» ", "© ", "® ", "# ")
_SMALL = ("is", "of", "the", "at", "to", "in", "x", "@", "&", "+", "=", "a", "A", "I", "1", "2", "No", "Mr", "kg", "%")


class Texts:
    """Draws the text of lines.

    Args:
        words: The words of each language.
        classes: The characters that the net tells apart.
    """

    def __init__(self, words: Mapping[str, Sequence[str]], classes: Sequence[str]) -> None:
        self._languages = [words[name] for name in sorted(words)]
        self._english = [words[name] for name in sorted(words) if name in _ENGLISH] or self._languages
        self._known = frozenset(classes)
        self._classes = [character for character in classes if character.strip()]
        self._kinds: tuple[tuple[float, Callable[[Rng], str]], ...] = (
            (0.27, self._prose),
            (0.13, self._title),
            (0.17, self._item),
            (0.11, self._label),
            (0.15, self._value),
            (0.05, self._address),
            (0.03, self._web),
            (0.05, lambda rng: plain.scramble(rng, int(rng.integers(3, 24)))),
            (0.025, self._rare),
        )
        self._shares = np.cumsum([share for share, _ in self._kinds])

    def __call__(self, rng: Rng) -> str:
        """One line, without spaces at its ends."""
        kind = int(np.searchsorted(self._shares, rng.random() * self._shares[-1]))
        written = self._kinds[kind][1](rng)
        # A letter's capital may be one that the net does not have.
        known = "".join(letter for letter in written if letter in self._known)
        text = re.sub(" +", " ", known).strip()
        if text.isascii() and rng.random() < 0.15:
            text = text.upper()
        most = pick(rng, _MOST_CHARACTERS)
        if len(text) > most and rng.random() < 0.7:  # between words, where there is a space
            most = text.rfind(" ", 1, most + 1) if " " in text[1 : most + 1] else most
        return text[:most].strip() or self(rng)

    def _word(self, rng: Rng) -> str:
        return self._one(rng, self._language(rng))

    def _language(self, rng: Rng) -> Sequence[str]:
        return pick(rng, self._english if rng.random() < 0.75 else self._languages)

    def _one(self, rng: Rng, language: Sequence[str]) -> str:
        """A word of a language; in English, a common one or a form's as often as any other."""
        roll = rng.random()
        if roll < 0.1:
            return pick(rng, _SMALL)
        if roll < 0.5 and language in self._english:
            return pick(rng, _COMMON)
        return pick(rng, language)

    def _words(self, rng: Rng, least: int, most: int) -> str:
        language = self._language(rng)
        return " ".join(self._one(rng, language) for _ in range(rng.integers(least, most)))

    def _prose(self, rng: Rng) -> str:
        parts = self._words(rng, 2, 10).split(" ")
        for index, word in enumerate(parts):
            roll = rng.random()
            if roll < 0.1:
                parts[index] = word + pick(rng, (",", ",", ",", ".", ";", ":", " -", " –", "/", "?", "!", "..."))
            elif roll < 0.14:
                parts[index] = pick(rng, ("({})", '"{}"', "'{}'", "“{}”", "„{}“", "«{}»", "‘{}’", "[{}]")).format(word)
            elif roll < 0.19:
                parts[index] = self._value(rng)
            elif roll < 0.23:
                parts[index] = word.capitalize()
            elif roll < 0.25:
                parts[index] = f"{word}-{parts[index - 1]}"
            elif roll < 0.27:
                parts[index] = word + pick(rng, ("'s", "’s", "'t", "n't", "'ll"))
        text = " ".join(parts)
        if rng.random() < 0.4:
            text = text[:1].upper() + text[1:]
        return text + pick(rng, ("", "", "", ".", ".", ",", "-", ":"))

    def _title(self, rng: Rng) -> str:
        text = self._words(rng, 1, 6)
        text = text.upper() if rng.random() < 0.65 else text.title()
        return text + pick(rng, ("", "", "", " SDN BHD", " GmbH", " Ltd.", " INC.", " S.A.", " & CO", ":", " (M)"))

    def _money(self, rng: Rng) -> str:
        whole = int(10 ** rng.uniform(0, 4.5))
        cents = int(rng.integers(100))
        value = pick(rng, (f"{whole}.{cents:02}", f"{whole:,}.{cents:02}", f"{whole},{cents:02}", f"{whole}", "0.00"))
        currency = pick(rng, _CURRENCIES)
        forms = (value, value, value, f"{currency} {value}", f"{currency}{value}", f"{value} {currency}", f"-{value}")
        return pick(rng, forms)

    def _item(self, rng: Rng) -> str:
        name = self._words(rng, 1, 4)
        name = name.upper() if rng.random() < 0.6 else name.title()
        count, unit = int(rng.integers(1, 30)), pick(rng, ("x", "X", "@", "PCS", "*", "kg", "ml", "g", "", "%"))
        forms = (
            f"{name} {self._money(rng)}",
            f"{count} {unit} {self._money(rng)}",
            f"{count} {name} {self._money(rng)}",
            f"{plain.code(rng, int(rng.integers(4, 13)))} {name}",
            f"{count} {unit} {self._money(rng)} {self._money(rng)} {pick(rng, ('SR', 'S', 'T', 'A', 'Z', ''))}",
            f"{pick(rng, _LABELS)} {self._money(rng)}".upper(),
            f"{name} {count}{unit}",
            self._money(rng),
        )
        return pick(rng, forms)

    def _label(self, rng: Rng) -> str:
        label = pick(rng, _LABELS) if rng.random() < 0.6 else self._words(rng, 1, 3).title()
        label = label.upper() if rng.random() < 0.35 else label
        joint = pick(rng, (":", ": ", " : ", ".", " #", " No. ", "", "?", ":.....", " "))
        number = f"{rng.integers(1, 40)}"
        first = pick(rng, ("", "", "", "", *(form.format(number) for form in ("{}. ", "({}) ", "{}) ", "[{}] "))))
        if rng.random() < 0.1:
            first = pick(rng, _BULLETS)
        return first + label + joint + (self._value(rng) if rng.random() < 0.4 else "")

    def _value(self, rng: Rng) -> str:
        makers: tuple[Callable[[Rng], str], ...] = (
            plain.number, plain.number, plain.date, plain.date, plain.time, plain.phone, plain.name, self._money,
            self._digits, self._range,
        )  # fmt: skip
        return pick(rng, makers)(rng) if rng.random() < 0.85 else plain.code(rng, int(rng.integers(2, 16)))

    def _digits(self, rng: Rng) -> str:
        digits = "".join(map(str, rng.integers(0, 10, int(rng.integers(1, 17)))))
        step = int(rng.integers(2, 6))
        parts = [digits[start : start + step] for start in range(0, len(digits), step)]
        return pick(rng, (digits, digits, " ", "-", ".")).join(parts) if rng.random() < 0.3 else digits

    def _range(self, rng: Rng) -> str:
        first, second = (f"{value:.{rng.integers(0, 3)}f}" for value in rng.uniform(0, 500, 2))
        return pick(rng, ("{} - {}", "{}–{}", "{}/{}", "{} x {}", "{}% ({})", "±{} {}", "{}°C {}", "< {} > {}")).format(
            first, second
        )

    def _address(self, rng: Rng) -> str:
        street, town = self._word(rng).title(), self._word(rng).title()
        number, code = int(rng.integers(1, 400)), int(rng.integers(1000, 99999))
        forms = (
            f"{number} {street} {pick(rng, _STREETS)}, {town}",
            f"No. {number}, {pick(rng, _STREETS)} {street} {number % 30}/{number % 7},",
            f"{code:05} {town}, {self._word(rng).title()}",
            f"{street}{pick(rng, ('straße', 'str.', ' Allé', 'gatan', 'laan'))} {number}, {code} {town}",
            f"{town}, {pick(rng, ('NY', 'CA', 'TX', 'KY', 'NC', 'VA'))} {code:05}-{number:04}",
        )
        text = pick(rng, forms)
        return text.upper() if rng.random() < 0.4 else text

    def _web(self, rng: Rng) -> str:
        one, two, host = self._word(rng).lower(), self._word(rng).lower(), pick(rng, _HOSTS)
        forms = (
            f"{one}.{two}@{two}.{host}",
            f"{one}{rng.integers(100)}@{two}.{host}",
            f"www.{one}{two}.{host}",
            f"https://{one}.{host}/{two}?id={rng.integers(9999)}",
            f"E-mail: {one}_{two}@{one}.{host}",
            f"/{one}/{two}-{rng.integers(99)}.{pick(rng, ('pdf', 'html', 'xls', 'doc'))}",
        )
        return pick(rng, forms)

    def _rare(self, rng: Rng) -> str:
        """Every character as often as any other, alone and among words."""
        some = [pick(rng, self._classes) for _ in range(rng.integers(2, 14))]
        if rng.random() < 0.5:
            return "".join(some)
        return " ".join(self._word(rng) + one for one in some[:5])


def read_words(folder: Path, classes: Iterable[str], seed: int = 0) -> dict[str, Sequence[str]]:
    """The words of every word list and every dictionary of Hunspell's below a folder, by the file's name.

    Args:
        folder: Folder into which Debian's packages are unpacked, or `/`.
        classes: The characters that words may have.
        seed: Chooses among the words of long lists.
    """
    known = frozenset(classes)
    lists: dict[str, list[str]] = {}
    for path in sorted((folder / "usr/share/dict").glob("[a-z]*")):
        if path.is_file() and not path.is_symlink():
            lists[path.name] = path.read_text(encoding="utf-8", errors="ignore").split()
    for path in sorted((folder / "usr/share/hunspell").glob("*.dic")):
        form = re.search(r"^SET\s+(\S+)", path.with_suffix(".aff").read_text(encoding="latin-1"), re.MULTILINE)
        encoding = form.group(1).replace("ISO8859", "iso-8859") if form else "latin-1"
        lines = path.read_text(encoding=encoding, errors="ignore").splitlines()[1:]
        lists[path.stem] = [line.split("/")[0].split("\t")[0] for line in lines]
    rng = np.random.default_rng(seed)
    words: dict[str, Sequence[str]] = {}
    for name, listed in lists.items():
        usable = [word for word in listed if 1 < len(word) < 18 and known.issuperset(word)]
        if usable:
            words[name] = [usable[index] for index in rng.permutation(len(usable))[:_WORDS_A_LANGUAGE]]
    return words
