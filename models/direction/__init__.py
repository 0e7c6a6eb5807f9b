"""Tells which way up text stands, on a single line and on a page.

Turning the pixels is left to `models.upright`, and reading the lines to `models.recognition`.
"""

from models.direction.line_direction import LineDirection
from models.direction.rotation import find_rotation

__all__ = ["LineDirection", "find_rotation"]
