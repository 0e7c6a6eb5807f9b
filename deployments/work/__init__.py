"""Runs work inside one process: on threads, in batches, under locks, and the most urgent first.

Nothing here knows which stage it works for, or how a page is read.
"""
