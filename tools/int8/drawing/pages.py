"""The mix of drawn pages."""

from collections.abc import Callable, Iterator

import numpy as np

from tools.int8.drawing import chinese_pages, extremes, forms, receipts, scenes
from tools.int8.drawing.fonts import check_fonts
from tools.int8.drawing.sheet import DrawnPage, Sheet
from tools.int8.drawing.words import Rng

__all__ = ["KINDS", "drawn_page", "drawn_pages"]

_ORDINARY: dict[str, Callable[[Rng], Sheet]] = {
    "receipt": receipts.receipt,
    "form": forms.form,
    "scene": scenes.scene,
    "chinese_page": chinese_pages.chinese_page,
}
_EXTREME: dict[str, Callable[[Rng], Sheet]] = {
    "inverted_page": extremes.inverted_page,
    "large_letters": extremes.large_letters,
    "faint_page": extremes.faint_page,
    "sparse_page": extremes.sparse_page,
    "noisy_page": extremes.noisy_page,
}
# Every sixth page is an extreme one: 30 pages hold each kind.
_CYCLE = 6

#: Every kind of page, in the order in which they first appear.
KINDS = (*_ORDINARY, *_EXTREME)


def drawn_pages(count: int, seed: int) -> Iterator[DrawnPage]:
    """Draw pages, one at a time.

    A longer run begins with the pages of a shorter one.

    Args:
        count: How many. 30 hold every kind.
        seed: 0 or more.

    Yields:
        Receipts, forms, scenes and Chinese pages in turn, and every sixth time an extreme one.

    Raises:
        ConfigurationError: A font is not installed; says which packages to install.
    """
    check_fonts()
    for index in range(count):
        yield drawn_page(index, seed)


def drawn_page(index: int, seed: int) -> DrawnPage:
    """Draw one page of the mix.

    It depends on the seed and its place alone. Other versions of numpy, OpenCV, Pillow or the fonts may draw other
    pixels.

    Args:
        index: Its place, from 0.
        seed: 0 or more.

    Raises:
        ConfigurationError: A font is not installed; says which package to install.
    """
    kind, draw = _kind(index)
    return draw(np.random.default_rng([seed, index])).finish(kind)


def _kind(index: int) -> tuple[str, Callable[[Rng], Sheet]]:
    rounds, place = divmod(index, _CYCLE)
    if place == _CYCLE - 1:
        return list(_EXTREME.items())[rounds % len(_EXTREME)]
    return list(_ORDINARY.items())[(index - rounds) % len(_ORDINARY)]
