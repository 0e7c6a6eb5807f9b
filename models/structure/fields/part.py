"""The part of a page's structure that finds its fields."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from models.page import FormField, Line, PageText, PageWarning
from models.polygons import areas, bounds, shared_areas
from models.steps import Steps
from models.structure.fields.anchors import find_template_fields
from models.structure.fields.choices import find_choices, words_of_marks
from models.structure.fields.data_tables import outside_data
from models.structure.fields.names.known import TYPE_OF_NAME
from models.structure.fields.names.naming import name_fields
from models.structure.fields.names.unlabeled import add_unlabeled
from models.structure.fields.pairs import Pair, find_pairs
from models.structure.fields.pieces import Piece, cut_lines, placed
from models.structure.fields.rules import find_rules, find_upright_rules
from models.structure.fields.template import parse_template
from models.structure.fields.types.conventions import Conventions, conventions_of
from models.structure.fields.types.values import read_value
from models.structure.part import PageView, Part, StructureOptions
from models.structure.result import Field, PageStructure, PartName, PlacedText

__all__ = ["FieldPart", "SeenByFields"]

# Pages of a newspaper have about 1,000 lines; what has more is not a form. Each line costs some 0.1 ms.
_MOST_LINES = 3000
# Two boxes are one place if so much of the smaller one is in both.
_SAME_PLACE = 0.5


@dataclass(frozen=True, slots=True)
class SeenByFields:
    """What was seen of a page before its text was read.

    Args:
        rules: (N, 4) float32, left, top, right and bottom of horizontal rules.
        upright: (M, 4) float32, the same of upright rules.
        form: The fields of the PDF's form on this page.
    """

    rules: npt.NDArray[np.float32]
    upright: npt.NDArray[np.float32]
    form: tuple[FormField, ...] = ()


class FieldPart(Part):
    """Finds pairs of labels and values, the fields of a PDF's form, and those that a template asks for."""

    name: ClassVar[PartName] = "fields"

    def look(self, page: PageView, seen: Mapping[PartName, Any]) -> Steps[SeenByFields]:
        """Find the page's rules, and keep the fields of the PDF's form."""
        return SeenByFields(find_rules(page.pixels), find_upright_rules(page.pixels), page.form)
        yield  # this makes it a generator

    def build(
        self, seen: SeenByFields, text: PageText, structure: PageStructure, options: StructureOptions
    ) -> tuple[PageStructure, tuple[PageWarning, ...]]:
        """Find the fields, as `Part.build` says. Cells of data tables are not pairs, and labels of boxes are choices.

        Raises:
            MalformedRequest: The template is not one.
        """
        lines = text.lines[:_MOST_LINES]
        warnings = []
        if len(text.lines) > len(lines):
            message = f"fields were looked for in the first {len(lines)} of {len(text.lines)} lines of the page only"
            warnings.append(PageWarning("fields_cut", message, text.number))
        how = conventions_of(line.text for line in lines)
        pieces, rules = cut_lines(lines, how, seen.rules, seen.upright)
        choices = words_of_marks(structure.marks)
        free = [
            piece
            for piece in outside_data(pieces, structure.tables)
            if (piece.words.line, piece.words.start) not in choices
        ]
        paired = [_field(free, pair, lines, how) for pair in find_pairs(free, rules)]
        fields = add_unlabeled(name_fields(paired, lines, how), pieces, lines, how)
        if structure.marks:
            chosen, left_out = find_choices(structure.marks, pieces, lines, fields)
            fields = _replaced(fields, chosen)
            if left_out:
                message = f"the page has too many boxes that are set: the questions of {left_out:,} were not looked for"
                warnings.append(PageWarning("fields_cut", message, text.number))
        fields = _replaced(fields, [_form_field(one, how) for one in seen.form if one.kind in ("text", "choice")])
        if options.fields_template is not None:
            template = parse_template(options.fields_template)
            asked, missing = find_template_fields(template, text.number, text.page_count, lines, pieces, how)
            fields = _replaced(fields, asked)
            for name in missing:
                message = f"the field {name} of the template was not found on this page"
                warnings.append(PageWarning("field_not_found", message, text.number))
        return replace(structure, fields=tuple(sorted(fields, key=_place))), tuple(warnings)


def _field(pieces: Sequence[Piece], pair: Pair, lines: Sequence[Line], how: Conventions) -> Field:
    """A pair with the type of its value, which the label may tell."""
    label = placed([pieces[index] for index in pair.label], lines)
    if not pair.value:
        return Field(label, None, pair.confidence)
    value = placed([pieces[index] for index in pair.value], lines)
    expected = TYPE_OF_NAME.get(pieces[pair.label[-1]].known or "")
    if len(pair.value) == 1 and expected is None:
        read = pieces[pair.value[0]].value
    else:
        read = read_value(value.text, how, expected)
    return Field(label, value, pair.confidence, read.type, read.normalized)


def _form_field(one: FormField, how: Conventions) -> Field:
    """A field of a PDF's form, which says itself what it is."""
    if not one.value:
        return Field(None, None, 1.0, name=one.name)
    value = PlacedText(one.value, one.polygon)
    if one.kind == "choice":
        return Field(None, value, 1.0, "choice", one.value, one.name)
    read = read_value(one.value, how)
    return Field(None, value, 1.0, read.type, read.normalized, one.name)


def _replaced(old: Sequence[Field], new: Sequence[Field]) -> list[Field]:
    """The new fields, and those old ones whose value is not in the same place as that of a new one."""
    values, others = _boxes(old), _boxes(new)
    if not len(values) or not len(others):
        return [*old, *new]
    smaller = np.minimum(areas(values)[:, None], areas(others)[None, :])
    is_same: npt.NDArray[np.bool_] = shared_areas(values, others) > _SAME_PLACE * smaller
    return [field for field, same in zip(old, is_same.tolist(), strict=True) if not any(same)] + list(new)


def _boxes(fields: Sequence[Field]) -> npt.NDArray[np.float64]:
    """(K, 4): left, top, right and bottom of each field's value, or of its label if it has no value."""
    return np.array([_box(field) for field in fields], np.float64).reshape(-1, 4)


def _box(field: Field) -> tuple[float, float, float, float]:
    shown = field.value or field.label
    return bounds(shown.polygon if shown else ((0.0, 0.0),))


def _place(field: Field) -> tuple[float, ...]:
    """Where a field begins in reading order: by its first line and word, or after the text, by its box.

    Empty fields of a form come last.
    """
    shown = field.label or field.value
    if shown and shown.words:
        return (0.0, shown.words[0].line, shown.words[0].start)
    if shown is None:
        return (2.0,)
    left, top, _, _ = _box(field)
    return (1.0, top, left)
