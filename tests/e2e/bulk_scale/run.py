"""`python -m tests.e2e.bulk_scale.run INPUT OUTPUT FORMAT`: a bulk run without nets."""

import sys

from serve.bulk.options import BulkOptions
from serve.bulk.run.run import run_bulk
from serve.config.loading import load_settings
from serve.ray_patches.loopback import stay_on_loopback


def main() -> int:
    """Run, and return the exit code."""
    stay_on_loopback()  # the next lines import Ray
    from deployments.stages.classes import Stages
    from tests.e2e.bulk_scale.stages import EmptyDetector, EmptyRecognizer

    options = BulkOptions(input=sys.argv[1], output=sys.argv[2], format=sys.argv[3])
    stop = run_bulk(options, load_settings(), Stages(detector=EmptyDetector, recognizer=EmptyRecognizer))
    return 0 if stop is None else stop.exit_code


if __name__ == "__main__":
    sys.exit(main())
