"""What a bulk run says of itself: progress, counts, errors, summary and status.

Nothing here decides what the run does.
"""
