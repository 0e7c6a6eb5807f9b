"""The command line, `rayocr`: one module for each command, which imports heavy libraries only when it runs.

The work itself is elsewhere: documents in `serve.documents`, bulk runs in `serve.bulk`, the service in `serve.run`.
"""

from serve.cli.application import main

__all__ = ["main"]
