"""Pictures of text, drawn for calibration: on them the ranges of a net's activations are measured.

Every pixel is computed here, so that no picture of a test set has a part in how a net is quantized. Only whoever
calibrates needs the fonts; `models.convert.drawing.fonts` lists their Debian packages.
"""

from models.convert.drawing.pages import KINDS, drawn_pages
from models.convert.drawing.sheet import DrawnPage

__all__ = ["KINDS", "DrawnPage", "drawn_pages"]
