"""Text recognition: it reads the lines of a page, given their quads, and finds their words and characters.

Finding the lines is `models.detection`'s task. The nets run in `models.runtime`.
"""

from models.recognition.ctc import LineText
from models.recognition.other_languages import other_languages
from models.recognition.pages import PageRecognizer
from models.recognition.recognizer import TextRecognizer
from models.recognition.text_layers import layer_steps

__all__ = ["LineText", "PageRecognizer", "TextRecognizer", "layer_steps", "other_languages"]
