"""How work runs inside one process: its threads, batches and locks, and who goes first.

Nothing here knows which stage it works for, or how a page is read.
"""
