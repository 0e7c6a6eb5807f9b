"""The classes of the three stages."""

from dataclasses import dataclass

from deployments.detection import Detector
from deployments.preprocess.preprocessor import Preprocessor
from deployments.recognition import Recognizer

__all__ = ["Stages"]


@dataclass(frozen=True, slots=True)
class Stages:
    """What does the work of each stage; a subclass may stand in for one."""

    preprocessor: type[Preprocessor] = Preprocessor
    detector: type[Detector] = Detector
    recognizer: type[Recognizer] = Recognizer
