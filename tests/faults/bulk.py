"""`python -m tests.faults.bulk INPUT OUTPUT`: a bulk run with the faulty detection stage."""

import sys

from serve.bulk.options import BulkOptions
from serve.bulk.run.run import run_bulk
from serve.config.loading import load_settings


def main() -> int:
    """Run, and return the exit code."""
    from serve.ray_patches.loopback import stay_on_loopback

    stay_on_loopback()  # the next lines import Ray
    from deployments.stages.reader import Stages
    from tests.faults.stages import FaultyDetector

    options = BulkOptions(input=sys.argv[1], output=sys.argv[2], max_error_rate=1.0)
    stop = run_bulk(options, load_settings(), Stages(detector=FaultyDetector))
    return 0 if stop is None else stop.exit_code


if __name__ == "__main__":
    sys.exit(main())
