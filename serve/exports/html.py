"""Writes one HTML document that needs nothing else: no script, no style sheet, no picture."""

from collections.abc import Iterable, Iterator
from html import escape
from typing import ClassVar

from serve.exports.arrangement import one_line
from serve.exports.base import Export, ReadDocument
from serve.exports.flow import FlowPage, Item, flow_pages, list_point
from serve.exports.tables import table_html

__all__ = ["HtmlExport"]

# The policy holds even if the document had more in it than text: nothing runs, nothing is fetched.
_HEAD = """<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ max-width: 50em; margin: 2em auto; padding: 0 1em; font-family: sans-serif; line-height: 1.4; }}
section + section {{ border-top: 1px solid #999; margin-top: 2em; padding-top: 1em; }}
p, li {{ white-space: pre-wrap; }}
table {{ border-collapse: collapse; margin: 1em 0; }}
td, th {{ border: 1px solid #999; padding: 0.2em 0.5em; text-align: start; vertical-align: top; }}
</style>
</head>
<body>
"""


class HtmlExport(Export):
    """Writes HTML with a section for each page: headings, paragraphs, lists and tables, as Markdown has them."""

    name: ClassVar[str] = "html"
    media_type: ClassVar[str] = "text/html"
    extension: ClassVar[str] = ".html"

    def convert(self, read: ReadDocument) -> bytes:
        """Write an HTML document, as `Export.convert` says."""
        title = one_line(read.file_name or "") or f"{len(read.result.pages)} pages read by rayocr"
        written = [_HEAD.format(title=escape(title))]
        for page in flow_pages(read):
            written += _section(page)
        return ("".join(written) + "</body>\n</html>\n").encode()


def _section(page: FlowPage) -> Iterator[str]:
    yield f'<section id="page-{page.number}">\n'
    for item in page.items:
        yield _item(item) + "\n"
    yield "</section>\n"


def _item(item: Item) -> str:
    if item.table is not None:
        return table_html(item.table)
    match item.kind:
        case "heading":
            return _element(f"h{item.level}", escape(item.rows[0]))
        case "caption":
            return _element("p", f"<em>{escape(item.rows[0])}</em>")
        case "list":
            return _list([list_point(row) for row in item.rows])
        case "figure":
            return f"<figure>{_element('p', _broken(item.rows))}</figure>"
        case _:
            return _element("p", _broken(item.rows))


def _list(points: list[tuple[int | None, str]]) -> str:
    if any(number is None for number, _ in points):
        items = (_element("li", escape(text if number is None else f"{number}. {text}")) for number, text in points)
        return "\n".join(["<ul>", *items, "</ul>"])
    numbered = (f'<li value="{number}" dir="auto">{escape(text)}</li>' for number, text in points)
    return "\n".join(["<ol>", *numbered, "</ol>"])


def _broken(rows: Iterable[str]) -> str:
    return "<br>".join(map(escape, rows))


def _element(tag: str, content: str) -> str:
    return f'<{tag} dir="auto">{content}</{tag}>'
