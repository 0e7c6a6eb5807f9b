"""Which way up text is: of single lines, and of pages."""

from models.direction.line_direction import LineDirection
from models.direction.rotation import find_rotation

__all__ = ["LineDirection", "find_rotation"]
