"""Reads templates: what fields a caller asks for, and where on the page they stand.

Applying them to a page is not here, so that a request's options can be checked without loading what reads pages.
"""

from collections.abc import Hashable
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from models.errors import MalformedRequest

__all__ = ["Template", "TemplateField", "parse_template"]

_MOST_BYTES = 32 * 1024
_MOST_FIELDS = 100
_MOST_ANCHORS = 10
# A template is a mapping with a list of mappings, one of whose values may be a list.
_MOST_NESTING = 8

Where = Literal["right", "below", "right_or_below", "left", "above", "same_line", "anywhere"]
Anchor = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
PageNumber = Annotated[int, Field(ge=1)]


class TemplateField(BaseModel):
    """One field of a template.

    Args:
        name: Its name in the result.
        anchors: Texts of its label, any of them; as a list, or as one text with `|` between them.
        where: Where the value stands, as seen from the label.
        type: What the value must be; text may be anything.
        pages: The pages on which it is looked for.
        pick: Which one is taken if the page has several.
        required: Whether a page without it gets a warning.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]
    anchors: Annotated[tuple[Anchor, ...], Field(max_length=_MOST_ANCHORS)] = ()
    where: Where = "right_or_below"
    type: Literal["text", "date", "amount", "number", "email", "phone", "iban", "vat_id", "url"] = "text"
    pages: Literal["all", "first", "last"] | Annotated[tuple[PageNumber, ...], Field(min_length=1)] = "all"
    pick: Literal["first", "last"] = "first"
    required: bool = False

    @field_validator("anchors", mode="before")
    @classmethod
    def _split_anchors(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part for part in value.split("|") if part.strip())
        return tuple(value) if isinstance(value, list) else value

    @field_validator("pages", mode="before")
    @classmethod
    def _list_of_pages(cls, value: object) -> object:
        if isinstance(value, int) and not isinstance(value, bool):
            return (value,)
        return tuple(value) if isinstance(value, list) else value

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> "TemplateField":
        if not self.anchors and self.where != "anywhere":
            raise ValueError(f"{self.name} has no anchors: give some, or `where: anywhere` and a type")
        if self.where == "anywhere" and self.type == "text":
            raise ValueError(f"{self.name} may stand anywhere, so it needs a type other than text")
        return self

    def is_on(self, page: int, page_count: int) -> bool:
        """Whether the field is looked for on a page.

        Args:
            page: The page's number, counted from 1.
            page_count: Number of pages of the document.
        """
        match self.pages:
            case "all":
                return True
            case "first":
                return page == 1
            case "last":
                return page == page_count
            case numbers:
                return page in numbers


class Template(BaseModel):
    """The fields that a caller asks for.

    Args:
        fields: The fields.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    fields: Annotated[tuple[TemplateField, ...], Field(min_length=1, max_length=_MOST_FIELDS)]

    @field_validator("fields", mode="before")
    @classmethod
    def _list_of_fields(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value

    @field_validator("fields")
    @classmethod
    def _names_differ(cls, value: tuple[TemplateField, ...]) -> tuple[TemplateField, ...]:
        names: set[str] = set()
        for one in value:
            if one.name in names:
                raise ValueError(f"two fields have the name {one.name}")
            names.add(one.name)
        return value


class _PlainLoader(yaml.SafeLoader):
    """Reads YAML without aliases, deep nesting, or a key that stands twice."""

    _depth = 0

    def _mark(self) -> Any:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        return event.start_mark

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.MarkedYAMLError(problem="aliases are not allowed", problem_mark=self._mark())
        self._depth += 1
        if self._depth > _MOST_NESTING:
            raise yaml.MarkedYAMLError(problem="it is nested too deeply", problem_mark=self._mark())
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if twice := next((key for key in keys if keys.count(key) > 1), None):
            raise yaml.MarkedYAMLError(problem=f"the key {twice} stands twice", problem_mark=node.start_mark)
        return super().construct_mapping(node, deep)


def parse_template(text: str) -> Template:
    """Read a template.

    Args:
        text: The template, as YAML.

    Raises:
        MalformedRequest: It is not a template; the message says what is wrong, and where.
    """
    size = len(text.encode(errors="replace"))
    if size > _MOST_BYTES:
        raise MalformedRequest(f"fields_template has {size} bytes; at most {_MOST_BYTES} are allowed")
    try:
        loaded = yaml.load(text, _PlainLoader)  # a SafeLoader
    except yaml.MarkedYAMLError as error:
        where = f" in line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise MalformedRequest(f"fields_template is not plain YAML{where}: {error.problem}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise MalformedRequest(f"fields_template is not plain YAML: {str(error).splitlines()[0]}") from error
    if not isinstance(loaded, dict):
        raise MalformedRequest("fields_template is not a mapping; it begins with `fields:`")
    try:
        return Template.model_validate(loaded)
    except ValidationError as error:
        raise MalformedRequest(f"fields_template: {_sentence(error)}") from error


def _sentence(error: ValidationError) -> str:
    """The first fault that pydantic found: where, what, and what is allowed."""
    first = error.errors(include_url=False, include_context=False)[0]
    places = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]]
    where = "".join(places).removeprefix(".")
    more = error.error_count() - 1
    others = f" (and {more} more)" if more else ""
    if first["type"] == "extra_forbidden":
        model = TemplateField if len(first["loc"]) > 1 else Template
        return f"{where} is unknown; known are {', '.join(model.model_fields)}{others}"
    message = first["msg"].removeprefix("Value error, ")
    return f"{where}: {message}{others}" if where else f"{message}{others}"
