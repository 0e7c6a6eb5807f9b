"""The flags of every command that reads documents."""

from pathlib import Path
from typing import Annotated, Literal

import typer

__all__ = ["Characters", "Dpi", "Orientation", "Pages", "PasswordFile", "TextLayer"]

Pages = Annotated[
    str | None, typer.Option(metavar="RANGES", help="Only these pages of each document, such as 1-3,7 or 5-.")
]
Dpi = Annotated[
    int | None, typer.Option(min=36, max=1200, help="At which pages of PDFs are drawn. Not given: what suits each.")
]
TextLayer = Annotated[
    Literal["auto", "always", "never"],
    typer.Option(help="Whether the text that a PDF carries is taken: where it is visible and real text, or as told."),
]
Orientation = Annotated[
    Literal["auto", "keep"], typer.Option(help="Whether pages that lie on a side or upside down are turned upright.")
]
Characters = Annotated[bool, typer.Option("--characters", help="Words with the place of each character.")]
PasswordFile = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Holds the password that opens encrypted PDFs.")
]
