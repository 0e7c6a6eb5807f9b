"""The flags of every command that reads documents."""

from pathlib import Path
from typing import Annotated, Literal

import typer

__all__ = [
    "Characters",
    "Dpi",
    "FieldsTemplate",
    "Furniture",
    "Languages",
    "Model",
    "Orientation",
    "Pages",
    "PasswordFile",
    "SpreadsheetSafe",
    "Structure",
    "TextLayer",
]

Pages = Annotated[
    str | None, typer.Option(metavar="RANGES", help="Only these pages of each document, such as 1-3,7 or 5-.")
]
Dpi = Annotated[
    int | None,
    typer.Option(
        min=36, max=1200, help="Resolution at which pages of PDFs are drawn. Not given: what suits each page."
    ),
]
Model = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Model bundle that reads, or the path of a manifest. Not given: the setting's."),
]
Languages = Annotated[
    str | None,
    typer.Option(
        metavar="TAGS",
        help="Languages of the text, such as ru or ar,en; auto tells the script of each line. Not given: those of the "
        "model's own net.",
    ),
]
Structure = Annotated[
    str | None,
    typer.Option(
        metavar="PARTS",
        help="What pages are made of: layout, tables, fields, marks and codes, joined by commas, or all. Not given: "
        "nothing but lines.",
    ),
]
FieldsTemplate = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="With --structure fields: YAML that names fields of your own and their anchors."),
]
Furniture = Annotated[
    Literal["keep", "drop"],
    typer.Option(
        help="With --structure layout: drop leaves headers, footers, page numbers out of text, Markdown, HTML."
    ),
]
TextLayer = Annotated[
    Literal["auto", "always", "never"],
    typer.Option(help="Whether to take the text that a PDF carries. auto: if it is visible and real text."),
]
Orientation = Annotated[
    Literal["auto", "keep"], typer.Option(help="Whether pages on their side or upside down are turned upright.")
]
Characters = Annotated[bool, typer.Option("--characters", help="Give words with the place of each character.")]
SpreadsheetSafe = Annotated[
    bool,
    typer.Option("--spreadsheet-safe", help="With tsv, csv: put ' before what a spreadsheet takes for a formula."),
]
PasswordFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="A file with the password that opens encrypted PDFs.")
]
