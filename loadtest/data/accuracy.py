"""F1 of the text that an OCR found, free of its order.

A page's text is a multiset of units: case-folded runs of word characters, or, for Chinese, case-folded characters
without white space. What stands on both sides, label and result, is matched. Counts are summed over a set before the
quotients are taken (micro average), so that a page weighs as much as its text.

- Rows marked `partial` count for recall only: what was found beyond their labels is forgiven, since it may be right.
- Lines marked `ignore` never count in the label. Whether lines found there count is an `IgnoreRule`.

Checked with RapidOCR 3.10.0 on ONNX Runtime 1.31.1 (its defaults, whole sets), whose known figures it gives to the
fourth digit with `IgnoreRule.LABELS`: sroie .9423, funsd .9206, icdar2015_test .5358, zh_docs_pdf .9826. Only
icdar2015_test has ignored lines; with `IgnoreRule.BOTH` it comes to .5919.
"""

import enum
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from loadtest.data.labels import PageLabel, ResultLine
from loadtest.data.polygon import covered_fraction

__all__ = ["IGNORED_OVERLAP", "Counts", "IgnoreRule", "Unit", "score_page", "unit_of", "units_of_text"]

IGNORED_OVERLAP = 0.5
"""Share of a found line that must lie under `ignore` polygons for it to be left out: the larger part of it."""

_WORD = re.compile(r"\w+")
# Han, its extension A and compatibility forms, kana, and the planes of the later extensions.
_CJK = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")


class Unit(enum.StrEnum):
    """What is counted."""

    WORD = "word"
    CHAR = "char"


class IgnoreRule(enum.StrEnum):
    """Where `ignore` lines are taken out.

    LABELS takes them out of the label alone: a line found there counts as wrong. BOTH also leaves out found lines of
    which at least IGNORED_OVERLAP lies under them.
    """

    LABELS = "labels"
    BOTH = "both"


@dataclass(frozen=True)
class Counts:
    """Sums over pages, from which the quotients are taken.

    Attributes:
        matched: Units on both sides (true positives).
        found: Units the OCR found, those forgiven left out.
        labelled: Units in the labels, ignored lines left out.
    """

    matched: int = 0
    found: int = 0
    labelled: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.matched + other.matched, self.found + other.found, self.labelled + other.labelled)

    @property
    def precision(self) -> float | None:
        """Share of what was found that is right; None when nothing was found."""
        return self.matched / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        """Share of the labels that was found; None when nothing is labelled."""
        return self.matched / self.labelled if self.labelled else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall; None when there is no text on either side."""
        return 2 * self.matched / (self.found + self.labelled) if self.found + self.labelled else None

    def as_dict(self) -> dict[str, int | float | None]:
        """Counts and quotients, for a report."""
        return {**asdict(self), "precision": self.precision, "recall": self.recall, "f1": self.f1}


def units_of_text(texts: Iterable[str], unit: Unit) -> Counter[str]:
    """Multiset of the units in some lines of text; a line's end always ends a word."""
    folded = "\n".join(texts).casefold()
    if unit is Unit.WORD:
        return Counter(_WORD.findall(folded))
    return Counter("".join(folded.split()))


def unit_of(pages: Iterable[PageLabel]) -> Unit:
    """Unit that suits a whole set: characters when over half of its labelled letters and digits are Chinese or kana."""
    text = "".join(line.text for page in pages for line in page.lines)
    letters = sum(len(word) for word in _WORD.findall(text))
    return Unit.CHAR if 2 * len(_CJK.findall(text)) > letters else Unit.WORD


def score_page(
    label: PageLabel,
    result_lines: Sequence[ResultLine],
    unit: Unit = Unit.WORD,
    ignore_rule: IgnoreRule = IgnoreRule.LABELS,
) -> Counts:
    """Compare what an OCR found on one page with its label.

    Args:
        label: The truth.
        result_lines: All lines found, in any order, their polygons in the same pixels as the label's.
        unit: What is counted.
        ignore_rule: What becomes of lines found where the label says `ignore`.

    Returns:
        Counts to be summed over a set.
    """
    if ignore_rule is IgnoreRule.BOTH:
        ignored = [line.polygon for line in label.lines if line.ignore and line.polygon is not None]
        result_lines = [line for line in result_lines if covered_fraction(line.polygon, ignored) < IGNORED_OVERLAP]
    truth = units_of_text((line.text for line in label.lines if not line.ignore), unit)
    found = units_of_text((line.text for line in result_lines), unit)
    matched = (truth & found).total()
    return Counts(matched, matched if label.partial else found.total(), truth.total())
