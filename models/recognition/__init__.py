"""Text recognition: from a page and its quads to the text of its lines."""

from models.recognition.ctc import LineText
from models.recognition.pages import PageRecognizer
from models.recognition.recognizer import TextRecognizer

__all__ = ["LineText", "PageRecognizer", "TextRecognizer"]
