"""`python -m loadtest.scale.service`: `rayocr serve` with stages that wait, set up by RAYOCR_* variables."""

import os
import sys

from loadtest.scale.point import DETECTION_VARIABLE
from serve.configuration import load_settings
from serve.haproxy import haproxy_in_front
from serve.loopback import stay_on_loopback
from serve.run import run_service


def main() -> int:
    """Serve until SIGINT or SIGTERM."""
    loaded = load_settings()
    # The stages bring Ray with them, which reads the environment while it is imported: before run_service sets it.
    stay_on_loopback()
    with haproxy_in_front(loaded.settings.http):
        from loadtest.scale.stages import SimulatedDetector, SimulatedRecognizer
        from serve.app import Stages

        stages = Stages(recognizer=SimulatedRecognizer)
        if DETECTION_VARIABLE in os.environ:
            stages = Stages(recognizer=SimulatedRecognizer, detector=SimulatedDetector)
        return run_service(loaded, stages)


if __name__ == "__main__":
    sys.exit(main())
