"""Warnings about a page of a PDF that was read."""

from typing import Any

from models.page import PageWarning

__all__ = ["page_warnings"]


def page_warnings(answer: dict[str, Any], number: int, max_pixels: int) -> tuple[PageWarning, ...]:
    """Warn of everything that was skipped, guessed or scaled down.

    Args:
        answer: The child's answer about the page.
        number: The page's number, counted from 1.
        max_pixels: The most pixels of a page.
    """
    warnings = []
    if answer["is_damaged"]:
        message = "the PDF is damaged, and was mended: pages or parts of them may be missing"
        warnings.append(PageWarning("truncated", message, number))
    if answer.get("has_lost_pictures"):
        message = "pictures on the page are damaged, and were left blank"
        warnings.append(PageWarning("truncated", message, number))
    layer = answer.get("text_layer")
    if layer is None:
        warnings += _about_size(answer, number, max_pixels)
    else:
        warnings += _about_text_layer(layer, number)
    return tuple(warnings)


def _about_size(answer: dict[str, Any], number: int, max_pixels: int) -> list[PageWarning]:
    if answer["dpi"] >= 0.99 * answer["wanted_dpi"]:
        return []
    message = (
        f"the page was drawn at {answer['dpi']:.3g} dpi, {answer['width']:,} x {answer['height']:,} pixels, and not at "
        f"{answer['wanted_dpi']:.3g}: a page may have {max_pixels:,} pixels; small text may be missing"
    )
    return [PageWarning("pdf_scaled_down", message, number)]


def _about_text_layer(layer: dict[str, Any], number: int) -> list[PageWarning]:
    warnings = []
    doubts = list(layer["doubts"])
    if layer["unmapped"] and not any("no meaning" in doubt for doubt in doubts):
        doubts.append(f"{layer['unmapped']:,} of its characters have no meaning in Unicode and were left out")
    if doubts:
        message = f"the page's text layer was taken, although {'; '.join(doubts)}"
        warnings.append(PageWarning("text_layer_doubtful", message, number))
    left_out = [f"{layer['pictures']:,} picture{'s' * (layer['pictures'] != 1)}"] if layer["pictures"] else []
    if layer["has_outlines"]:
        left_out.append("drawings that may hold text")
    if left_out:
        message = (
            f"the page's text was taken from its text layer; {' and '.join(left_out)} on it were not read: ask with "
            "text_layer=never to read the page as it looks"
        )
        warnings.append(PageWarning("pictures_not_read", message, number))
    return warnings
