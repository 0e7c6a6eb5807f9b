"""`python -m loadtest.scale.service`: `rayocr serve` with stages that wait, set up by RAYOCR_* variables."""

import os
import sys
from typing import TYPE_CHECKING

from loadtest.scale.point import DETECTION_VARIABLE
from serve.config.loading import load_settings
from serve.run import run_service

if TYPE_CHECKING:
    from deployments.stages.classes import Stages


def simulated_stages() -> "Stages":
    """The stages of the service, with those that wait."""
    from deployments.stages.classes import Stages
    from loadtest.scale.stages import SimulatedDetector, SimulatedRecognizer

    if DETECTION_VARIABLE in os.environ:
        return Stages(recognizer=SimulatedRecognizer, detector=SimulatedDetector)
    return Stages(recognizer=SimulatedRecognizer)


if __name__ == "__main__":
    sys.exit(run_service(load_settings(), simulated_stages))
