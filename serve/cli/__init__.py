"""The command line, `rayocr`. A module for each command; what is heavy to import is imported inside the commands."""

from serve.cli.application import main

__all__ = ["main"]
