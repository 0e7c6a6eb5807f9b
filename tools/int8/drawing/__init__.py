"""Pictures of text, drawn for calibration: on them the ranges of a net's activations are measured.

Every pixel is computed here, so that no picture of a test set has a part in how a net is quantized. Only whoever
calibrates needs the fonts; `tools.int8.drawing.fonts` lists their Debian packages.
"""

from tools.int8.drawing.pages import KINDS, drawn_pages
from tools.int8.drawing.sheet import DrawnPage

__all__ = ["KINDS", "DrawnPage", "drawn_pages"]
