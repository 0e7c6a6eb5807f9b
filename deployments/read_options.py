"""What a request may ask of the reading of its document."""

from dataclasses import dataclass, field
from typing import Literal

from models.settings import DetectionOptions

__all__ = ["AS_IT_COMES", "ReadOptions", "TextLayer"]

TextLayer = Literal["auto", "always", "never"]


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How the pages of one document are read. Travels with each page through the stages.

    Args:
        password: Of an encrypted PDF.
        dpi: At which pages of a PDF are drawn; None for what suits each page.
        text_layer: Whether the text that a PDF carries is taken in place of reading the pixels: `auto` where it is
            visible, real text; `always` where there is any; `never`.
        detection: Thresholds of detection, over the stage's own.
        characters: Whether words come with their characters.
    """

    password: str | None = field(default=None, repr=False)
    dpi: int | None = None
    text_layer: TextLayer = "auto"
    detection: DetectionOptions = field(default_factory=DetectionOptions)
    characters: bool = False


AS_IT_COMES = ReadOptions()
"""Of a request that asks for nothing in particular."""
