"""The logs of Serve's processes on their standard error, for a Ray that is told to log there and not into files.

Ray's switch for that, RAY_LOG_TO_STDERR, leaves Serve as it is: Serve writes JSON into files of its own all the same,
and text without the fields of a line to standard error. Kubernetes, as any other collector of output, then
has no fields, and the files end with the pod. See docs/decisions/0047-logs-of-pods.md.
"""

import logging
import os
import sys
from collections.abc import Callable
from logging.handlers import MemoryHandler, RotatingFileHandler
from pathlib import Path
from typing import Any

from serve.ray_patches.names import PrivateName, PrivateWord

__all__ = ["OUTPUT_ENVIRONMENT", "PRIVATE_NAMES", "log_to_standard_error"]

_TEXT = "the log of a pod has text without fields, and the lines of requests not at all"
_CONFIGURE = PrivateName("ray.serve._private.logging_utils", "configure_component_logger", _TEXT)
# Modules that have taken it over when they were imported.
_IN_USE = tuple(
    PrivateName(f"ray.serve._private.{module}", _CONFIGURE.name, _TEXT)
    for module in ("application_state", "controller", "proxy", "replica")
)
_RAYLET = "core/src/ray/raylet/raylet"
_SWITCH = PrivateWord("_private/ray_constants.py", "RAY_LOG_TO_STDERR", "logs are files in a pod, and end with it")
_LEVEL = PrivateWord(_RAYLET, "RAY_BACKEND_LOG_LEVEL", "Ray's daemons log much that concerns nobody")
_JSON = PrivateWord(_RAYLET, "RAY_BACKEND_LOG_JSON", "the warnings of Ray's daemons are text")
_PYTHON_LEVEL = PrivateWord("_private/ray_constants.py", "RAY_LOGGER_LEVEL", "each probe of a pod is a line in its log")
_FILE_BYTES = PrivateWord("_private/node.py", "RAY_ROTATION_MAX_BYTES", "a file of the autoscaler grows to 512 MB")

PRIVATE_NAMES = (_CONFIGURE, *_IN_USE, _SWITCH, _LEVEL, _JSON, _PYTHON_LEVEL, _FILE_BYTES)
"""What is taken from Ray here."""

#: Variables for every node of a cluster whose logs are collected from the output of its processes.
OUTPUT_ENVIRONMENT = {
    _SWITCH.word: "1",
    _LEVEL.word: "warning",
    _JSON.word: "1",
    _PYTHON_LEVEL.word: "warning",
    _FILE_BYTES.word: "10000000",
}


def log_to_standard_error() -> None:
    """Have the Serve process that this becomes write its log to standard error alone, if Ray logs there.

    Each event is a line in the form that Serve's settings name (`logging_config`), with all fields that a file would
    have. A line goes out in one call, so lines of several processes do not mix.

    Raises:
        RayocrError: This Ray sets up its logs in another way.
    """
    if os.environ.get(_SWITCH.word) != "1":
        return
    configure: Callable[..., None] = _CONFIGURE.find()

    def configure_without_files(**options: Any) -> None:
        configure(**options)
        _leave_files(logging.getLogger("ray.serve"))

    for name in (_CONFIGURE, *_IN_USE):
        if name.module in sys.modules:
            name.replace(configure_without_files)


def _leave_files(logger: logging.Logger) -> None:
    """Put standard error in the place of Serve's log file, with the same filters and form, and drop Serve's text."""
    for handler in tuple(logger.handlers):
        if isinstance(handler, MemoryHandler) and isinstance(file := handler.target, RotatingFileHandler):
            output = logging.StreamHandler()
            output.setFormatter(file.formatter)
            output.filters = handler.filters
            logger.handlers = [output]
            handler.close()
            file.close()
            Path(file.baseFilename).unlink(missing_ok=True)
