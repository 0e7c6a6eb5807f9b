"""`python -m tests.faults.service`: `rayocr serve` with the faulty detection stage, set up by RAYOCR_* variables."""

import sys
from typing import TYPE_CHECKING

from serve.config.loading import load_settings
from serve.run import run_service

if TYPE_CHECKING:
    from deployments.stages.reader import Stages


def faulty_stages() -> "Stages":
    """The stages of the service, with the faulty one."""
    from deployments.stages.reader import Stages
    from tests.faults.stages import FaultyDetector

    return Stages(detector=FaultyDetector)


if __name__ == "__main__":
    sys.exit(run_service(load_settings(), faulty_stages))
