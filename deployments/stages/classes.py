"""The classes of the three stages."""

from dataclasses import dataclass

from deployments.stages.detection import Detector
from deployments.stages.preprocessing import Preprocessor
from deployments.stages.recognition import Recognizer

__all__ = ["Stages"]


@dataclass(frozen=True, slots=True)
class Stages:
    """What does the work of each stage; a subclass may stand in for one."""

    preprocessor: type[Preprocessor] = Preprocessor
    detector: type[Detector] = Detector
    recognizer: type[Recognizer] = Recognizer
