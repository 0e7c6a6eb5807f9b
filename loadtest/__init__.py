"""Load generator, accuracy scorer and peer comparison for rayocr.

Speaks only HTTP to the service and imports nothing of it, but for the programs that noop
and scale start, so that it measures any rayocr, near or far.
"""
