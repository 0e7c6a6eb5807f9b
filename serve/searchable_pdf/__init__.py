"""Invisible text laid into a PDF, so that a scan can be searched and copied from.

Imports little: `worker` runs in a process of its own for each PDF that came in, and its start is part of the cost.
"""
