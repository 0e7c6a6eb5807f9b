"""Text recognition: from a page and its quads to the text of its lines."""

from models.recognition.recognizer import LineText, TextRecognizer

__all__ = ["LineText", "TextRecognizer"]
