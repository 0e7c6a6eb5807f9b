"""Writes Markdown (CommonMark, and tables of GFM) in reading order."""

import re
from collections.abc import Sequence
from typing import ClassVar

from models.structure.result import Table
from serve.exports.base import Export, ReadDocument
from serve.exports.flow import FlowPage, Item, flow_pages, list_point
from serve.exports.tables import table_html, table_pipes

__all__ = ["MarkdownExport", "table_markdown"]

_PAGE_BREAK = "\n\n---\n\n"

# Characters with a meaning anywhere in a line, and those with a meaning at its beginning.
_ANYWHERE = re.compile(r"[\\`*_\[\]<|~]|&(?=#?\w+;)")
_AT_BEGINNING = re.compile(
    r"#{1,6}(?=\s|$)|>|[-+](?=\s|$)|-+\s*$|=+\s*$|:?-[-:|\s]*$|(?P<number>\d{1,9})(?=[.)](?:\s|$))"
)
# The state of a check box, which means nothing else where a blank follows.
_MARK = re.compile(r"\\\[([x ])\\\](?= )")


class MarkdownExport(Export):
    """Writes UTF-8 with paragraphs, headings of clearly larger letters, and a rule between pages.

    The lines of running text are joined, and so are words that were hyphenated at their ends. The rows of tables,
    receipts and lists stay separate lines, with a tab between cells; no Markdown table is made of them. With structure,
    regions tell what is a heading, a list or a caption, and tables are tables.
    """

    name: ClassVar[str] = "markdown"
    media_type: ClassVar[str] = "text/markdown"
    extension: ClassVar[str] = ".md"

    def convert(self, read: ReadDocument) -> bytes:
        """Write a Markdown document, as `Export.convert` says."""
        pages = [_page_markdown(page) for page in flow_pages(read)]
        text = _PAGE_BREAK.join(page for page in pages if page)
        return (text + "\n" if text else "").encode()


def _page_markdown(page: FlowPage) -> str:
    text = "\n\n".join(map(_item_markdown, page.items))
    return _MARK.sub(r"[\1]", text) if page.has_marks else text


def _item_markdown(item: Item) -> str:
    if item.table is not None:
        return table_markdown(item.table)
    match item.kind:
        case "heading":
            heading = _escaped(item.rows[0])
            return f"{'#' * item.level} " + (f"{heading[:-1]}\\#" if heading.endswith("#") else heading)
        case "caption":
            return f"*{_escaped(item.rows[0])}*"
        case "list":
            return "\n".join(map(_list_item, item.rows))
        case _:
            return _broken(item.rows)


def _broken(rows: Sequence[str]) -> str:
    return "  \n".join(map(_escaped, rows))  # two blanks at the end of a line break it


def _list_item(row: str) -> str:
    number, text = list_point(row)
    return f"{'-' if number is None else f'{number}.'} {_escaped(text)}"


def table_markdown(table: Table) -> str:
    """Write a table with pipes, or as HTML where pipes can't."""
    return table_pipes(table, _escaped_anywhere) or table_html(table)


def _escaped(row: str) -> str:
    text = _escaped_anywhere(row)
    beginning = _AT_BEGINNING.match(text)
    if beginning is None:
        return text
    number = beginning["number"]
    return f"{number}\\{text[len(number) :]}" if number else "\\" + text


def _escaped_anywhere(row: str) -> str:
    return _ANYWHERE.sub(lambda found: "\\" + found[0], row)
