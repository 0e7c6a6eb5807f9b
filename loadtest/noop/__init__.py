"""What each hop of Ray Serve costs: an application of rayocr's shape that does nothing, under load."""

from loadtest.noop.command import noop

__all__ = ["noop"]
