"""What stops a measurement before it begins."""

__all__ = ["LoadtestError"]


class LoadtestError(Exception):
    """The measurement can't be made as asked. The message says why and what to do; the exit code is 2.

    Requests that fail during a measurement are not this error: they are counted in the report.
    """

    exit_code = 2
