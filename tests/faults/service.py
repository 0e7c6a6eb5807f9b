"""`python -m tests.faults.service`: `rayocr serve` with the faulty detection stage, set up by RAYOCR_* variables."""

import sys

from serve.app import Stages
from serve.configuration import load_settings
from serve.run import run_service
from tests.faults.stages import FaultyDetector

sys.exit(run_service(load_settings(), Stages(detector=FaultyDetector)))
