"""Removes invisible text that another OCR program left on a page which is read anew.

Otherwise every search would hit twice.
"""

import re
import zlib
from collections.abc import Sequence
from typing import Final

from pikepdf import (
    Array,
    ContentStreamInlineImage,
    ContentStreamInstruction,
    Dictionary,
    Name,
    Object,
    Operator,
    Page,
    Pdf,
    PdfError,
    PikepdfError,
    Stream,
    parse_content_stream,
    unparse_content_stream,
)

__all__ = ["OldText", "content_streams"]

_Instruction = ContentStreamInstruction | ContentStreamInlineImage

_INVISIBLE: Final = 3
_SHOWS = frozenset({"Tj", "TJ", "'", '"'})

# The most forms within forms. OCR programs put their text into one form at most.
_MAX_DEPTH = 4

# Parsing takes about 100 times the memory of the content. The invisible text of a dense page has 0.3 MB.
_MAX_CONTENT_BYTES = 4_000_000

_RENDERING_MODE = re.compile(rb"\bTr\b")


def content_streams(contents: Object | None) -> list[Object]:
    """List the streams of a page's Contents in their order. Other objects are left out, as viewers do."""
    items = list(contents) if isinstance(contents, Array) else [contents]
    return [item for item in items if isinstance(item, Stream)]


class OldText:
    """Removes text in rendering mode 3, and nothing else. In doubt, text is left as it is.

    A text object goes only if all the text that it shows is invisible. Forms that hold such text are copied for the
    page, since other pages may use them too.

    Args:
        pdf: The PDF whose pages will be changed.
    """

    def __init__(self, pdf: Pdf) -> None:
        self._pdf = pdf
        self._forms: dict[tuple[tuple[int, int], int], Stream | None] = {}
        self.earlier_warnings: list[str] = []
        """Warnings of qpdf about the rest of the document, which it would forget. Those about content are dropped."""

    def remove(self, page: Page) -> None:
        """Remove the invisible text of a page. The page's content stream is rewritten only if there was some."""
        self.earlier_warnings += map(str, self._pdf.get_warnings())
        try:
            self._remove(page)
        finally:
            self._pdf.get_warnings()

    def _remove(self, page: Page) -> None:
        content = self._decoded(content_streams(page.obj.get("/Contents")))
        if content is None:
            return
        resources = page.obj.get("/Resources")
        changed, forms = self._without_text(content, resources, mode=0, depth=0)
        if changed is not None:
            page.obj.Contents = self._pdf.make_indirect(_compressed(self._pdf, changed))
        if forms and isinstance(resources, Dictionary):
            page.obj.Resources = _with_forms(resources, forms)

    def _decoded(self, streams: Sequence[Object]) -> bytes | None:
        """Decode content streams. Returns None if the data are damaged or too large."""
        parts: list[bytes] = []
        for stream in streams:
            try:
                # The limits that `PdfWriting` sets bound the decoded size.
                parts.append(stream.read_bytes())
            except (PdfError, PikepdfError, NotImplementedError):
                return None
            if sum(map(len, parts)) > _MAX_CONTENT_BYTES:
                return None
        return b"\n".join(parts)

    def _without_text(
        self, content: bytes, resources: Object | None, mode: int, depth: int
    ) -> tuple[bytes | None, dict[str, Stream]]:
        """Drop invisible text from one content stream.

        Args:
            content: The decoded stream.
            resources: The resources that its names refer to.
            mode: The rendering mode at its start.
            depth: How many forms it lies in.

        Returns:
            The new content, or None if nothing changed; and copies of the forms that changed, by name.
        """
        xobjects = resources.get("/XObject") if isinstance(resources, Dictionary) else None
        if mode != _INVISIBLE and not _RENDERING_MODE.search(content) and not _has_form(xobjects):
            return None, {}
        instructions = self._parsed(content)
        if instructions is None:
            return None, {}
        scan = _Scan(mode)
        for instruction in instructions:
            scan.step(instruction)
        forms: dict[str, Stream] = {}
        for name, modes in scan.drawn.items():
            form = xobjects.get(name) if isinstance(xobjects, Dictionary) else None
            if len(modes) == 1 and depth < _MAX_DEPTH and isinstance(form, Stream) and _is_form(form):
                copy = self._form_without_text(form, min(modes), depth + 1)
                if copy is not None:
                    forms[name] = copy
        return (unparse_content_stream(scan.kept) if scan.has_dropped else None), forms

    def _parsed(self, content: bytes) -> list[_Instruction] | None:
        self._pdf.get_warnings()  # qpdf forgets the earlier ones
        try:
            instructions = parse_content_stream(Stream(self._pdf, content))
        except (PdfError, PikepdfError):
            return None
        # qpdf warns if it left something out, which would be lost if the rest were written back.
        return None if self._pdf.get_warnings() else list(instructions)

    def _form_without_text(self, form: Stream, mode: int, depth: int) -> Stream | None:
        key = (form.objgen, mode)
        if key not in self._forms:
            # So a form that draws itself ends here.
            self._forms[key] = None
            content = self._decoded([form])
            if content is not None:
                resources = form.get("/Resources")
                changed, forms = self._without_text(content, resources, mode, depth)
                if changed is not None or forms:
                    copy = _compressed(self._pdf, content if changed is None else changed)
                    for entry, value in form.items():
                        if entry not in ("/Length", "/Filter", "/DecodeParms"):
                            copy[entry] = value
                    if forms and isinstance(resources, Dictionary):
                        copy.Resources = _with_forms(resources, forms)
                    self._forms[key] = self._pdf.make_indirect(copy)
        return self._forms[key]


class _Scan:
    """Follows the text rendering mode through a content stream, and drops invisible text.

    Args:
        mode: The mode at the start.
    """

    def __init__(self, mode: int) -> None:
        self.kept: list[_Instruction] = []
        self.has_dropped = False
        self.drawn: dict[str, set[int]] = {}
        self._mode = mode
        self._saved: list[int] = []
        self._invisible: list[int] = []
        self._has_visible = False

    def step(self, instruction: _Instruction) -> None:
        """Take the next instruction."""
        operator = str(instruction.operator)
        operands = instruction.operands
        if operator == "q":
            self._saved.append(self._mode)
        elif operator == "Q" and self._saved:
            self._mode = self._saved.pop()
        elif operator == "Tr" and len(operands) == 1 and isinstance(operands[0], int):
            self._mode = operands[0]
        elif operator == "Do" and len(operands) == 1:
            self.drawn.setdefault(str(operands[0]), set()).add(self._mode)
        elif operator == "BT":
            self._invisible, self._has_visible = [], False
        elif operator in _SHOWS and self._mode == _INVISIBLE:
            self._invisible.append(len(self.kept))
        elif operator in _SHOWS:
            self._has_visible = True
        self.kept.append(instruction)
        if operator == "ET":
            self._drop()

    def _drop(self) -> None:
        if not self._has_visible and self._invisible:
            start = self._invisible[0]
            places = set(self._invisible)
            tail = self.kept[start:]
            del self.kept[start:]
            for index, instruction in enumerate(tail, start):
                self.kept += _without_its_text(instruction) if index in places else [instruction]
            self.has_dropped = True
        self._invisible = []


def _without_its_text(instruction: _Instruction) -> list[_Instruction]:
    """Keep the side effects of an operator that shows text (ISO 32000-1, table 109)."""
    operator = str(instruction.operator)
    if operator not in ("'", '"'):
        return []
    next_line: list[_Instruction] = [ContentStreamInstruction([], Operator("T*"))]
    if operator == '"' and len(instruction.operands) == 3:
        word_spacing, character_spacing, _ = instruction.operands
        next_line.insert(0, ContentStreamInstruction([character_spacing], Operator("Tc")))
        next_line.insert(0, ContentStreamInstruction([word_spacing], Operator("Tw")))
    return next_line


def _is_form(xobject: Object | None) -> bool:
    return isinstance(xobject, Stream) and xobject.get("/Subtype") == Name.Form and xobject.objgen != (0, 0)


def _has_form(xobjects: Object | None) -> bool:
    return isinstance(xobjects, Dictionary) and any(_is_form(xobject) for _, xobject in xobjects.items())


def _with_forms(resources: Dictionary, forms: dict[str, Stream]) -> Dictionary:
    copy = Dictionary(dict(resources.items()))
    copy.XObject = Dictionary({**dict(resources.XObject.items()), **forms})
    return copy


def _compressed(pdf: Pdf, content: bytes) -> Stream:
    return Stream(pdf, zlib.compress(content, 6), Filter=Name.FlateDecode)
