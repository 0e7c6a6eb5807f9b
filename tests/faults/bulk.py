"""A bulk run with the faulty detection stage."""

from serve.bulk.options import BulkOptions
from serve.bulk.run.run import run_bulk
from serve.config.loading import load_settings

__all__ = ["main"]


def main(source: str, output: str) -> int:
    """Run, and return the exit code."""
    from deployments.stages.reader import Stages
    from tests.faults.stages import FaultyDetector

    options = BulkOptions(input=source, output=output, max_error_rate=1.0)
    stop = run_bulk(options, load_settings(), Stages(detector=FaultyDetector))
    return 0 if stop is None else stop.exit_code
