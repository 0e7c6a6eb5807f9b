"""Keeps the replicas' logs readable."""

import logging

from models.errors import RayocrError

__all__ = ["quiet_expected_errors"]

_SERVER_FAULT = 500


def quiet_expected_errors() -> None:
    """Make Serve log a request that the client caused to fail as one line at INFO.

    Serve logs every error that a method raises at ERROR, with a trace. A million scans hold thousands of broken files,
    and their traces would bury the one that matters.
    """
    logger = logging.getLogger("ray.serve")
    if _soften not in logger.filters:
        logger.addFilter(_soften)


def _soften(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, RayocrError) and error.http_status < _SERVER_FAULT:
        record.levelno, record.levelname = logging.INFO, "INFO"
        record.msg, record.args = "%s: %s", (error.code, error)
        record.exc_info = record.exc_text = None
    return True
