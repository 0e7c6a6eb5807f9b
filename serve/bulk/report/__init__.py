"""Reports of a bulk run: progress, counts, errors, summary and status.

Nothing here decides what the run does.
"""
