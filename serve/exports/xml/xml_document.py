"""Writes XML documents a page at a time, and the name of the file that was read."""

import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field

from lxml import etree

from serve.exports.base import ReadDocument

__all__ = ["PageIds", "XmlElement", "XmlFormat", "element", "image_name", "xml_text"]

XmlElement = etree._Element

# Characters that are not a `Char` of XML 1.0, https://www.w3.org/TR/xml/#charsets.
_NO_CHARACTER = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: str) -> str:
    r"""Replace characters that XML can't hold (control characters, lone surrogates) by U+FFFD.

    >>> xml_text("a\x00b")
    'a�b'
    """
    return _NO_CHARACTER.sub("\ufffd", text)


def element(parent: XmlElement | None, tag: str, text: str | None = None, **attributes: str) -> XmlElement:
    """Make an element, under its parent if it has one.

    Args:
        parent: The parent element, or None.
        tag: The tag, without a namespace, as `XmlFormat` explains.
        text: The text in the element, fit for XML.
        attributes: The attributes, fit for XML. An underscore at the end of a name, as in `class_`, is left out.
    """
    named = {name.rstrip("_"): value for name, value in attributes.items()}
    made = etree.Element(tag, named) if parent is None else etree.SubElement(parent, tag, named)
    made.text = text
    return made


class PageIds:
    """Counts the elements of a page by kind, for ids that are unique in the document.

    Args:
        page: The page's number.
    """

    def __init__(self, page: int) -> None:
        self._page = page
        self._last: Counter[str] = Counter()

    def next(self, kind: str) -> str:
        """Make an id for the next element of a kind, such as `line_3_17`."""
        self._last[kind] += 1
        return f"{kind}_{self._page}_{self._last[kind]}"


@dataclass(frozen=True, slots=True)
class XmlFormat:
    """A kind of XML documents.

    Args:
        root: The tag of the root.
        namespace: The namespace of all elements. They are made without one, which is simpler and faster, and take the
            root's when they are written.
        attributes: The attributes of the root.
        schema: Address of the namespace's schema; None if it has none.
        body: The tag of the root's child that holds the pages; None if the root itself holds them.
        doctype: The document type, written before the root.
        is_indented: Whether white space between elements means nothing, and is written to make them easy to read.
    """

    root: str
    namespace: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    schema: str | None = None
    body: str | None = None
    doctype: str | None = None
    is_indented: bool = True

    def write(self, heads: Iterable[XmlElement], pages: Iterable[XmlElement]) -> bytes:
        """Write a document. Memory holds one page at a time, beside the text that was written.

        Args:
            heads: The root's first children.
            pages: The pages in their order. None of them is kept.

        Returns:
            The document in UTF-8.
        """
        namespaces: dict[str | None, str] = {None: self.namespace}
        attributes = dict(self.attributes)
        if self.schema is not None:
            namespaces["xsi"] = _INSTANCES
            attributes[f"{{{_INSTANCES}}}schemaLocation"] = f"{self.namespace} {self.schema}"
        # An indented element ends its line itself.
        before = () if self.is_indented else ("\n",)
        written = io.BytesIO()
        with etree.xmlfile(written, encoding="utf-8") as file:
            file.write_declaration(doctype=self.doctype)
            with file.element(self._qualified(self.root), attributes, nsmap=namespaces):
                for head in heads:
                    file.write(*before, head, pretty_print=self.is_indented)
                with nullcontext() if self.body is None else file.element(self._qualified(self.body)):
                    for page in pages:
                        file.write(*before, page, pretty_print=self.is_indented)
        return written.getvalue()

    def _qualified(self, tag: str) -> str:
        return f"{{{self.namespace}}}{tag}"


_INSTANCES = "http://www.w3.org/2001/XMLSchema-instance"


def image_name(read: ReadDocument) -> str | None:
    """The name of the file, fit for XML; None if it is not known."""
    return None if read.file_name is None else xml_text(read.file_name)
