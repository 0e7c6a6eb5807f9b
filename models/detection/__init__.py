"""Text detection: it finds the quads of a page's lines, in one pass, in a larger second pass, or in tiles.

Reading the lines is `models.recognition`'s task, and telling which way up they stand is `models.direction`'s.
"""

from models.detection.detector import TextDetector
from models.detection.pages import PageDetector

__all__ = ["PageDetector", "TextDetector"]
