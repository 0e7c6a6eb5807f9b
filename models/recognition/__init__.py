"""Text recognition: from a page and its quads to the text of its lines."""

from models.recognition.pages import PageRecognizer
from models.recognition.recognizer import LineText, TextRecognizer

__all__ = ["LineText", "PageRecognizer", "TextRecognizer"]
