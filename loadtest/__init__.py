"""Load generator, accuracy scorer and peer comparison for rayocr.

It speaks only HTTP to the service and imports nothing of it, so that it measures any rayocr, near or far.
"""
