"""The options of reading a document, the same over HTTP, in jobs, in bulk runs and on the command line."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from deployments.read_options import ReadOptions, TextLayer
from models.errors import MalformedRequest
from models.languages import parse_languages
from models.settings import DetectionOptions
from models.structure.registry import parse_parts
from serve.documents.page_ranges import PageRanges
from serve.exports import ExportOptions
from serve.exports.registry import FORMATS, check_part

__all__ = [
    "DocumentOptions",
    "Dpi",
    "FieldsTemplate",
    "Furniture",
    "Languages",
    "Model",
    "OpenDocumentOptions",
    "Orientation",
    "Pages",
    "Password",
    "Structure",
    "detection_options",
]

Orientation = Annotated[
    Literal["auto", "keep"],
    Field(description="`auto` turns pages upright that stand sideways or upside down. `keep` reads them as they are."),
]

# PDF uses 127 bytes of a password. Anything far longer is a mistake, such as a whole file.
_LONGEST_PASSWORD = 1000
# Fits in a URL, in which clients write three characters for a comma, and which HAProxy takes up to 15 KiB with the
# headers.
_LONGEST_PAGES = 5_000
_LONGEST_FORMAT = 100
_LONGEST_MODEL = 100
_LONGEST_LANGUAGES = 200
_LONGEST_TEMPLATE = 32_768


def _checked_pages(text: str | None) -> str | None:
    if text is not None:
        PageRanges.parse(text)
    return text


def _known_format(name: str | None) -> str | None:
    if name is not None and name not in FORMATS:
        raise MalformedRequest(f"unknown format {name[:40]!r}; known are {', '.join(FORMATS)}")
    return name


Pages = Annotated[
    Annotated[str, Field(max_length=_LONGEST_PAGES)] | None,
    AfterValidator(_checked_pages),
    Field(
        description="Pages to read: numbers and ranges from 1 on, `5-` to the end. Not given: all.",
        examples=["1-3,7,10-"],
        json_schema_extra={"pattern": "^[0-9, -]*$"},
    ),
]
Dpi = Annotated[
    int | None,
    Field(ge=36, le=1200, description="Pixels an inch at which PDF pages are drawn. Not given: chosen for each page."),
]
Password = Annotated[SecretStr | None, Field(max_length=_LONGEST_PASSWORD, description="Opens an encrypted PDF.")]


Model = Annotated[
    Annotated[str, Field(max_length=_LONGEST_MODEL)] | None,
    Field(
        description="Model bundle that reads the document, one that `GET /v1/models` tells to be served. Not given: "
        "the active one.",
        examples=["ppocrv6-tiny"],
    ),
]


def _known_languages(text: str | None) -> str | None:
    return None if text is None else ",".join(parse_languages(text))


Languages = Annotated[
    Annotated[str, Field(max_length=_LONGEST_LANGUAGES)] | None,
    AfterValidator(_known_languages),
    Field(
        description="Languages of the text, those that `GET /v1/languages` tells, as tags such as `de` or `zh-Hans`, "
        "joined by commas; or `auto`, which tells the script of each line. Not given: those of the model's own net.",
        examples=["ru", "ar,en", "auto"],
    ),
]


def _known_parts(text: str | None) -> str | None:
    return None if text is None else ",".join(parse_parts(text))


def _valid_template(text: str | None) -> str | None:
    if text is not None:
        from models.structure.fields.template import parse_template  # few requests have one

        parse_template(text)
    return text


Structure = Annotated[
    Annotated[str, Field(max_length=_LONGEST_FORMAT)] | None,
    AfterValidator(_known_parts),
    Field(
        description="What the page is made of, beside its lines: `layout`, `tables`, `fields`, `marks` and `codes`, "
        "joined by commas, or `all`. Not given: nothing.",
        examples=["tables", "layout,tables", "all"],
    ),
]
FieldsTemplate = Annotated[
    Annotated[str, Field(max_length=_LONGEST_TEMPLATE)] | None,
    AfterValidator(_valid_template),
    Field(description="YAML that names fields of your own and their anchors, for `structure=fields`."),
]
Furniture = Annotated[
    Literal["keep", "drop"],
    Field(
        description="`drop` leaves headers, footers and page numbers out of text, Markdown and HTML, with "
        "`structure=layout`."
    ),
]


class OpenDocumentOptions(BaseModel):
    """The options that may stand in a URL, which is short, and which logs keep."""

    # A wrong value may be a password, or stand in place of one, so that no message repeats it.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    pages: Pages = None
    dpi: Dpi = None
    text_layer: TextLayer = Field(
        default="auto",
        description="Whether the text that a PDF carries is taken in place of reading the page: `auto` if it is "
        "visible, real text, `always` if there is any, `never`.",
    )
    orientation: Orientation = "auto"
    model: Model = None
    languages: Languages = None
    structure: Structure = None
    furniture: Furniture = "keep"
    characters: bool = Field(default=False, description="Whether words come with the position of each character.")
    spreadsheet_safe: bool = Field(
        default=False,
        description="Whether words of a tsv and cells of a csv that begin with =, +, - or @, which spreadsheets take "
        "for formulas, get an apostrophe before them.",
    )
    format: Annotated[Annotated[str, Field(max_length=_LONGEST_FORMAT)] | None, AfterValidator(_known_format)] = Field(
        default=None,
        description="Format of the result. Not given: the format that `Accept` asks for, else json.",
        json_schema_extra={"enum": [*FORMATS, None]},
    )

    @property
    def page_ranges(self) -> PageRanges:
        """The pages that are asked for."""
        return PageRanges() if self.pages is None else PageRanges.parse(self.pages)

    @property
    def export_options(self) -> ExportOptions:
        """How the result is written."""
        return ExportOptions(self.spreadsheet_safe, self.furniture == "drop")


class DocumentOptions(OpenDocumentOptions):
    """All options of one document."""

    fields_template: FieldsTemplate = None  # longer than a URL may be
    password: Password = None

    # Not in the class above: a request may name one in its URL and the other in its body.
    @model_validator(mode="after")
    def _structure_has_what_is_needed(self) -> Self:
        if self.fields_template is not None and "fields" not in (self.structure or ""):
            raise MalformedRequest("fields_template needs structure=fields")
        check_part(self.format, self.structure)
        return self

    @property
    def secret_password(self) -> str | None:
        """The password itself. It belongs in no log, message or metric."""
        return None if self.password is None else self.password.get_secret_value()

    def to_send(self) -> dict[str, Any]:
        """The options as JSON for a service: those that are not the default, and the password in the clear."""
        given = self.model_dump(exclude_defaults=True, exclude={"password"})
        return given if self.secret_password is None else {**given, "password": self.secret_password}

    def read_options(self) -> ReadOptions:
        """Make the options that go with each page to the stages."""
        return ReadOptions(
            password=self.secret_password,
            dpi=self.dpi,
            text_layer=self.text_layer,
            detection=detection_options(self.orientation),
            characters=self.characters,
            model=self.model,
            languages=() if self.languages is None else parse_languages(self.languages),
            structure=() if self.structure is None else parse_parts(self.structure),
            fields_template=self.fields_template,
        )


def detection_options(orientation: Literal["auto", "keep"], own: DetectionOptions | None = None) -> DetectionOptions:
    """Make the thresholds of detection.

    Args:
        orientation: Whether pages are turned upright.
        own: Other thresholds that are asked for; None for those of the stage.
    """
    thresholds = DetectionOptions() if own is None else own
    return thresholds.model_copy(update={"upright": False}) if orientation == "keep" else thresholds
