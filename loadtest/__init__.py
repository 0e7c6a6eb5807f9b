"""Load generator, accuracy scorer and peer comparison for rayocr.

Speaks only HTTP to the service and imports nothing of it, but for the program that scale starts, so that it measures
any rayocr, near or far.
"""
