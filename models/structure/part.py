"""The base of all parts of a structure."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from models.manifests.structure import StructureManifest
from models.page import FormField, PageText, PageWarning
from models.steps import Steps
from models.structure.result import PageStructure, PartName

__all__ = ["PageView", "Part", "StructureOptions"]


@dataclass(frozen=True, slots=True)
class StructureOptions:
    """What is asked for, beside the parts.

    Args:
        fields_template: A checked template of fields, as YAML; None for none.
    """

    fields_template: str | None = None


@dataclass(frozen=True, slots=True)
class PageView:
    """What is known of a page before its text is read.

    Args:
        pixels: (height, width, 3) uint8, RGB, C-contiguous, the page upright. Read only.
        quads: (K, 4, 2) float32, corners of its lines in pixels of the upright page, each clockwise from its text's
            top left.
        dpi: Pixels an inch, if the page has a size on paper.
        form: The fields of a PDF's form on this page.
    """

    pixels: npt.NDArray[np.uint8]
    quads: npt.NDArray[np.float32]
    dpi: float | None = None
    form: tuple[FormField, ...] = field(default=())


class Part(ABC):
    """Finds one part of a page's structure.

    It looks at the page while the text is read, and builds its result when the text is there. It holds no state of a
    page, so threads may share one.
    """

    name: ClassVar[PartName]

    @classmethod
    def load(cls, manifests: Mapping[str, StructureManifest]) -> Self:
        """Make the part.

        Args:
            manifests: The nets that it may run, by their kinds.
        """
        del manifests
        return cls()

    def look(self, page: PageView, seen: Mapping[PartName, Any]) -> Steps[Any]:
        """Look at the page's pixels.

        Args:
            page: The page.
            seen: What the parts before this one saw, if they were asked for.

        Returns:
            What `build` needs, as small values that can be pickled. Here: None.
        """
        return None
        yield  # this makes it a generator

    @abstractmethod
    def build(
        self, seen: Any, text: PageText, structure: PageStructure, options: StructureOptions
    ) -> tuple[PageStructure, tuple[PageWarning, ...]]:
        """Build the part.

        Args:
            seen: What `look` returned.
            text: The page's text.
            structure: What the parts before this one built.
            options: What is asked for.

        Returns:
            The structure with this part, and warnings of what was cut or left out.
        """
