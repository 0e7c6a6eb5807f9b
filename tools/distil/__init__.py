"""Trains small nets of our own on drawn lines, with the bundle's large net as their teacher.

Nothing here runs in the service. docs/decisions/0064-distilled-nets.md tells what came of it.
"""
