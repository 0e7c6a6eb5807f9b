"""Warnings about a page of a PDF that was read."""

from typing import Any

from deployments.read_options import TextLayer
from models.page import PageWarning, most_lines

__all__ = ["few_lines", "page_warnings"]

_STANDS_FOR = {
    "portfolio": "the PDF is a portfolio, whose page stands for its files: they were not read; send them alone",
    "xfa": "the PDF is a form in XFA, which can't be drawn: the page stands for it; print it to a PDF, and send that",
}


def page_warnings(answer: dict[str, Any], number: int, max_pixels: int, wanted: TextLayer) -> tuple[PageWarning, ...]:
    """Warn of everything that was skipped, guessed or scaled down.

    Args:
        answer: The child's answer about the page.
        number: The page's number, counted from 1.
        max_pixels: The most pixels of a page.
        wanted: Whether the text layer was asked for.
    """
    warnings = []
    if answer["is_damaged"]:
        message = "the PDF is damaged, and was mended: pages or parts of them may be missing"
        warnings.append(PageWarning("truncated", message, number))
    if answer["stands_for"] is not None:
        warnings.append(PageWarning("placeholder_page", _STANDS_FOR[answer["stands_for"]], number))
    if answer.get("has_lost_pictures"):
        message = "pictures on the page are damaged, and were left blank"
        warnings.append(PageWarning("truncated", message, number))
    layer = answer["text_layer"]
    if answer["is_read"]:
        warnings += _about_size(answer, number, max_pixels)
    if layer is None and answer["without_font"]:
        message = (
            f"{answer['without_font']:,} characters were not drawn and not read: their fonts are neither in the PDF "
            "nor on this machine; install fonts for their script there, or ask with text_layer=always"
        )
        warnings.append(PageWarning("font_missing", message, number))
    if answer["hidden"]:
        outcome = "are in the result, as text_layer=always asks" if wanted == "always" else "were left out"
        message = f"{answer['hidden']:,} characters of the page's text layer can't be seen on the page, and {outcome}"
        warnings.append(PageWarning("hidden_text", message, number))
    if layer is not None:
        warnings += _about_text_layer(layer, number, is_all=not answer["is_read"])
    if answer.get("form", {}).get("is_cut"):
        message = "the page's form has too many fields or too long values: some were cut or left out; read it by itself"
        warnings.append(PageWarning("form_fields_cut", message, number))
    return tuple(warnings)


def few_lines(answer: dict[str, Any], number: int, limit: int | None) -> tuple[PageWarning, ...]:
    """Leave out the lines of a text layer that are more than a page may have, and warn of it.

    Args:
        answer: The child's answer about the page, which is changed.
        number: The page's number, counted from 1.
        limit: The most lines; None for as many as a page of that size may have.
    """
    layer = answer["text_layer"]
    most = most_lines(answer["width"], answer["height"], limit)
    if layer is None or len(layer["lines"]) <= most:
        return ()
    message = f"the page's text layer has {len(layer['lines']):,} lines; the first {most:,} were kept"
    layer["lines"] = layer["lines"][:most]
    return (PageWarning("too_many_lines", message, number),)


def _about_size(answer: dict[str, Any], number: int, max_pixels: int) -> list[PageWarning]:
    if answer["dpi"] >= 0.99 * answer["wanted_dpi"]:
        return []
    message = (
        f"the page was drawn at {answer['dpi']:.3g} dpi, {answer['width']:,} x {answer['height']:,} pixels, and not at "
        f"{answer['wanted_dpi']:.3g}: a page may have {max_pixels:,} pixels; small text may be missing"
    )
    return [PageWarning("pdf_scaled_down", message, number)]


def _about_text_layer(layer: dict[str, Any], number: int, *, is_all: bool) -> list[PageWarning]:
    warnings = []
    doubts = list(layer["doubts"])
    if layer["unmapped"] and not any("no meaning" in doubt for doubt in doubts):
        doubts.append(f"{layer['unmapped']:,} of its characters have no meaning in Unicode and were left out")
    if doubts:
        message = f"the page's text layer was taken, although {'; '.join(doubts)}"
        warnings.append(PageWarning("text_layer_doubtful", message, number))
    left_out = [
        f"{layer[kind]:,} {kind[: -1 if layer[kind] == 1 else None]}"
        for kind in ("pictures", "annotations")
        if layer[kind] and is_all
    ]
    if layer["drawings"] and is_all:
        left_out.append("drawings that may hold text")
    if left_out:
        message = (
            f"the page's text was taken from its text layer, as asked; {' and '.join(left_out)} on it were not read: "
            "ask with text_layer=auto to read them too"
        )
        warnings.append(PageWarning("pictures_not_read", message, number))
    return warnings
