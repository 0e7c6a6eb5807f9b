"""Pages as a detector sees them: quads of lines, and what is written there."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

__all__ = ["PITCH", "LinesOfPage"]

LINE = 24.0
PITCH = 32.0


@dataclass
class LinesOfPage:
    """Quads that are put down in the order in which a person reads them."""

    quads: list[list[list[float]]] = field(default_factory=list)

    def put(self, left: float, top: float, width: float, height: float = LINE) -> "LinesOfPage":
        """One line."""
        right, bottom = left + width, top + height
        self.quads.append([[left, top], [right, top], [right, bottom], [left, bottom]])
        return self

    def text(self, left: float, top: float, width: float, rows: int, seed: int = 1) -> float:
        """A column of running text with paragraphs of five rows, the last of which is short; returns where it ends."""
        random = np.random.default_rng(seed)
        for row in range(rows):
            indent = 30 if row % 5 == 0 else 0
            end = width * (random.uniform(0.2, 0.6) if row % 5 == 4 else random.uniform(0.93, 1))
            self.put(left + indent, top + row * PITCH, end - indent)
        return top + rows * PITCH

    def points(self, degrees: float = 0) -> npt.NDArray[np.float32]:
        """(K, 4, 2) float32, turned clockwise."""
        turn = np.deg2rad(degrees)
        rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        points: npt.NDArray[np.float32] = (np.array(self.quads) @ rotation).astype(np.float32)
        return points
