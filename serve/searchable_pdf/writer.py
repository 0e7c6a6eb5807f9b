"""Lays invisible text into an open PDF.

Nothing in the PDF is decoded or written anew, except text that was already invisible.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

from pikepdf import Array, Dictionary, Name, Object, Page, Pdf, Stream, StreamDecodeLevel

from serve.searchable_pdf.encoding import Encoding, clean
from serve.searchable_pdf.geometry import PagePlane, page_box
from serve.searchable_pdf.layer import text_layer
from serve.searchable_pdf.old_text import OldText, content_streams
from serve.searchable_pdf.words import PageWords

__all__ = ["lay_text", "save"]

_FONT = "RayocrText"


def lay_text(pdf: Pdf, pages: Sequence[PageWords], font_program: bytes) -> list[str]:
    """Lay the words of pages beneath the pages' contents, and turn pages upright.

    Args:
        pdf: A PDF opened with `inherit_page_attributes`, as it is by default. It is changed.
        pages: The pages to work on. Others stay as they are, as does the content of a page without words.
        font_program: The font that `font_program` makes.

    Returns:
        The warnings of qpdf about the document so far.

    Raises:
        IndexError: The PDF has no page of such a number.
    """
    texts = (clean(word.text) for page in pages for line in page.lines for word in line.words)
    encoding = Encoding(texts)
    writer = _Writer(pdf, encoding, encoding.embed(pdf, font_program))
    for words in pages:
        writer.add(pdf.pages[words.number - 1], words)
    return writer.old_text.earlier_warnings


def save(pdf: Pdf, output: BinaryIO) -> None:
    """Write a document with each stream as it was stored.

    An encrypted document stays encrypted. Of another one, the bytes are the same each time.

    Args:
        pdf: The document. It is written as PDF 1.3 or later, the first with composite fonts as used here.
        output: A seekable file.
    """
    pdf.save(
        output,
        min_version="1.3",
        fix_metadata_version=False,
        compress_streams=False,
        # With encryption, pikepdf takes no level, but then copies streams anyway.
        stream_decode_level=None if pdf.is_encrypted else StreamDecodeLevel.none,
        encryption=pdf.is_encrypted,
        deterministic_id=not pdf.is_encrypted,
    )


@dataclass
class _Writer:
    pdf: Pdf
    encoding: Encoding
    font: Object
    is_tagged: bool = field(init=False)
    old_text: OldText = field(init=False)
    resources: dict[tuple[int, int], Object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        mark_info = self.pdf.Root.get("/MarkInfo")
        self.is_tagged = isinstance(mark_info, Dictionary) and bool(mark_info.get("/Marked"))
        self.old_text = OldText(self.pdf)

    def add(self, page: Page, words: PageWords) -> None:
        box = page_box(page.obj)
        rotation = (box.rotation + words.rotation) % 360
        if words.rotation:
            page.obj.Rotate = rotation
        plane = PagePlane(box, words.width, words.height, rotation)
        name = _free_name(page.obj.get("/Resources"))
        content = text_layer(words.lines, plane, self.encoding, "/" + name, self.is_tagged)
        if not content:
            return
        self.old_text.remove(page)
        page.obj.Resources = self._with_font(page.obj.get("/Resources"), name)
        layer = Stream(self.pdf, zlib.compress(content, 6), Filter=Name.FlateDecode)
        # In front of all else, no graphics state that the page leaves behind can disturb the text.
        page.obj.Contents = Array([self.pdf.make_indirect(layer), *content_streams(page.obj.get("/Contents"))])

    def _with_font(self, resources: Object | None, name: str) -> Object:
        """Copy resources and add the font, since pages, forms and patterns may share the original."""
        key = resources.objgen if isinstance(resources, Dictionary) else (0, 0)
        if key in self.resources:
            return self.resources[key]
        copy = Dictionary(dict(resources.items()) if isinstance(resources, Dictionary) else {})
        copy.Font = Dictionary({**_fonts(resources), "/" + name: self.font})
        if key == (0, 0):
            return copy
        self.resources[key] = self.pdf.make_indirect(copy)
        return self.resources[key]


def _fonts(resources: Object | None) -> dict[str, Object]:
    fonts = resources.get("/Font") if isinstance(resources, Dictionary) else None
    return dict(fonts.items()) if isinstance(fonts, Dictionary) else {}


def _free_name(resources: Object | None) -> str:
    """Find a name that no font of the page has, since a document may have gone through here before."""
    taken = _fonts(resources)
    return next(name for name in (_FONT, *(f"{_FONT}{n}" for n in range(1, len(taken) + 2))) if "/" + name not in taken)
