"""The options with which a document is read."""

from dataclasses import dataclass, field
from typing import Literal

from models.settings import DetectionOptions
from models.structure.result import PartName

__all__ = ["AS_IT_COMES", "NO_STRUCTURE", "ReadOptions", "TextLayer"]

#: The message for those who ask for structure in vain.
NO_STRUCTURE = "structure is not served here: set structure.enabled to true, or leave `structure` out"

TextLayer = Literal["auto", "always", "never"]


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How the pages of one document are read. The options travel with each page through the stages.

    Args:
        password: The password that opens an encrypted PDF.
        dpi: Pixels an inch at which pages of a PDF are drawn; None to choose it for each page.
        text_layer: Whether the text that a PDF carries is taken in place of reading the pixels: `auto` if it is
            visible, real text; `always` if there is any; `never`.
        detection: Thresholds of detection, which override the stage's own.
        characters: Whether words come with their characters.
        model: Name of the model bundle that reads the pages; None for the default one.
        languages: Tags of the languages that the text is in, or `auto`; none for those of the bundle's own net.
        structure: The parts of the page's structure that are asked for.
        fields_template: A template of fields, as YAML.
    """

    password: str | None = field(default=None, repr=False)
    dpi: int | None = None
    text_layer: TextLayer = "auto"
    detection: DetectionOptions = field(default_factory=DetectionOptions)
    characters: bool = False
    model: str | None = None
    languages: tuple[str, ...] = ()
    structure: tuple[PartName, ...] = ()
    fields_template: str | None = None

    @property
    def wants_form(self) -> bool:
        """Whether the fields of a PDF's form are asked for."""
        return bool({"fields", "marks"} & {*self.structure})


AS_IT_COMES = ReadOptions()
"""The options of a request that asks for nothing in particular."""
