"""Text detection: from a page's pixels to the quads of its lines."""

from models.detection.detector import TextDetector

__all__ = ["TextDetector"]
