"""Languages and scripts: how they are named, what Tesseract's trained data reads, and which script a line is in.

Reading lines is `models.recognition`'s task. `script_net`, which needs OpenCV, is imported by its own name: the options
of requests need names alone.
"""

from models.languages.scripts import SCRIPTS, script_of
from models.languages.tags import AUTO, closest_names, language_name, parse_languages, script_of_language
from models.languages.trained_data import TrainedData, how_to_install, languages_read, trained_data

__all__ = [
    "AUTO",
    "SCRIPTS",
    "TrainedData",
    "closest_names",
    "how_to_install",
    "language_name",
    "languages_read",
    "parse_languages",
    "script_of",
    "script_of_language",
    "trained_data",
]
